import { z } from 'zod'
import { entityFields } from './completion.ts'
import { outboundMessage } from './envelope.ts'
import { countOut, timeOut } from './formats.ts'
import { eventNames, topics } from './topics.ts'

const share = z.number().min(0).max(1)

/** EssayResultV1 (domain 4.9). Anchors are in the list; the consumer leaves them out. */
const essayResult = z.strictObject({
  essay_id: z.string(),
  normalized_score: share,
  letter_grade: z.string().regex(/^([A-F][+-]?|U)$/),
  confidence_score: share,
  confidence_label: z.enum(['HIGH', 'MID', 'LOW']),
  bt_score: z.number(),
  rank: z.int().positive().describe('In the whole list; 999 when unknown.'),
  is_anchor: z.boolean(),
  feedback_uri: z.null(),
  metrics_uri: z.null(),
  display_name: z.string().nullable(),
})

const assessmentMetadata = z.strictObject({
  anchor_essays_used: countOut,
  calibration_method: z.enum(['anchor', 'default']),
  calibration_reason: z
    .enum(['no_anchors', 'one_distinct_grade', 'anchors_do_not_rise'])
    .nullable()
    .describe('Why no grade was projected, each being U; null when grades were.'),
  grade_scale: z.string().nullable().describe('Of the assignment.'),
  anchor_grade_distribution: z.partialRecord(z.enum(['A', 'B', 'C', 'D', 'E', 'F', 'U']), countOut),
  comparison_count: countOut.describe('Comparisons with a verdict, counted.'),
  processing_duration_seconds: z.number().nonnegative(),
  llm_temperature: z.number().min(0).max(2),
  assignment_id: z.string().max(100).nullable(),
  course_code: z.string(),
  completion_status: z.string().nullable(),
  completion_reason: z.string().nullable(),
  reliability: z.number().nullable(),
  se_summary: z.record(z.string(), z.number()).nullable(),
  position_bias: z.strictObject({ estimate: z.number(), se: z.number() }).nullable(),
})

/** AssessmentResultV1: the ranking, for the result aggregator. */
export const resultData = z.strictObject({
  ...entityFields(eventNames.result),
  batch_id: z.string().min(1),
  cj_assessment_job_id: z.string().min(1),
  assignment_id: z.string().max(100).nullable(),
  assessment_method: z.literal('cj_assessment'),
  model_used: z.string().describe('Of the most frequent provider and model among verdicts.'),
  model_provider: z.string(),
  model_version: z.null(),
  essay_results: z.array(essayResult),
  assessment_metadata: assessmentMetadata,
  assessed_at: timeOut,
})

export type ResultData = z.output<typeof resultData>
export type EssayResult = z.output<typeof essayResult>

export const resultMessage = outboundMessage(topics.result, resultData)
