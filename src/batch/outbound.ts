import { v5 as uuid5 } from 'uuid'
import { decodeSlots } from '../judging/comparison.ts'
import { numbersOf } from '../judging/net.ts'
import type { BatchContext, BatchEnd } from '../machines/batch.machine.ts'
import type { Effect, Json } from '../runtime/define-actor.ts'
import { netOf } from './net.ts'
import type { BatchSettings } from './settings.ts'
import { droppedEssays } from './steps/content.ts'

/** Topics of the outbound events (domain 4.1). */
export const outboundTopics = {
  completed: 'huleedu.cj_assessment.completed.v1',
  failed: 'huleedu.cj_assessment.failed.v1',
  result: 'huleedu.assessment.result.published.v1',
  resource: 'huleedu.resource.consumption.v1',
} as const

const namespace = 'b8a0f1a2-6d2c-5b3e-9d1f-2f6f0c4f7a11'
const service = 'cj_assessment_service'

/** The batch's own id on the wire: a function of its address (rules 1). */
export function cjBatchId(address: string): string {
  return uuid5(address, namespace)
}

/** What is said of a batch, and when. */
interface Told {
  readonly context: BatchContext
  readonly address: string
  /** ms since the epoch. */
  readonly at: number
}

/** Event ids are functions of batch and kind: a second publication carries the same id (rules 7). */
function published(kind: keyof typeof outboundTopics, key: string, data: Json, { context, address, at }: Told): Effect {
  const topic = outboundTopics[kind]
  const id = uuid5(`${address} ${kind}`, namespace)
  return {
    kind: 'publish',
    topic,
    key,
    id,
    payload: {
      event_id: id,
      event_type: topic,
      event_timestamp: iso(at),
      source_service: service,
      schema_version: 1,
      correlation_id: context.correlationId,
      data_schema_uri: null,
      data,
      metadata: null,
    },
  }
}

/** The thin completed event, the rich result, and the use of comparisons (domain 4.8, 4.9). */
export function completedEvents(told: Told, settings: BatchSettings): Effect[] {
  const { context, address } = told
  const data = {
    ...header('cj_assessment.completed', told),
    status: 'completed_successfully',
    system_metadata: systemMetadata(told, 'completed', {}),
  }
  const completed = { ...data, cj_assessment_job_id: cjBatchId(address), processing_summary: summary(told) }
  return [
    published('completed', context.bosBatchId, completed, told),
    published('result', cjBatchId(address), result(told, settings), told),
    published('resource', context.bosBatchId, resourceUse(told), told),
  ]
}

export function failedEvents(told: Told): Effect[] {
  const { context, address } = told
  const data = {
    ...header('cj_assessment.failed', told),
    status: 'failed_critically',
    system_metadata: systemMetadata(told, 'failed', errorInfo(context)),
    cj_assessment_job_id: cjBatchId(address),
  }
  return [published('failed', context.bosBatchId, data, told)]
}

function header(name: string, { context, at }: Told) {
  return { event_name: name, entity_id: context.bosBatchId, entity_type: 'batch', parent_id: null, timestamp: iso(at) }
}

function systemMetadata({ context, at }: Told, stage: 'completed' | 'failed', info: Json): Json {
  return {
    entity_id: context.bosBatchId,
    entity_type: 'batch',
    parent_id: null,
    timestamp: iso(at),
    processing_stage: stage,
    started_at: iso(context.createdAt),
    completed_at: iso(at),
    event: stage === 'completed' ? 'cj_assessment.completed' : 'cj_assessment.failed',
    error_info: info,
  }
}

function errorInfo(context: BatchContext): Json {
  const end = context.end as BatchEnd
  const { successes, failed, successRate } = numbersOf(netOf(context), context.policy)
  const error = { error_code: end.errorCode, error_message: end.reason, error_type: end.code, reason: end.code, details: end.reason }
  return { ...error, context: { completed: successes, failed, success_rate: successRate, threshold: context.policy.minSuccessRate } }
}

