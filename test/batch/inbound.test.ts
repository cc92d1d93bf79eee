import { describe, expect, it } from 'vitest'
import { comparisonId } from '../../src/batch/comparison-id.ts'
import { verdictOf } from '../../src/batch/verdict.ts'
import { isPermanentPost, postErrorCode } from '../../src/batch/post-error.ts'

const id = comparisonId('batch/b', 5, 2)
const success = {
  request_id: '5d3c0a52-3a51-4b2c-8f6f-6a0e3f5a7c10',
  correlation_id: id,
  winner: 'Essay B',
  justification: 'B argues more clearly.',
  confidence: 4.6,
  error_detail: null,
  provider: 'mock',
  model: 'mock-model-v1',
  response_time_ms: 930,
  token_usage: { prompt_tokens: 812, completion_tokens: 31, total_tokens: 843 },
  cost_estimate: 0.0,
  requested_at: '2026-03-02T08:15:05Z',
  completed_at: '2026-03-02T08:15:06Z',
  trace_id: null,
  request_metadata: { essay_a_id: 'e-1', essay_b_id: 'e-3', bos_batch_id: 'b', cj_batch_id: '41', prompt_sha256: '9f2c' },
  a_field_of_tomorrow: [1, 2],
}
const failure = {
  ...success,
  winner: null,
  justification: null,
  confidence: null,
  model: 'unknown',
  response_time_ms: 0,
  error_detail: { error_code: 'RATE_LIMIT', message: 'throttled', correlation_id: id, details: { provider: 'openai' }, stack_trace: null },
}

function event(data: unknown) {
  const decoded = verdictOf(data)
  if ('problem' in decoded) {
    throw new Error(decoded.problem)
  }
  return decoded.event
}

describe('the data of a callback', () => {
  it('becomes a verdict that knows its slot and attempt by the id alone; unknown fields are tolerated', () => {
    expect(event(success)).toEqual({
      type: 'VERDICT',
      comparison: id,
      slot: 5,
      attempt: 2,
      winner: 'b',
      errorCode: null,
      details: {
        message: null,
        justification: 'B argues more clearly.',
        confidence: 4.6,
        provider: 'mock',
        model: 'mock-model-v1',
        responseTimeMs: 930,
        tokens: 843,
        cost: 0,
        essayA: 'e-1',
        essayB: 'e-3',
      },
    })
  })

  it('of a provider that failed becomes an error with its code, also one nobody knows', () => {
    expect(event(failure)).toMatchObject({ winner: null, errorCode: 'RATE_LIMIT', details: { message: 'throttled' } })
    const unknown = { ...failure, error_detail: { error_code: 'BRAND_NEW', message: '' } }
    expect(event(unknown).errorCode).toBe('BRAND_NEW')
  })

  it('gives the id in lower case, so that one comparison has one name', () => {
    expect(event({ ...success, correlation_id: id.toUpperCase() }).comparison).toBe(id)
  })

  it.each([
    ['neither winner nor error', { winner: null }],
    ['both winner and error', { error_detail: failure.error_detail }],
    ['another winner', { winner: 'essay_a' }],
    ['a confidence of 9', { confidence: 9 }],
    ['a confidence of 0', { confidence: 0 }],
    ['no confidence', { confidence: null }],
    ['no justification', { justification: null }],
    ['a number for a justification', { justification: 7 }],
    ['no provider', { provider: undefined }],
    ['a negative response time', { response_time_ms: -1 }],
    ['a text for the cost', { cost_estimate: 'much' }],
    ['metadata of another kind', { request_metadata: 'e-1' }],
  ])('with %s becomes INVALID_RESPONSE, so that its wave does not hang', (_, wrong) => {
    expect(event({ ...success, ...wrong })).toMatchObject({ slot: 5, attempt: 2, winner: null, errorCode: 'INVALID_RESPONSE' })
  })

  it.each([
    ['no object', 'x'],
    ['nothing', null],
    ['no id', { ...success, correlation_id: undefined }],
    ['no UUID', { ...success, correlation_id: '42' }],
    ['a UUID of somebody else', { ...success, correlation_id: '0f0c1f2e-7a64-4a55-b1c1-2b64a4a3d001' }],
  ])('with %s can be joined with nothing, and says so', (_, data) => {
    expect(verdictOf(data)).toEqual({ problem: 'correlation_id is no comparison id' })
  })
})

describe('a post that failed', () => {
  it('for reasons of transport is CONNECTION_ERROR; a code of the domain stays', () => {
    expect(['ECONNREFUSED', 'UND_ERR_CONNECT_TIMEOUT', 'ERR_SOCKET_CLOSED', 'ABORT_ERR', 20, '', undefined].map(postErrorCode)).toEqual(
      new Array(7).fill('CONNECTION_ERROR'),
    )
    expect(['EXTERNAL_SERVICE_ERROR', 'RATE_LIMIT', 'BRAND_NEW'].map(postErrorCode)).toEqual([
      'EXTERNAL_SERVICE_ERROR',
      'RATE_LIMIT',
      'BRAND_NEW',
    ])
  })

  it('is not posted again when the answer would be the same', () => {
    const withCode = (code: string) => isPermanentPost(Object.assign(new Error('no'), { code }))
    expect(['INVALID_REQUEST', 'AUTHENTICATION_ERROR', 'QUOTA_EXCEEDED'].map(withCode)).toEqual([true, true, true])
    expect(['RATE_LIMIT', 'ECONNRESET', 'REQUEST_QUEUED', 'BRAND_NEW'].map(withCode)).toEqual([false, false, false, false])
    expect(isPermanentPost(new Error('reset'))).toBe(false)
  })
})
