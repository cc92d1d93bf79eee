import { describe, expect, it } from 'vitest'
import { comparisonId } from '../../src/batch/comparison-id.ts'
import type { ComparisonRequest } from '../../src/batch/judge.ts'
import { noBrief } from '../../src/batch/judging-brief.ts'
import { batchSettings } from '../../src/batch/settings.ts'
import { buildPrompt } from '../../src/batch/tasks/prompt.ts'
import { readProviderAnswer } from '../../src/batch/tasks/provider-answer.ts'
import { providerRequest } from '../../src/batch/tasks/provider-request.ts'
import type { LlmOverrides } from '../../src/machines/batch.machine.ts'
import { type ProviderRequest, providerRequest as schema } from '../../src/batch/wire/provider-request.ts'
import { topics } from '../../src/batch/wire/topics.ts'
import { cjBatchId } from '../../src/batch/wire-ids.ts'
import { expected } from './records.ts'

const batchId = 'b6a7d0f4-3c1e-4a38-9a37-0c1f3a7b7e55'
const brief = { ...noBrief, assignment: '…', userId: 'teacher-9', overrides: { provider: 'mock', model: 'mock-model-v1' } }
const comparison: ComparisonRequest = {
  id: comparisonId(`batch/${batchId}`, 1, 1),
  batchId,
  slot: 1,
  attempt: 1,
  essayA: { id: 'e-1', text: 'a' },
  essayB: { id: 'e-3', text: 'b' },
  brief,
}

function posted(change: Partial<ComparisonRequest> = {}): ProviderRequest {
  const body = providerRequest({ ...comparison, ...change }, topics.callback, batchSettings)
  expect(schema.parse(body)).toEqual(body)
  return body
}

function configOf(overrides: LlmOverrides): ProviderRequest['llm_config_overrides'] {
  return posted({ brief: { ...brief, overrides } }).llm_config_overrides
}

describe('the post of a comparison', () => {
  it('is the wire’s example, with the prompt, its blocks and the limits of this service', () => {
    const { system, user, blocks } = buildPrompt(comparison)
    const example = expected('provider-request') as ProviderRequest
    expect(user.replace('\n', ' ').startsWith(example.user_prompt)).toBe(true)
    expect(posted()).toEqual({
      ...example,
      user_prompt: user,
      prompt_blocks: blocks,
      correlation_id: comparison.id,
      user_id: 'teacher-9',
      llm_config_overrides: { ...example.llm_config_overrides, max_tokens_override: 1_000, system_prompt_override: system },
      metadata: { ...example.metadata, cj_batch_id: cjBatchId(`batch/${batchId}`), cj_llm_batching_mode: 'serial_bundle' },
    })
  })

  it('is the same, to the byte, when it is repeated', () => {
    expect(JSON.stringify(posted())).toBe(JSON.stringify(posted()))
  })

  it('of a later attempt is a retry with an id of its own; overrides are sent, also a temperature of 0', () => {
    const id = comparisonId(`batch/${batchId}`, 1, 2)
    expect(posted({ id, attempt: 2 })).toMatchObject({ correlation_id: id, metadata: { cj_request_type: 'cj_retry' } })
    const all = {
      ...brief.overrides,
      temperature: 0,
      maxTokens: 5,
      systemPrompt: 's',
      judgeRubric: 'r',
      reasoningEffort: 'low',
      outputVerbosity: 'high',
    } as const
    expect(configOf(all)).toEqual({
      provider_override: 'mock',
      model_override: 'mock-model-v1',
      temperature_override: 0,
      max_tokens_override: 5,
      system_prompt_override: 's',
      reasoning_effort: 'low',
      output_verbosity: 'high',
    })
  })

  it('always names a provider, or the service answers 400; another one gets no model of the default one', () => {
    const standard = { temperature_override: 0.1, max_tokens_override: 1_000, system_prompt_override: expect.any(String) as string }
    expect(configOf({})).toEqual({ provider_override: 'openai', model_override: 'gpt-5.1', ...standard })
    expect(configOf({ provider: 'anthropic' })).toEqual({ provider_override: 'anthropic', ...standard })
  })
})

describe('an answer of the provider', () => {
  const structured = (code: string, more: object = {}) => ({ error: { code, message: code, correlation_id: 'c', service: 's', ...more } })
  const read = (status: number, body: unknown, retryAfter?: string) =>
    readProviderAnswer({ status, retryAfter, text: typeof body === 'string' ? body : (JSON.stringify(body) ?? '') }, { now: 0, sent: [] })
  const refused = (code: string, permanent: boolean, message?: string) => ({
    kind: 'refused',
    error: { code, permanent, ...(message === undefined ? {} : { message: expect.stringContaining(message) as string }) },
  })

  it('accepts by 202 with a queue id, and by nothing else', () => {
    expect(read(202, { queue_id: 'q', status: 'queued', message: '', estimated_wait_minutes: null })).toEqual({
      kind: 'accepted',
      queueId: 'q',
    })
    for (const [status, body] of [
      [202, { queue_id: '' }],
      [202, { queue_id: ' ' }],
      [202, undefined],
      [200, { queue_id: 'q', status: 'queued' }],
      [201, { queue_id: 'q' }],
    ] as const) {
      expect(read(status, body)).toMatchObject({ kind: 'refused', error: { code: 'INVALID_RESPONSE' } })
    }
  })

  it('that the queue is full comes as 202, with its wait nested twice', () => {
    const full = structured('REQUEST_QUEUED', { details: { queue_size: 1_000, details: { retry_after_seconds: 300 } } })
    expect(read(202, full)).toMatchObject({ kind: 'wait', ms: 300_000, reason: expect.stringContaining('REQUEST_QUEUED') as string })
  })

  it.each([
    [429, structured('QUOTA_EXCEEDED'), refused('QUOTA_EXCEEDED', true)],
    [400, structured('PARSING_ERROR'), refused('PARSING_ERROR', false)],
    [400, { error: 'no provider_override', details: 'x' }, refused('INVALID_REQUEST', true, 'no provider_override')],
    [401, undefined, refused('AUTHENTICATION_ERROR', true)],
    [403, '<html>', refused('AUTHORIZATION_ERROR', true)],
    [404, {}, refused('RESOURCE_NOT_FOUND', true)],
    [408, undefined, refused('TIMEOUT', false)],
    [429, undefined, { kind: 'wait', ms: 7_000 }],
    [500, { error: 'oops', details: {} }, refused('SERVICE_UNAVAILABLE', false, 'oops')],
    [503, { error: 'circuit open', details: '' }, refused('SERVICE_UNAVAILABLE', false)],
    [504, null, refused('TIMEOUT', false)],
    [422, structured('BRAND_NEW', { is_retryable: true }), refused('BRAND_NEW', false)],
    [422, structured('BRAND_NEW'), refused('BRAND_NEW', true)],
    [500, structured('INVALID_REQUEST'), refused('INVALID_REQUEST', true)],
  ])('%i %j is read by its code first', (status, body, meaning) => {
    expect(read(status, body, '7')).toMatchObject(meaning)
  })
})