/** Students only; an essay without a text, or without any verdict in a net of several parts, is listed as failed (8.4 row 9). */
function summary({ context, at }: Told): Json {
  const failed = [...droppedEssays(context), ...uncompared(context)]
  const successful = context.items.filter((id) => !failed.includes(id))
  return {
    total_essays: context.essays.length,
    successful: successful.length,
    failed: failed.length,
    successful_essay_ids: successful,
    failed_essay_ids: failed,
    processing_time_seconds: seconds(context, at),
    single_essay_batch: context.items.length === 1,
  }
}

function uncompared(context: BatchContext): string[] {
  const compared = new Set(decodeSlots(context.slots).flatMap(({ a, b, state }) => (state === 'won_a' || state === 'won_b' ? [a, b] : [])))
  return context.items.length === 1 ? [] : context.items.filter((_, item) => !compared.has(item))
}

function result(told: Told, settings: BatchSettings): Json {
  const { context, address, at } = told
  const [provider, model] = usedModel(context, settings)
  return {
    ...header('assessment.result.published', told),
    batch_id: context.bosBatchId,
    cj_assessment_job_id: cjBatchId(address),
    assignment_id: context.assignmentId,
    assessment_method: 'cj_assessment',
    model_used: model,
    model_provider: provider,
    model_version: null,
    essay_results: essayResults(context),
    assessment_metadata: metadata(told, settings),
    assessed_at: iso(at),
  }
}

function essayResults(context: BatchContext): Json {
  const ranking = context.scores?.ranking ?? context.items.map((id) => ({ id, rank: 1, score: 0 }))
  return ranking.map(({ id, rank, score }) => ({
    essay_id: id,
    normalized_score: 0,
    letter_grade: 'U',
    confidence_score: 0,
    confidence_label: 'LOW',
    bt_score: score,
    rank,
    is_anchor: false,
    feedback_uri: null,
    metrics_uri: null,
    display_name: null,
  }))
}

function metadata({ context, at }: Told, settings: BatchSettings): Json {
  return {
    anchor_essays_used: 0,
    calibration_method: 'default',
    anchor_grade_distribution: {},
    comparison_count: successes(context),
    processing_duration_seconds: seconds(context, at),
    llm_temperature: settings.defaultTemperature,
    assignment_id: context.assignmentId,
    course_code: context.courseCode,
    completion_status: context.end?.status ?? null,
    completion_reason: context.end?.reason ?? null,
    reliability: context.scores?.reliability ?? null,
    se_summary: context.scores?.seSummary ?? null,
    position_bias: context.scores?.positionBias ?? null,
  }
}

function resourceUse(told: Told): Json {
  const { context, address, at } = told
  return {
    ...header('resource.consumption.reported', told),
    user_id: context.userId,
    org_id: context.orgId,
    resource_type: 'cj_comparison',
    quantity: successes(context),
    service_name: service,
    processing_id: cjBatchId(address),
    consumed_at: iso(at),
  }
}

function successes(context: BatchContext): number {
  return decodeSlots(context.slots).filter(({ state }) => state === 'won_a' || state === 'won_b').length
}

/** The most frequent (provider, model) among verdicts, else the configured one. */
function usedModel(context: BatchContext, settings: BatchSettings): readonly [provider: string, model: string] {
  const [most] = Object.entries(context.models).sort(([one, a], [other, b]) => b - a || (one < other ? -1 : 1))
  const [provider, ...model] = most?.[0].split(' ') ?? []
  return provider === undefined ? [settings.defaultProvider, settings.defaultModel] : [provider, model.join(' ')]
}

function seconds(context: BatchContext, at: number): number {
  return Math.round((at - context.createdAt) / 10) / 100
}

function iso(at: number): string {
  return new Date(at).toISOString()
}
