import { z } from 'zod'
import { gradeScaleIds, isGradeScale } from '../../judging/grading/scales.ts'
import { repairStrings } from '../../runtime/strict-json.ts'

/** Blanks at the ends of a text do not make it longer. */
function textOf(least: number) {
  return z
    .string()
    .refine((text) => text.trim().length >= least, `must have at least ${least} characters`)
    .refine((text) => Buffer.byteLength(text) <= mostTextBytes, `must have at most ${mostTextBytes} bytes in UTF-8`)
    .overwrite((text) => repairStrings(text) as string)
}

/** What a text may weigh that is fetched again. */
const mostTextBytes = 1_048_576

/** An id that Postgres and every log can hold. */
function idOf(most: number) {
  return z
    .string()
    .min(1, 'must not be empty')
    .max(most, `must have at most ${most} characters`)
    .refine((text) => text.isWellFormed() && !text.includes('\u0000'), 'must be well-formed Unicode without U+0000')
}

export const assignmentId = idOf(100)

export const subjectParams = z.object({ id: assignmentId })

const storageId = idOf(255).describe('Where the text lies in the content service.')

const gradeScale = z.string().refine(isGradeScale, `is no grade scale; use one of ${gradeScaleIds.join(', ')}`)

export const instructionsBody = z
  .object({
    assignment_id: assignmentId.nullish(),
    course_id: idOf(50).nullish(),
    instructions_text: textOf(10).describe('By what the essays are judged; judges are told it.'),
    grade_scale: gradeScale.default('swedish_8_anchor').describe(gradeScaleIds.join(', ')),
    context_origin: z
      .enum(['research_experiment', 'canonical_national'])
      .default('research_experiment')
      .describe('canonical_national: no request may replace the rubric.'),
    student_prompt_storage_id: storageId.nullish().describe('Absent: as before. null: none.'),
  })
  .refine(({ assignment_id, course_id }) => (assignment_id == null) !== (course_id == null), {
    path: ['assignment_id'],
    message: 'give exactly one of assignment_id and course_id',
  })

const stored = { grade_scale: z.string(), created_at: z.iso.datetime() }

export const instructionsRecord = z.object({
  id: z.int(),
  assignment_id: z.string().nullable(),
  course_id: z.string().nullable(),
  instructions_text: z.string(),
  context_origin: z.string(),
  student_prompt_storage_id: z.string().nullable(),
  judge_rubric_storage_id: z.string().nullable(),
  ...stored,
})

export const instructionsPage = z.object({
  items: z.array(instructionsRecord),
  total: z.int(),
  page: z.int(),
  page_size: z.int(),
})

export const pageQuery = z.object({
  page: z.coerce.number().int().min(1).max(1_000_000).default(1),
  page_size: z.coerce.number().int().min(1).max(200).default(50),
})

export const promptBody = z.object({ assignment_id: assignmentId, prompt_text: textOf(10).describe('The task the essays answer.') })
export const rubricBody = z.object({ assignment_id: assignmentId, rubric_text: textOf(10).describe('What a better essay is.') })

const textRecord = { assignment_id: z.string(), instructions_text: z.string(), ...stored }
export const promptRecord = z.object({ ...textRecord, student_prompt_storage_id: z.string(), prompt_text: z.string() })
export const rubricRecord = z.object({ ...textRecord, judge_rubric_storage_id: z.string(), rubric_text: z.string() })

export const anchorBody = z.object({
  assignment_id: assignmentId,
  grade: z.string().min(1, 'must not be empty').max(10).describe('One of the scale of the assignment.'),
  anchor_label: idOf(100).nullish().describe('Tells anchors of one grade apart; default the grade.'),
  essay_text: textOf(100),
})

export const registeredAnchor = z.object({
  anchor_id: z.int(),
  storage_id: z.string(),
  grade_scale: z.string(),
  status: z.literal('registered'),
})

const anchorRecord = z.object({
  id: z.int(),
  assignment_id: z.string(),
  anchor_label: z.string(),
  grade: z.string(),
  grade_scale: z.string(),
  text_storage_id: z.string(),
  created_at: z.iso.datetime(),
})

export const anchorList = z.object({
  assignment_id: z.string(),
  grade_scale: z.string(),
  anchor_count: z.int().describe('Of the scale of the assignment: those that batches use.'),
  anchors: z.array(anchorRecord),
  anchor_count_total: z.int(),
  anchor_count_by_scale: z.record(z.string(), z.int()),
})
