import { z } from 'zod'
import {
  findInstructions,
  type Instructions,
  keepInstructions,
  listInstructions,
  removeInstructions,
  type Subject,
} from '../../batch/assignments/instructions.ts'
import { type Api, type ApiParts, errorAnswers, whileUp } from './api.ts'
import { ApiError } from './api-error.ts'
import { instructionsBody, instructionsPage, instructionsRecord, pageQuery, subjectParams } from './assignment-schemas.ts'
import { isoTime } from './batch-view.ts'
import { journalled } from './storing.ts'

const path = '/admin/v1/assessment-instructions'
const tags = ['assignments']

/** Assignments: by what their essays are judged and graded (domain 4.11). */
export function assignments(app: Api, parts: ApiParts): void {
  app.post(
    path,
    {
      schema: {
        tags,
        summary: 'Make the instructions of an assignment or of a course, or replace them',
        body: instructionsBody,
        response: { ...errorAnswers, 200: instructionsRecord },
      },
    },
    async (request) => {
      const kept = await whileUp(parts, () => keep(request.body, parts))
      await journalled(kept.subject, 'instructions were kept', { gradeScale: kept.gradeScale }, request.actor, parts)
      return recordOf(kept)
    },
  )
  app.get(
    path,
    {
      schema: { tags, summary: 'A page of all', querystring: pageQuery, response: { ...errorAnswers, 200: instructionsPage } },
    },
    async ({ query: { page, page_size } }) => {
      const offset = (page - 1) * page_size
      const { items, total } = await whileUp(parts, () => listInstructions(parts.quire.rows, { limit: page_size, offset }))
      return { items: items.map(recordOf), total, page, page_size }
    },
  )
  app.get(
    `${path}/assignment/:id`,
    { schema: { tags, summary: 'Those of an assignment', params: subjectParams, response: { ...errorAnswers, 200: instructionsRecord } } },
    async ({ params: { id } }) => recordOf(await whileUp(parts, () => assignmentOf(id, parts))),
  )
  removal(app, parts, 'assignment')
  removal(app, parts, 'course')
}

/** An assignment takes its prompt, its rubric and its anchors with it; batches that run keep what they took. */
function removal(app: Api, parts: ApiParts, kind: Subject['kind']): void {
  const name = `${kind}_id` as const
  const answer = z.object({ status: z.literal('deleted'), [name]: z.string() })
  const summary = kind === 'course' ? 'Delete those of a course' : 'Delete those of an assignment, with its anchors'
  app.delete(
    `${path}/${kind}/:id`,
    { schema: { tags, summary, params: subjectParams, response: { ...errorAnswers, 200: answer } } },
    async (request) => {
      const { id } = request.params
      if (!(await whileUp(parts, () => removeInstructions(parts.quire.rows, { kind, id })))) {
        throw unknownSubject({ kind, id })
      }
      await journalled({ kind, id }, 'instructions were deleted', {}, request.actor, parts)
      return { status: 'deleted' as const, [name]: id }
    },
  )
}

async function keep(body: z.output<typeof instructionsBody>, { quire, clock }: ApiParts): Promise<Instructions> {
  const { assignment_id, course_id, student_prompt_storage_id: prompt } = body
  const subject: Subject = assignment_id == null ? { kind: 'course', id: course_id as string } : { kind: 'assignment', id: assignment_id }
  const { instructions_text: text, grade_scale: gradeScale, context_origin: contextOrigin } = body
  const given = { subject, text, gradeScale, contextOrigin, ...(prompt === undefined ? {} : { promptStorageId: prompt }) }
  return await keepInstructions(quire.rows, given, clock.now())
}

/** @throws ApiError 404 */
export async function assignmentOf(id: string, { quire }: Pick<ApiParts, 'quire'>): Promise<Instructions> {
  const found = await findInstructions(quire.rows, { kind: 'assignment', id })
  if (found === undefined) {
    throw unknownSubject({ kind: 'assignment', id })
  }
  return found
}

export function unknownSubject({ kind, id }: Subject): ApiError {
  return new ApiError(404, `unknown-${kind}`, `there is no ${kind} '${id}'; make it with POST ${path}`, `${kind}_id`)
}

function recordOf({ id, subject, text, gradeScale, contextOrigin, promptStorageId, rubricStorageId, createdAt }: Instructions) {
  return {
    id,
    assignment_id: subject.kind === 'assignment' ? subject.id : null,
    course_id: subject.kind === 'course' ? subject.id : null,
    instructions_text: text,
    grade_scale: gradeScale,
    context_origin: contextOrigin,
    student_prompt_storage_id: promptStorageId,
    judge_rubric_storage_id: rubricStorageId,
    created_at: isoTime(createdAt),
  }
}
