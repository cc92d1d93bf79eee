import { z } from 'zod'
import { outboundMessage } from './envelope.ts'
import { countOut, timeOut } from './formats.ts'
import { eventNames, topics } from './topics.ts'

/** The fields every event of a batch begins with. */
export function entityFields<N extends string>(name: N) {
  return {
    event_name: z.literal(name),
    entity_id: z.string().min(1).describe('The batch orchestrator’s batch id.'),
    entity_type: z.literal('batch'),
    parent_id: z.null(),
    timestamp: timeOut,
  }
}

function systemMetadata<S extends 'completed' | 'failed', E extends z.ZodType>(stage: S, errorInfo: E) {
  return z.strictObject({
    entity_id: z.string().min(1),
    entity_type: z.literal('batch'),
    parent_id: z.null(),
    timestamp: timeOut,
    processing_stage: z.literal(stage),
    started_at: timeOut,
    completed_at: timeOut,
    event: z.literal(eventNames[stage]),
    error_info: errorInfo,
  })
}

/** Students only: the consumer knows no anchors, and refuses an event that names no essay at all. */
const processingSummary = z
  .strictObject({
    total_essays: countOut,
    successful: countOut,
    failed: countOut,
    successful_essay_ids: z.array(z.string()),
    failed_essay_ids: z.array(z.string()),
    processing_time_seconds: z.number().nonnegative(),
    single_essay_batch: z.boolean(),
  })
  .refine((summary) => summary.successful_essay_ids.length + summary.failed_essay_ids.length > 0, 'an essay must be named')

/** CJAssessmentCompletedV1: that a batch is done, never a score (domain 4.8). */
export const completedData = z.strictObject({
  ...entityFields(eventNames.completed),
  status: z
    .enum(['completed_successfully', 'failed_critically'])
    .describe('failed_critically when no student was scored, e.g. when a small budget went into pairs of anchors.'),
  system_metadata: systemMetadata('completed', z.strictObject({})),
  cj_assessment_job_id: z.string().min(1),
  processing_summary: processingSummary,
})

const errorInfo = z.strictObject({
  error_code: z.string().min(1),
  error_message: z.string(),
  error_type: z.string(),
  reason: z.string(),
  details: z.string(),
  context: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
})

/** cj_assessment_job_id of a request that bore no batch. */
export const initializationFailed = 'INITIALIZATION_FAILED'

/** CJAssessmentFailedV1. */
export const failedData = z.strictObject({
  ...entityFields(eventNames.failed),
  status: z.literal('failed_critically'),
  system_metadata: systemMetadata('failed', errorInfo),
  cj_assessment_job_id: z.string().min(1).describe(`The batch’s own id, or ${initializationFailed} when no batch was made.`),
})

export type CompletedData = z.output<typeof completedData>
export type FailedData = z.output<typeof failedData>
export type ErrorInfo = z.output<typeof errorInfo>

export const completedMessage = outboundMessage(topics.completed, completedData)
export const failedMessage = outboundMessage(topics.failed, failedData)
