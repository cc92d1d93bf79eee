import { describe, expect, it } from 'vitest'
import { comparisonId } from '../../src/batch/comparison-id.ts'
import { decodeCallback } from '../../src/batch/inbound/decode-callback.ts'
import { callbackMessage } from '../../src/batch/wire/callback.ts'
import { addressHash } from '../../src/runtime/message.ts'
import { recorded, type RecordedEnvelope } from './records.ts'

const address = 'batch/a5a50000-0000-4000-8000-000000000001'
const comparison = comparisonId(address, 5, 2)
const foreign = '0f0c1f2e-7a64-4a55-b1c1-2b64a4a3d001'
const origin = { topic: 'huleedu.llm_provider.comparison_result.v1', partition: 0, offset: 7 }

/** A recorded callback, for a comparison of ours. */
function callback(name: string, change: Record<string, unknown> = {}): RecordedEnvelope {
  const envelope = recorded(name)
  return { ...envelope, correlation_id: comparison, data: { ...envelope.data, correlation_id: comparison, ...change } }
}

function decoded(envelope: object): unknown {
  return decodeCallback(JSON.stringify(envelope), origin)
}

const joined = {
  kind: 'message',
  hash: addressHash(address),
  id: 'a5a50000-0000-4000-8000-000000000028',
  messageKind: 'event',
  body: { type: 'VERDICT', comparison, slot: 5, attempt: 2 },
}

describe('a callback', () => {
  it.each(['callback-essay-a', 'callback-essay-b', 'callback-error-rate-limit', 'callback-error-too-long', 'domain-callback'])(
    '%s is what the schema says',
    (name) => {
      expect(callbackMessage.safeParse(recorded(name)).error).toBeUndefined()
    },
  )

  it('tells the trace context of its metadata', () => {
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
    expect(decoded({ ...callback('callback-essay-a'), metadata: { traceparent } })).toMatchObject({ ...joined, traceparent })
    expect(decoded({ ...callback('callback-essay-a'), metadata: null })).not.toHaveProperty('traceparent')
  })

  it('is joined by its id alone: hash, slot and attempt stand in it', () => {
    expect(decoded(callback('callback-essay-a'))).toMatchObject(joined)
    expect(decoded(callback('callback-essay-a'))).toMatchObject({
      body: {
        winner: 'a',
        errorCode: null,
        details: { confidence: 3.2, provider: 'mock', model: 'mock-model-v1', tokens: 843, cost: 0.0012 },
      },
    })
    expect(decoded(callback('callback-essay-b', { correlation_id: comparison.toUpperCase() }))).toMatchObject({
      ...joined,
      body: { comparison, winner: 'b', details: { essayA: 'essay-1', essayB: 'essay-3' } },
    })
  })

  it('with an error has its code; the provider’s name is kept only where the error’s details give it', () => {
    expect(decoded(callback('callback-error-rate-limit'))).toMatchObject({
      body: { winner: null, errorCode: 'RATE_LIMIT', details: { message: 'throttled', provider: 'mock', model: null } },
    })
    expect(decoded(callback('callback-error-too-long'))).toMatchObject({
      body: { errorCode: 'INVALID_REQUEST', details: { provider: null } },
    })
  })

  it('is read whatever its event_type and its key say, and with fields of tomorrow', () => {
    const envelope = { ...callback('callback-essay-a', { tomorrow: [] }), event_type: 'other', tomorrow: 1 }
    expect(decoded(envelope)).toMatchObject({ body: { winner: 'a' } })
  })

  it('without an id of its own is the same message however often its record is read', () => {
    const { event_id: _, ...anonymous } = callback('callback-essay-a')
    const first = decoded(anonymous)
    expect(decoded(anonymous)).toEqual(first)
    expect(decodeCallback(JSON.stringify(anonymous), { ...origin, offset: 8 })).not.toEqual(first)
    expect(decodeCallback(JSON.stringify(anonymous), undefined)).toMatchObject({ kind: 'undecodable', cause: 'message-id-missing' })
  })

  it('keeps 500 characters of a longer justification', () => {
    const { body } = decoded(callback('callback-essay-a', { justification: 'x'.repeat(9_000) })) as {
      body: { details: { justification: string } }
    }
    expect(body.details.justification).toHaveLength(500)
  })
})

describe('a callback that is wrong', () => {
  const [error] = [recorded('callback-error-rate-limit').data['error_detail']]

  it.each([
    ['winner', { winner: null }],
    ['error_detail', { error_detail: error }],
    ['winner', { winner: 'essay_a' }],
    ['confidence', { confidence: 9 }],
    ['confidence', { confidence: 0 }],
    ['confidence', { confidence: null }],
    ['justification', { justification: null }],
    ['request_id', { request_id: undefined }],
    ['provider', { provider: null }],
    ['model', { model: undefined }],
    ['response_time_ms', { response_time_ms: -1 }],
    ['response_time_ms', { response_time_ms: 1e300 }],
    ['token_usage.total_tokens', { token_usage: { total_tokens: 1.5 } }],
    ['cost_estimate', { cost_estimate: '0.1' }],
    ['requested_at', { requested_at: 'yesterday' }],
    ['request_metadata', { request_metadata: 'e-1' }],
  ])('in its %s is an error outcome INVALID_RESPONSE, so that its wave does not hang: %j', (field, change) => {
    const result = decoded(callback('callback-essay-a', change)) as { body: { details: { message: string } } }
    expect(result).toMatchObject({ ...joined, body: { ...joined.body, winner: null, errorCode: 'INVALID_RESPONSE' } })
    expect(result.body.details.message).toContain(field)
  })

  it.each([
    ['its envelope', { ...callback('callback-essay-a'), event_type: undefined }],
    ['an id in its data that is no UUID', callback('callback-essay-a', { correlation_id: '42' })],
    ['no data', { ...callback('callback-essay-a'), data: null }],
  ])('in %s is one too', (_, envelope) => {
    expect(decoded(envelope)).toMatchObject({ ...joined, body: { errorCode: 'INVALID_RESPONSE' } })
  })

  it('and whose event_id is none has the id of its record', () => {
    expect(decoded({ ...callback('callback-essay-a'), event_id: 'x' })).toMatchObject({
      kind: 'message',
      body: { errorCode: 'INVALID_RESPONSE' },
    })
  })

  it('of another service’s comparison is uncorrelated, whatever its envelope says', () => {
    expect(decoded(recorded('callback-essay-a'))).toMatchObject({ kind: 'ignored', cause: 'CJ_CALLBACK_CORRELATION_FAILED' })
    expect(decoded(callback('callback-essay-a', { correlation_id: foreign }))).toMatchObject({
      kind: 'ignored',
      cause: 'CJ_CALLBACK_CORRELATION_FAILED',
    })
  })

  it.each([
    ['not-json', '{'],
    ['envelope-invalid', '7'],
    ['envelope-invalid', JSON.stringify({ data: {} })],
    ['callback-invalid', JSON.stringify({ ...recorded('callback-essay-a'), data: {} })],
  ])('beyond joining is %s: %.40s', (cause, text) => {
    expect(decodeCallback(text, origin)).toMatchObject({ kind: 'undecodable', cause })
  })
})
