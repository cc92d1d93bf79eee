import { eventNames, topics } from '../../src/batch/wire/topics.ts'
import { eventId } from '../../src/batch/wire-ids.ts'
import type { NewRecord } from '../../src/kafka/client.ts'

const at = '2026-01-01T00:00:00Z'

/** A request for essays e0 ... as a record of its topic; its ids depend on the batch alone. */
export function requestRecord(batchId: string, n: number): NewRecord {
  const essays = Array.from({ length: n }, (_, index) => ({ essay_id: `e${index}`, text_storage_id: `t${index}` }))
  const data = {
    event_name: eventNames.request,
    entity_id: batchId,
    entity_type: 'batch',
    system_metadata: { entity_id: batchId, entity_type: 'batch', processing_stage: 'pending', error_info: {} },
    essays_for_cj: essays,
    language: 'en',
    course_code: 'ENG5',
    user_id: 'sim',
  }
  return record(topics.request, batchId, requestId(batchId), eventId(batchId, 'correlation'), data)
}

export function requestId(batchId: string): string {
  return eventId(batchId, 'request')
}

/** A callback of the provider as a record of its topic. `data` are the fields of the outcome; the copy is part of the event id. */
export function callbackRecord(comparison: string, data: object, copy: number): NewRecord {
  const whole = { request_id: 'q', correlation_id: comparison, cost_estimate: 0, requested_at: at, completed_at: at, ...data }
  return record(topics.callback, '', callbackId(comparison, copy), comparison, whole)
}

export function callbackId(comparison: string, copy: number): string {
  return eventId(comparison, 'callback', String(copy))
}

function record(topic: string, key: string, event_id: string, correlation_id: string, data: object): NewRecord {
  return {
    topic,
    key,
    value: JSON.stringify({ event_id, event_type: topic, event_timestamp: at, source_service: 'outside', correlation_id, data }),
  }
}
