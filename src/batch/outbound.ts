import { numbersOf } from '../judging/net.ts'
import type { BatchContext, BatchEnd } from '../machines/batch.machine.ts'
import type { Effect, Json } from '../runtime/define-actor.ts'
import { studentItems } from './anchor-items.ts'
import { header, type Processed, seconds, systemMetadata, type Told } from './event-fields.ts'
import { netOf } from './net.ts'
import { compared, resourceUseData, resultData } from './result-event.ts'
import type { BatchSettings } from './settings.ts'
import { droppedEssays } from './steps/content.ts'
import { type CompletedData, type ErrorInfo, type FailedData, initializationFailed } from './wire/completion.ts'
import { isoTime } from './wire/formats.ts'
import { eventNames, sourceService, topics } from './wire/topics.ts'
import { cjBatchId, correlationUuid, eventId } from './wire-ids.ts'

/** An event ready to leave. */
export interface OutboundMessage {
  readonly id: string
  readonly topic: string
  readonly key: string
  readonly payload: Json
}

type OutboundKind = Exclude<keyof typeof topics, 'request' | 'callback'>

interface Sent {
  readonly kind: OutboundKind
  readonly id: string
  readonly key: string
  readonly correlationId: string
  readonly at: number
}

function enveloped({ kind, id, key, correlationId, at }: Sent, data: Json): OutboundMessage {
  const topic = topics[kind]
  return {
    id,
    topic,
    key,
    payload: {
      event_id: id,
      event_type: topic,
      event_timestamp: isoTime(at),
      source_service: sourceService,
      schema_version: 1,
      correlation_id: correlationUuid(correlationId),
      data_schema_uri: null,
      data,
      metadata: null,
    },
  }
}

function published(kind: OutboundKind, key: string, data: Json, { context, address, at }: Told): Effect {
  return { kind: 'publish', ...enveloped({ kind, id: eventId(address, kind), key, correlationId: context.correlationId, at }, data) }
}

/** The thin completed event, the rich result, and the use of comparisons (domain 4.8, 4.9). */
export function completedEvents(told: Told, settings: BatchSettings): Effect[] {
  const { context, address } = told
  return [
    published('completed', context.bosBatchId, completedData(told), told),
    published('result', cjBatchId(address), resultData(told, settings), told),
    published('resource', context.bosBatchId, resourceUseData(told), told),
  ]
}

function completedData({ context, address, at }: Told): CompletedData {
  const processed = summary(context, at)
  return {
    ...header(eventNames.completed, context.bosBatchId, at),
    status: processed.successful === 0 ? 'failed_critically' : 'completed_successfully',
    system_metadata: systemMetadata('completed', {}, { batchId: context.bosBatchId, since: context.createdAt, at }),
    cj_assessment_job_id: cjBatchId(address),
    processing_summary: processed,
  }
}

export function failedEvents(told: Told): Effect[] {
  const { context, address, at } = told
  const whole = { batchId: context.bosBatchId, jobId: cjBatchId(address), since: context.createdAt, at }
  return [published('failed', context.bosBatchId, failedData(errorInfoOf(context), whole), told)]
}

/** A request that bears no batch and is answered. */
export interface AnsweredRequest {
  readonly address: string
  readonly batchId: string
  readonly correlationId: string
  /** Of the message that is answered: part of the event's id. */
  readonly messageId: string
  /** ms since the epoch. */
  readonly at: number
}

/** A request that is refused. */
export interface RefusedRequest extends AnsweredRequest {
  /** The field that is wrong, and the sentence. */
  readonly field: string
  readonly message: string
}

/** The failed event that answers a request no batch is made of (rules 58). */
export function refusedEvent({ field, message, ...request }: RefusedRequest): OutboundMessage {
  return answerTo(request, errorInfo('VALIDATION_ERROR', 'invalid_request', message, { field }), initializationFailed)
}

/** The failed event that answers a second request of a batch that has ended (rules 3). */
export function assessedBeforeEvent(request: AnsweredRequest, status: string): OutboundMessage {
  const message = `batch already assessed: it ended as ${status}; send the essays under another batch id`
  return answerTo(request, errorInfo('VALIDATION_ERROR', 'already_assessed', message, { status }), cjBatchId(request.address))
}

function answerTo({ address, batchId, correlationId, messageId, at }: AnsweredRequest, info: ErrorInfo, jobId: string): OutboundMessage {
  const data = failedData(info, { batchId, jobId, since: at, at })
  return enveloped({ kind: 'failed', id: eventId(address, 'failed', messageId), key: batchId, correlationId, at }, data)
}

function failedData(info: ErrorInfo, whole: Processed & { readonly jobId: string }): FailedData {
  return {
    ...header(eventNames.failed, whole.batchId, whole.at),
    status: 'failed_critically',
    system_metadata: systemMetadata('failed', info, whole),
    cj_assessment_job_id: whole.jobId,
  }
}

function errorInfoOf(context: BatchContext): ErrorInfo {
  const { errorCode, code, reason } = context.end as BatchEnd
  const { successes, failed, successRate } = numbersOf(netOf(context), context.policy)
  const numbers = { completed: successes, failed, success_rate: successRate, threshold: context.policy.minSuccessRate }
  return errorInfo(errorCode ?? 'UNKNOWN_ERROR', code, reason, numbers)
}

/** The consumers of the original read reason and details, the platform's own the other fields (domain 4.8). */
function errorInfo(errorCode: string, reason: string, message: string, context: ErrorInfo['context']): ErrorInfo {
  const type = reason.replaceAll(/(?:^|_)(\w)/g, (_, letter: string) => letter.toUpperCase())
  return { error_code: errorCode, error_message: message, error_type: type, reason, details: message, context }
}

/** Students only; an essay without a text, or without any verdict in a net of several parts, is listed as failed (8.4 row 9). */
function summary(context: BatchContext, at: number): CompletedData['processing_summary'] {
  const judged = compared(context)
  const students = studentItems(context)
  const uncompared = new Set(context.items.length === 1 ? [] : context.items.filter((_, item) => !judged.has(item)))
  const failed = [...droppedEssays(context), ...students.filter((id) => uncompared.has(id))]
  const successful = students.filter((id) => !uncompared.has(id))
  return {
    total_essays: context.essays.length,
    successful: successful.length,
    failed: failed.length,
    successful_essay_ids: successful,
    failed_essay_ids: failed,
    processing_time_seconds: seconds(context, at),
    single_essay_batch: students.length === 1,
  }
}
