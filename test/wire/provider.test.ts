import { describe, expect, it } from 'vitest'
import { comparisonId } from '../../src/batch/comparison-id.ts'
import { readProviderAnswer } from '../../src/batch/provider-answer.ts'
import { providerRequest } from '../../src/batch/provider-request.ts'
import { batchSettings } from '../../src/batch/settings.ts'
import { providerRequest as schema } from '../../src/batch/wire/provider-request.ts'
import { cjBatchId } from '../../src/batch/wire-ids.ts'
import { expected } from './records.ts'

const batchId = 'b6a7d0f4-3c1e-4a38-9a37-0c1f3a7b7e55'
const comparison = {
  id: comparisonId(`batch/${batchId}`, 1, 1),
  batchId,
  slot: 1,
  attempt: 1,
  essayA: { id: 'e-1', text: 'a' },
  essayB: { id: 'e-3', text: 'b' },
}
const llm = { provider: 'mock', model: 'mock-model-v1' }
const post = { comparison, prompt: '**Student Assignment:** …', options: { llm }, settings: batchSettings }

describe('the post of a comparison', () => {
  it('is the wire’s example', () => {
    const body = providerRequest(post)
    expect(schema.parse(body)).toEqual(body)
    const example = expected('provider-request') as { metadata: object }
    expect(body).toEqual({
      ...example,
      correlation_id: comparison.id,
      metadata: { ...example.metadata, cj_batch_id: cjBatchId(`batch/${batchId}`) },
    })
  })

  it('of a later attempt is a retry with an id of its own; overrides are sent, also a temperature of 0', () => {
    const retry = { ...comparison, id: comparisonId(`batch/${batchId}`, 1, 2), attempt: 2 }
    const all = {
      ...llm,
      temperature: 0,
      maxTokens: 5,
      systemPrompt: 's',
      judgeRubric: 'r',
      reasoningEffort: 'low',
      outputVerbosity: 'high',
    } as const
    const body = providerRequest({ ...post, comparison: retry, options: { llm: all }, userId: 'u', callbackTopic: 't' })
    expect(schema.parse(body)).toMatchObject({
      correlation_id: retry.id,
      user_id: 'u',
      callback_topic: 't',
      metadata: { cj_request_type: 'cj_retry' },
    })
    expect(body.llm_config_overrides).toEqual({
      provider_override: 'mock',
      model_override: 'mock-model-v1',
      temperature_override: 0,
      max_tokens_override: 5,
      system_prompt_override: 's',
      reasoning_effort: 'low',
      output_verbosity: 'high',
    })
  })

  it('always names a provider, or the service answers 400', () => {
    expect(providerRequest({ ...post, options: { llm: {} } }).llm_config_overrides).toEqual({
      provider_override: 'openai',
      model_override: 'gpt-5.1',
      temperature_override: 0.1,
    })
  })
})

describe('an answer of the provider', () => {
  const structured = (code: string, more: object = {}) => ({ error: { code, message: code, correlation_id: 'c', service: 's', ...more } })

  it('accepts by 202 with a queue id, and by nothing else', () => {
    expect(readProviderAnswer(202, { queue_id: 'q', status: 'queued', message: '', estimated_wait_minutes: null })).toEqual({
      kind: 'accepted',
      queueId: 'q',
    })
    for (const [status, body] of [
      [202, { queue_id: '' }],
      [202, undefined],
      [200, { queue_id: 'q', status: 'queued' }],
      [201, { queue_id: 'q' }],
    ] as const) {
      expect(readProviderAnswer(status, body)).toMatchObject({ kind: 'refused', code: 'INVALID_RESPONSE' })
    }
  })

  it('that the queue is full comes as 202, with its wait nested twice', () => {
    const full = structured('REQUEST_QUEUED', { details: { queue_size: 1_000, details: { retry_after_seconds: 300 } } })
    expect(readProviderAnswer(202, full)).toMatchObject({
      code: 'REQUEST_QUEUED',
      isPermanent: false,
      isBusy: true,
      retryAfterSeconds: 300,
    })
  })

  it.each([
    [429, structured('QUOTA_EXCEEDED'), { code: 'QUOTA_EXCEEDED', isPermanent: true, isBusy: false }],
    [400, structured('PARSING_ERROR'), { code: 'PARSING_ERROR', isPermanent: false }],
    [
      400,
      { error: 'provider_override is required', details: 'x' },
      { code: 'INVALID_REQUEST', isPermanent: true, message: 'provider_override is required' },
    ],
    [401, undefined, { code: 'AUTHENTICATION_ERROR', isPermanent: true }],
    [403, '<html>', { code: 'AUTHORIZATION_ERROR', isPermanent: true }],
    [404, {}, { isPermanent: true }],
    [408, undefined, { code: 'TIMEOUT', isPermanent: false }],
    [429, undefined, { code: 'RATE_LIMIT', isPermanent: false, isBusy: true, retryAfterSeconds: 7 }],
    [500, { error: 'oops', details: {} }, { code: 'EXTERNAL_SERVICE_ERROR', isPermanent: false, message: 'oops' }],
    [503, { error: 'circuit open', details: '' }, { code: 'SERVICE_UNAVAILABLE', isPermanent: false }],
    [504, null, { code: 'TIMEOUT', isPermanent: false }],
    [422, structured('BRAND_NEW', { is_retryable: true }), { code: 'BRAND_NEW', isPermanent: false }],
    [422, structured('BRAND_NEW'), { code: 'BRAND_NEW', isPermanent: true }],
    [500, structured('INVALID_REQUEST'), { code: 'INVALID_REQUEST', isPermanent: true }],
  ])('%i %j is read by its code first', (status, body, meaning) => {
    expect(readProviderAnswer(status, body, 7)).toMatchObject({ kind: 'refused', ...meaning })
  })
})
