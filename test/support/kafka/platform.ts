import { randomUUID } from 'node:crypto'
import { topics } from '../../../src/batch/wire/topics.ts'

/** A request for n essays as the producer of the request topic writes it. */
export function requestEnvelope(batchId: string, n: number, metadata: object | null = null): object {
  const essays = Array.from({ length: n }, (_, index) => ({
    essay_id: `e${index}`,
    text_storage_id: `t${index}`,
    spellcheck_metrics: null,
  }))
  const system = { entity_id: batchId, entity_type: 'batch', processing_stage: 'pending', error_info: {} }
  return {
    event_id: randomUUID(),
    event_type: topics.request,
    event_timestamp: new Date().toISOString(),
    source_service: 'essay_lifecycle_service',
    correlation_id: randomUUID(),
    data: {
      event_name: 'els.cj_assessment.requested',
      entity_id: batchId,
      entity_type: 'batch',
      system_metadata: system,
      essays_for_cj: essays,
      language: 'en',
      course_code: 'ENG5',
      user_id: 'teacher',
    },
    metadata,
  }
}

/** A callback of the provider: the essay with the lower number wins. */
export function callbackEnvelope(comparison: { readonly id: string; readonly essayA: string; readonly essayB: string }): object {
  const at = new Date().toISOString()
  return {
    event_id: randomUUID(),
    event_type: 'LLMComparisonResultV1',
    event_timestamp: at,
    source_service: 'llm_provider_service',
    correlation_id: comparison.id,
    data: {
      request_id: randomUUID(),
      correlation_id: comparison.id,
      winner: Number(comparison.essayA.slice(1)) < Number(comparison.essayB.slice(1)) ? 'Essay A' : 'Essay B',
      justification: 'argues more clearly',
      confidence: 4,
      error_detail: null,
      provider: 'mock',
      model: 'mock-model-v1',
      response_time_ms: 5,
      cost_estimate: 0,
      requested_at: at,
      completed_at: at,
      request_metadata: { essay_a_id: comparison.essayA, essay_b_id: comparison.essayB },
    },
    metadata: null,
  }
}
