import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { comparisonId } from '../../src/batch/comparison-id.ts'
import { decodeCallback } from '../../src/batch/inbound/decode-callback.ts'
import { decodeRequest } from '../../src/batch/inbound/decode-request.ts'
import { failedMessage } from '../../src/batch/wire/completion.ts'
import { addressHash, isAddress } from '../../src/runtime/message.ts'
import { assertLossless } from '../../src/runtime/strict-json.ts'
import { anyText, marker, nearlyValid, seed } from './nasty.ts'
import { recorded } from './records.ts'

/** In all; 100,000 took 33 s on two cores that five others shared. */
const inputs = 100_000

const requests = ['request-minimal', 'request-full', 'request-assignment-swedish', 'request-one-essay', 'domain-request'].map(recorded)
const address = 'batch/a5a50000-0000-4000-8000-000000000001'
const comparison = comparisonId(address, 5, 2)
const callbacks = ['callback-essay-a', 'callback-essay-b', 'callback-error-rate-limit', 'domain-callback'].map((name) => {
  const envelope = recorded(name)
  return { ...envelope, correlation_id: comparison, data: { ...envelope.data, correlation_id: comparison } }
})

const origin = fc.constantFrom(
  undefined,
  { topic: 't', partition: 0, offset: '12', timestamp: 1_772_439_301_000 },
  { topic: 't', partition: 0, offset: 12, timestamp: Number.NaN },
  { topic: 't', partition: 0, offset: 12, timestamp: -1e20 },
  { idempotencyKey: 'key' },
  { idempotencyKey: '\ud800' },
)

function checkRequest(text: string, from: Parameters<typeof decodeRequest>[1]): void {
  const decoded = decodeRequest(text, from)
  switch (decoded.kind) {
    case 'message':
      expectSendable(decoded.address, decoded.id, decoded.body)
      return
    case 'refused': {
      expectSendable(decoded.address, decoded.id, decoded.outputs)
      const [output] = decoded.outputs
      failedMessage.parse(output?.payload)
      return
    }
    default:
      expectUndecodable(decoded)
  }
}

function checkCallback(text: string, from: Parameters<typeof decodeCallback>[1]): void {
  const decoded = decodeCallback(text, from)
  if (decoded.kind === 'message') {
    expectSendable(address, decoded.id, decoded.body)
    if (
      !/^[0-9a-f]{14}$/.test(decoded.hash) ||
      decoded.body.type !== 'VERDICT' ||
      (decoded.body.winner === null) === (decoded.body.errorCode === null)
    ) {
      throw new Error(`no verdict: ${JSON.stringify(decoded)}`)
    }
    return
  }
  if (decoded.kind !== 'ignored') {
    expectUndecodable(decoded)
  }
}

/** What a mailbox takes: an address, an id, a body that JSON gives back unchanged. */
function expectSendable(to: string, id: string, body: object): void {
  if (!isAddress(to) || id === '' || id.length > 512 || !to.isWellFormed() || to.includes('\u0000')) {
    throw new Error(`not sendable to ${to} as ${id}`)
  }
  assertLossless(body, 'body')
}

function expectUndecodable(decoded: { readonly kind: string; readonly cause: string; readonly message: string }): void {
  if (decoded.kind !== 'undecodable' || !/^[a-z-]+$/.test(decoded.cause) || decoded.message === '' || decoded.message.length > 1_000) {
    throw new Error(`neither of the kinds: ${JSON.stringify(decoded)}`)
  }
}

describe('a decoder gives one of its kinds, whatever it is given', () => {
  const run = { seed, numRuns: inputs / 4 }

  it('nearly valid requests', () => {
    fc.assert(fc.property(nearlyValid(requests), origin, checkRequest), run)
  })

  it('nearly valid callbacks', () => {
    fc.assert(fc.property(nearlyValid(callbacks), origin, checkCallback), run)
  })

  it('any text, as a request', () => {
    fc.assert(fc.property(anyText, origin, checkRequest), run)
  })

  it('any text, as a callback', () => {
    fc.assert(fc.property(anyText, origin, checkCallback), run)
  })

  it('and the nearly valid ones reach every kind', () => {
    const kinds = new Map<string, number>()
    const count = (kind: string) => void kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
    const place = { topic: 't', partition: 0, offset: 1 }
    for (const text of fc.sample(nearlyValid(requests), { seed, numRuns: 500 })) {
      count(`request ${decodeRequest(text, place).kind}`)
    }
    for (const text of fc.sample(nearlyValid(callbacks), { seed, numRuns: 500 })) {
      const decoded = decodeCallback(text, place)
      count(`callback ${decoded.kind === 'message' ? (decoded.body.errorCode ?? 'verdict') : decoded.kind}`)
    }
    for (const kind of [
      'request message',
      'request refused',
      'request undecodable',
      'callback verdict',
      'callback INVALID_RESPONSE',
      'callback undecodable',
    ]) {
      expect(kinds.get(kind) ?? 0, kind).toBeGreaterThan(5)
    }
  })

  it('of a hash that is the batch’s', () => {
    expect(decodeCallback(JSON.stringify(callbacks[0]), undefined)).toMatchObject({ hash: addressHash(address) })
  })

  it('a million levels, a million essays, a megabyte of text', () => {
    const [request] = requests
    const place = { topic: 't', partition: 0, offset: 1 }
    const withField = (field: string, value: string) =>
      JSON.stringify({ ...request, data: { ...request?.data, [field]: marker } }).replace(`"${marker}"`, () => value)
    const deep = '['.repeat(1_000_000) + ']'.repeat(1_000_000)
    expect(decodeRequest(deep, place).kind).toBe('undecodable')
    expect(decodeRequest(withField('tomorrow', deep), place).kind).toBe('message')
    expect(decodeRequest(withField('essays_for_cj', `[${'1,'.repeat(999_999)}1]`), place).kind).toBe('refused')
    expect(decodeRequest(withField('user_id', `"${'x'.repeat(1_000_000)}"`), place).kind).toBe('refused')
    expect(decodeCallback(deep, place).kind).toBe('undecodable')
  })
})
