import { randomUUID } from 'node:crypto'
import { callbackEventType, eventNames, topics } from '../../src/batch/wire/topics.ts'

/** A batch of this many essays as the platform asks for it; `maxComparisons` spends that many and no more. */
export function requestEnvelope(batchId: string, essays: number, maxComparisons?: number): string {
  const at = new Date().toISOString()
  const entity = { entity_id: batchId, entity_type: 'batch', parent_id: null, timestamp: at }
  const stage = { processing_stage: 'pending', started_at: null, completed_at: null, event: eventNames.request, error_info: {} }
  return envelope(topics.request, randomUUID(), {
    metadata: maxComparisons === undefined ? null : { max_comparisons: maxComparisons },
    data: {
      event_name: eventNames.request,
      ...entity,
      system_metadata: { ...entity, ...stage },
      essays_for_cj: Array.from({ length: essays }, (_, index) => ({ essay_id: `essay-${index}`, text_storage_id: `text-${index}` })),
      language: 'sv',
      course_code: 'SV2',
      user_id: 'bench',
    },
  })
}

/** A verdict as the provider calls it back. */
export function callbackEnvelope(comparison: string): string {
  const at = new Date().toISOString()
  return envelope(callbackEventType, comparison, {
    metadata: null,
    data: {
      request_id: randomUUID(),
      correlation_id: comparison,
      winner: 'Essay A',
      justification: 'The first text is better organised and argues its point more clearly than the second one does.',
      confidence: 4.2,
      error_detail: null,
      provider: 'mock',
      model: 'bench',
      response_time_ms: 930,
      token_usage: { prompt_tokens: 812, completion_tokens: 31, total_tokens: 843 },
      cost_estimate: 0.0031,
      requested_at: at,
      completed_at: at,
      trace_id: null,
    },
  })
}

function envelope(type: string, correlationId: string, content: { readonly data: object; readonly metadata: object | null }): string {
  return JSON.stringify({
    event_id: randomUUID(),
    event_type: type,
    event_timestamp: new Date().toISOString(),
    source_service: 'bench',
    schema_version: 1,
    correlation_id: correlationId,
    data_schema_uri: null,
    ...content,
  })
}
