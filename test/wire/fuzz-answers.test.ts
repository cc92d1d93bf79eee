import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { comparisonId } from '../../src/batch/comparison-id.ts'
import { PostRefused } from '../../src/batch/post-error.ts'
import { readProviderAnswer } from '../../src/batch/tasks/provider-answer.ts'
import { verdictOf } from '../../src/batch/verdict.ts'
import { type ChatUse, readChatAnswer } from '../../src/host/chat-completion.ts'
import { assertLossless } from '../../src/runtime/strict-json.ts'
import { anyText, nearlyValid, seed } from './nasty.ts'

/** For each reader, half of them nearly valid. */
const inputs = 25_000
const run = { seed, numRuns: inputs / 2 }

const now = 1_772_439_301_000
const sent = ['Which of these two essays is the better one, and why do you think so?']

const details = { queue_size: 1_000, is_retryable: true, details: { retry_after_seconds: 300 } }
const structured = { code: 'REQUEST_QUEUED', message: 'full', correlation_id: 'c', service: 's', timestamp: 't', details }
const ofProvider = [
  { queue_id: 'q', status: 'queued', message: 'ok', estimated_wait_minutes: 5 },
  { error: structured, is_retryable: false },
  { error: { ...structured, code: 'QUOTA_EXCEEDED' } },
  { error: 'provider_override is missing', details: 'x', correlation_id: 'c' },
]

const verdict = '```{"winner": "Essay A", "justification": "It is clearer.", "confidence": 4}```'
const choice = (content: unknown) => ({ finish_reason: 'stop', message: { role: 'assistant', content, refusal: null } })
const usage = { prompt_tokens: 800, completion_tokens: 40, total_tokens: 840 }
const ofChat = [
  { model: 'm', choices: [choice(verdict)], usage },
  { model: 'm', choices: [choice([{ type: 'text', text: verdict }])], usage },
  { model: 'm', choices: [choice('I cannot.')], usage },
  { error: { message: 'temperature is not supported', type: 'invalid_request_error', param: 'temperature', code: 'unsupported' } },
  { error: 'slow down' },
]

const comparison = comparisonId('batch/a5a50000-0000-4000-8000-000000000001', 5, 2)
const answered = { correlation_id: comparison, provider: 'mock', model: 'm', response_time_ms: 5, token_usage: usage, cost_estimate: 0.01 }
const ofJudges = [
  { ...answered, winner: 'Essay A', justification: 'clearer', confidence: 4, request_metadata: { essay_a_id: 'a', essay_b_id: 'b' } },
  { ...answered, error_detail: { error_code: 'TIMEOUT', message: 'late', details: { provider: 'mock' } } },
]

const status = fc.oneof(fc.constantFrom(200, 202, 400, 401, 404, 408, 413, 422, 429, 500, 503, 529), fc.integer({ min: 100, max: 999 }))
const retryAfter = fc.constantFrom(undefined, '', '7', '-1', '1e999', '99999999999', 'Wed, 21 Oct 2015 07:28:00 GMT', '9'.repeat(400))
const answer = (text: fc.Arbitrary<string>) => fc.record({ status, retryAfter, text, isCutOff: fc.boolean() })
type Answer = Parameters<typeof readChatAnswer>[0]

function expectWait(ms: number | undefined): void {
  if (ms !== undefined && !(ms >= 0 && ms <= 3_600_000)) {
    throw new Error(`no wait: ${ms}`)
  }
}

function expectKeepable(error: { readonly code: string; readonly message: string }): void {
  if (!(error instanceof PostRefused) || !/^[\w.:-]{1,64}$/.test(error.code)) {
    throw new Error(`no refusal: ${JSON.stringify(error)}`)
  }
  expectShort(error.message)
}

function expectShort(sentence: string): void {
  if (sentence === '' || sentence.length > 450 || /\p{Cc}/u.test(sentence) || !sentence.isWellFormed()) {
    throw new Error(`not to be kept: ${JSON.stringify(sentence)}`)
  }
}

function checkProvider(given: Answer): string {
  const said = readProviderAnswer(given, { now, sent })
  switch (said.kind) {
    case 'accepted':
      if (given.status !== 202 || said.queueId.trim() === '') {
        throw new Error(`accepted by ${JSON.stringify(given)}`)
      }
      break
    case 'wait':
      expectWait(said.ms)
      expectShort(said.reason)
      break
    case 'refused':
      expectWait(said.retryAfterMs)
      expectKeepable(said.error)
  }
  return said.kind
}

function expectUse({ model, promptTokens, completionTokens }: ChatUse): void {
  if (
    model === '' ||
    model.length > 200 ||
    !Number.isSafeInteger(promptTokens + completionTokens) ||
    promptTokens < 0 ||
    completionTokens < 0
  ) {
    throw new Error(`not to be counted: ${JSON.stringify({ model, promptTokens, completionTokens })}`)
  }
}

function checkChat(given: Answer): string {
  const said = readChatAnswer(given, { model: 'asked', now, sent })
  switch (said.kind) {
    case 'verdict':
    case 'unusable':
      expectUse(said.use)
      if (said.kind === 'unusable') {
        expectShort(said.reason)
      } else if (!/^Essay [AB]$/.test(said.verdict.winner) || !(said.verdict.confidence >= 1 && said.verdict.confidence <= 5)) {
        throw new Error(`no verdict: ${JSON.stringify(said)}`)
      }
      break
    case 'wait':
      expectWait(said.ms)
      expectShort(said.reason)
      break
    case 'refused':
      expectKeepable(said.error)
  }
  return said.kind
}

function checkVerdict(text: string): string {
  const joined = verdictOf(jsonOf(text))
  if ('problem' in joined) {
    return joined.problem
  }
  const { winner, errorCode } = joined.event
  assertLossless(joined.event, 'event')
  if ((winner === null) === (errorCode === null)) {
    throw new Error(`no verdict: ${JSON.stringify(joined)}`)
  }
  return errorCode ?? 'verdict'
}

/** What a judge in this process may hand in: any value, also the text itself. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

describe.each([
  ['the provider', checkProvider, ofProvider, ['accepted', 'wait', 'refused']],
  ['a chat endpoint', checkChat, ofChat, ['verdict', 'unusable', 'wait', 'unsupported', 'refused']],
] as const)('an answer of %s is one of its kinds, whatever it is', (_, check, messages, kinds) => {
  it('nearly valid', () => {
    fc.assert(
      fc.property(answer(nearlyValid(messages)), (given) => void check(given)),
      run,
    )
  })

  it('any text', () => {
    fc.assert(
      fc.property(answer(anyText), (given) => void check(given)),
      run,
    )
  })

  it('and every kind is reached', () => {
    const reached = fc.sample(answer(nearlyValid(messages)), { seed, numRuns: 1_000 }).map(check)
    expect(new Set(reached)).toEqual(new Set(kinds))
  })
})

describe('an answer of a judge in this process is a verdict, an error, or joined with nothing, whatever it is', () => {
  it('nearly valid', () => {
    fc.assert(
      fc.property(nearlyValid(ofJudges), (text) => void checkVerdict(text)),
      run,
    )
  })

  it('any value', () => {
    fc.assert(
      fc.property(anyText, (text) => void checkVerdict(text)),
      run,
    )
  })

  it('and every kind is reached', () => {
    const reached = new Set(fc.sample(nearlyValid(ofJudges), { seed, numRuns: 1_000 }).map(checkVerdict))
    for (const kind of ['verdict', 'TIMEOUT', 'INVALID_RESPONSE', 'correlation_id is no comparison id']) {
      expect(reached).toContain(kind)
    }
  })
})
