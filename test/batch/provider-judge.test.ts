import { afterEach, describe, expect, it } from 'vitest'
import { comparisonId } from '../../src/batch/comparison-id.ts'
import type { ComparisonRequest, Judge, JudgeScope } from '../../src/batch/judge.ts'
import { noBrief } from '../../src/batch/judging-brief.ts'
import { isPermanentPost } from '../../src/batch/post-error.ts'
import { batchSettings, type BatchSettings } from '../../src/batch/settings.ts'
import { providerJudge } from '../../src/batch/tasks/provider-judge.ts'
import type { Logger } from '../../src/runtime/ports.ts'
import { silentLogger, systemClock } from '../../src/runtime/system.ts'
import { isTaskDelay } from '../../src/runtime/task-delay.ts'
import { seededRandom } from '../../src/testing/seeded.ts'
import { queued } from '../support/batch-over-http.ts'
import { type LoopbackServer, loopbackServer, type Received, type Reply } from '../support/loopback-server.ts'

const servers: LoopbackServer[] = []
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server[Symbol.asyncDispose]()))
})

async function serverOf(reply: (request: Received) => Reply): Promise<LoopbackServer> {
  const server = await loopbackServer(reply)
  servers.push(server)
  return server
}

/** As pupils write, in Swedish, with what JSON escapes. */
const essay = 'SECRET: I går gick jag "hem"\noch när jag kom fram såg jag att dörren stod öppen. '.repeat(50)

const quick = { firstMs: 10, maxMs: 40 }

function judgeOf(
  url: string,
  more: { readonly settings?: Partial<BatchSettings>; readonly logger?: Logger; readonly timeoutMs?: number } = {},
): Judge {
  return providerJudge({
    url: `${url}/api/v1`,
    callbackTopic: 'callbacks.v1',
    clock: systemClock,
    random: seededRandom('judge'),
    backOff: quick,
    logger: more.logger ?? silentLogger,
    settings: { ...batchSettings, ...more.settings },
    ...(more.timeoutMs === undefined ? {} : { timeoutMs: more.timeoutMs }),
  })
}

function comparisonOf(slot = 0): ComparisonRequest {
  return {
    id: comparisonId('batch/b', slot, 1),
    batchId: 'b',
    slot,
    attempt: 1,
    essayA: { id: 'e-1', text: essay },
    essayB: { id: 'e-2', text: 'Another one.' },
    brief: noBrief,
  }
}

function scopeOf(signal = new AbortController().signal): JudgeScope {
  return { signal, idempotencyKey: 'k', traceparent: null, answer: async () => {} }
}

interface Outcome {
  readonly kind: 'accepted' | 'waits' | 'counts' | 'for good'
  readonly code?: unknown
  readonly ms?: number
  readonly message?: string
}

/** How a post ends, as the runtime tells it apart. */
async function submit(judge: Judge, comparison = comparisonOf()): Promise<Outcome> {
  try {
    await judge.submit(comparison, scopeOf())
    return { kind: 'accepted' }
  } catch (error) {
    const message = (error as Error).message
    return isTaskDelay(error)
      ? { kind: 'waits', ms: error.ms, message }
      : { kind: isPermanentPost(error) ? 'for good' : 'counts', code: Reflect.get(error as object, 'code'), message }
  }
}

const full = (outer: object): object => ({
  error: {
    code: 'REQUEST_QUEUED',
    message: 'queue full',
    correlation_id: 'c',
    service: 'llm_provider_service',
    timestamp: 't',
    details: outer,
  },
})
/** Fields that decide nothing, each of a wrong type. */
const wrongBeside = (fields: object): object => ({
  status: 7,
  message: ['no'],
  estimated_wait_minutes: '5',
  timestamp: 1_772_439_301,
  service: null,
  correlation_id: {},
  ...fields,
})
const structured = (code: string, details: object = {}): object => ({ error: { code, message: 'no', service: 's', details } })

describe('a post to the provider service', () => {
  it('is one comparison under its own id, with a trace, to /comparison', async () => {
    const server = await serverOf(() => ({ status: 202, body: queued }))
    expect(await submit(judgeOf(server.url))).toEqual({ kind: 'accepted' })
    const [received] = server.received
    expect(received).toMatchObject({ method: 'POST', path: '/api/v1/comparison' })
    expect(received?.headers).toMatchObject({
      'content-type': 'application/json',
      traceparent: expect.stringMatching(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/),
    })
    expect(JSON.parse(received?.body ?? '')).toMatchObject({ correlation_id: comparisonOf().id, callback_topic: 'callbacks.v1' })
    await submit(judgeOf(server.url), comparisonOf(1))
    const [one, other] = server.received.map(({ headers }) => String(headers['traceparent']).split('-'))
    expect(one?.[1]).toBe(other?.[1])
    expect(one?.[2]).not.toBe(other?.[2])
  })

  type Row = readonly [name: string, reply: Reply, expected: Partial<Outcome>]
  const rows: readonly Row[] = [
    ['202 with a queue id', { status: 202, body: queued }, { kind: 'accepted' }],
    ['202 with an empty queue id', { status: 202, body: { ...queued, queue_id: '' } }, { kind: 'counts', code: 'INVALID_RESPONSE' }],
    [
      '202 with a queue id that is no text',
      { status: 202, body: { ...queued, queue_id: 7 } },
      { kind: 'counts', code: 'INVALID_RESPONSE' },
    ],
    [
      '202 with a queue id beside fields that are wrong',
      { status: 202, body: wrongBeside({ queue_id: queued.queue_id }) },
      { kind: 'accepted' },
    ],
    ['202 that is no JSON', { status: 202, body: '<html>' }, { kind: 'counts', code: 'INVALID_RESPONSE' }],
    [
      '202 of a full queue',
      { status: 202, body: full({ details: { retry_after_seconds: 300, queue_size: 1_000 } }) },
      { kind: 'waits', ms: 300_000 },
    ],
    ['202 of a full queue, nested once', { status: 202, body: full({ retry_after_seconds: 20 }) }, { kind: 'waits', ms: 20_000 }],
    ['202 of a full queue, without a time', { status: 202, body: full({}) }, { kind: 'waits' }],
    [
      '202 of a full queue beside fields that are wrong',
      { status: 202, body: { error: wrongBeside({ code: 'REQUEST_QUEUED', details: { details: { retry_after_seconds: 300 } } }) } },
      { kind: 'waits', ms: 300_000 },
    ],
    ['200, which breaks the contract', { status: 200, body: queued }, { kind: 'for good', code: 'INVALID_RESPONSE' }],
    ['a redirect', { status: 307, headers: { location: '/elsewhere' } }, { kind: 'for good', code: 'INVALID_RESPONSE' }],
    [
      '400 with a sentence',
      { status: 400, body: { error: 'provider_override is missing', details: 'x' } },
      { kind: 'for good', code: 'INVALID_REQUEST' },
    ],
    ['400 PARSING_ERROR', { status: 400, body: structured('PARSING_ERROR') }, { kind: 'counts', code: 'PARSING_ERROR' }],
    ['400 of an unknown code', { status: 400, body: structured('NEW_CODE') }, { kind: 'for good', code: 'NEW_CODE' }],
    [
      '400 that calls itself retryable',
      { status: 400, body: structured('NEW_CODE', { is_retryable: true }) },
      { kind: 'counts', code: 'NEW_CODE' },
    ],
    ['401', { status: 401, body: structured('AUTHENTICATION_ERROR') }, { kind: 'for good', code: 'AUTHENTICATION_ERROR' }],
    ['403 without a body', { status: 403 }, { kind: 'for good', code: 'AUTHORIZATION_ERROR' }],
    ['404', { status: 404, body: structured('RESOURCE_NOT_FOUND') }, { kind: 'for good', code: 'RESOURCE_NOT_FOUND' }],
    ['408', { status: 408 }, { kind: 'counts', code: 'TIMEOUT' }],
    ['413', { status: 413, body: structured('LLM_CONTENT_TOO_LONG') }, { kind: 'for good', code: 'LLM_CONTENT_TOO_LONG' }],
    ['429 with seconds', { status: 429, headers: { 'retry-after': '7' }, body: structured('RATE_LIMIT') }, { kind: 'waits', ms: 7_000 }],
    ['429 without a time', { status: 429 }, { kind: 'waits' }],
    ['429 QUOTA_EXCEEDED', { status: 429, body: structured('QUOTA_EXCEEDED') }, { kind: 'for good', code: 'QUOTA_EXCEEDED' }],
    [
      '429 QUOTA_EXCEEDED whose details are a text',
      { status: 429, body: { error: wrongBeside({ code: 'QUOTA_EXCEEDED', details: 'spent' }), is_retryable: 'no' } },
      { kind: 'for good', code: 'QUOTA_EXCEEDED' },
    ],
    [
      '400 whose code is a whole text',
      { status: 400, body: { error: { code: 'not a code but a sentence', message: 'no' } } },
      { kind: 'for good', code: 'INVALID_REQUEST' },
    ],
    ['500 with a sentence', { status: 500, body: { error: 'boom', details: 'x' } }, { kind: 'counts', code: 'SERVICE_UNAVAILABLE' }],
    [
      '500 of a permanent code',
      { status: 500, body: structured('LLM_COST_LIMIT_EXCEEDED') },
      { kind: 'for good', code: 'LLM_COST_LIMIT_EXCEEDED' },
    ],
    ['502 of a gateway', { status: 502, body: '<html>Bad Gateway</html>' }, { kind: 'counts', code: 'SERVICE_UNAVAILABLE' }],
    [
      '503 with an open circuit',
      { status: 503, body: structured('CIRCUIT_BREAKER_OPEN') },
      { kind: 'counts', code: 'CIRCUIT_BREAKER_OPEN' },
    ],
    ['504', { status: 504 }, { kind: 'counts', code: 'TIMEOUT' }],
    ...[501, 505, 507, 520, 529].map((status): Row => [String(status), { status }, { kind: 'counts', code: 'SERVICE_UNAVAILABLE' }]),
    ['529 of a code that is not known', { status: 529, body: structured('NEW_CODE') }, { kind: 'counts', code: 'NEW_CODE' }],
    ['a connection that is cut', 'reset', { kind: 'counts', code: 'CONNECTION_ERROR' }],
  ]
  it.each(rows)('answered by %s', async (_, reply, expected) => {
    const server = await serverOf(() => reply)
    const outcome = await submit(judgeOf(server.url))
    const { ms: least, ...rest } = expected
    expect(outcome).toMatchObject(rest)
    if (least !== undefined) {
      expect(outcome.ms).toBeGreaterThanOrEqual(least)
      expect(outcome.ms).toBeLessThanOrEqual(1.1 * least)
    }
  })

  it('takes a Retry-After date, and holds the next post for that of a 503, which counts', async () => {
    const date = new Date(Math.ceil(Date.now() / 1_000) * 1_000 + 60_000).toUTCString()
    const server = await serverOf(() => ({ status: 429, headers: { 'retry-after': date } }))
    expect((await submit(judgeOf(server.url))).ms).toBeGreaterThan(50_000)
    server.reply = () => ({ status: 503, headers: { 'retry-after': '120' } })
    const judge = judgeOf(server.url)
    expect(await submit(judge)).toMatchObject({ kind: 'counts' })
    expect(await submit(judge)).toMatchObject({ kind: 'waits' })
    expect(server.received).toHaveLength(2)
  })

  it('that is not answered in time counts as TIMEOUT; one the batch gives up ends at once, as nothing', async () => {
    const server = await serverOf(() => 'silence')
    expect(await submit(judgeOf(server.url, { timeoutMs: 50 }))).toMatchObject({ kind: 'counts', code: 'TIMEOUT' })
    const controller = new AbortController()
    const posted = judgeOf(server.url).submit(comparisonOf(), scopeOf(controller.signal))
    controller.abort(new Error('the machine closed this task'))
    await expect(posted).rejects.toThrow('the machine closed this task')
  })

  it('to a URL that is none is refused when the judge is made', () => {
    expect(() => judgeOf('provider')).toThrow(/LLM provider service is 'provider\/api\/v1'; give http/)
  })

  it('that fails logs no text of an essay', async () => {
    const lines: unknown[] = []
    const log = (fields: object, message: string): void => void lines.push(fields, message)
    const server = await serverOf(() => 'reset')
    const judge = judgeOf(server.url, { logger: { debug: log, info: log, warn: log, error: log } })
    await server.goAway()
    for (let post = 0; post < 7; post++) {
      await submit(judge)
    }
    expect(lines).toContain('the host is away; calls to it wait')
    expect(JSON.stringify(lines)).not.toContain('SECRET')
  })

  const echoes: readonly [how: string, echo: (body: string) => string][] = [
    ['whole', (body) => body],
    ['escaped once more', (body) => JSON.stringify(body)],
    ['in ASCII', (body) => body.replaceAll(/[^ -~]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`)],
    ['as 60 characters of it', (body) => body.slice(body.indexOf('SECRET'), body.indexOf('SECRET') + 60)],
  ]
  const shapes: readonly [shape: string, body: (text: string) => object][] = [
    ['a sentence', (text) => ({ error: text, details: text })],
    ['a structured error', (text) => ({ error: { code: 'PROCESSING_ERROR', message: text, details: { input: text } } })],
    ['a code', (text) => ({ error: { code: text, message: 'no' } })],
  ]
  const statuses = [202, 400, 422, 429, 500, 503]
  const all = statuses.flatMap((status) =>
    shapes.flatMap(([shape, body]) => echoes.map(([how, echo]) => ({ status, shape, body, how, echo }))),
  )
  it.each(all)('answered $status by $shape that repeats it, $how, ends with an error that does not', async ({ status, body, echo }) => {
    const server = await serverOf((request) => ({ status, body: body(`cannot process: ${echo(request.body)}`) }))
    const { kind, message = '' } = await submit(judgeOf(server.url))
    expect(kind).not.toBe('accepted')
    expect(server.received[0]?.body).toContain('SECRET')
    expect(message).toContain(`answered ${status}`)
    expect(message).not.toContain('SECRET')
    expect(message.length).toBeLessThan(200)
  })

  it('keeps the reason that is given, in one line of 300 characters at most', async () => {
    const server = await serverOf(() => ({ status: 400, body: { error: `max_tokens\n is\u0000 too large: ${'9'.repeat(100_000)}` } }))
    const { message = '' } = await submit(judgeOf(server.url))
    expect(message).toContain('max_tokens is too large: 999')
    expect(message.length).toBeLessThan(400)
    server.reply = () => ({ status: 422, body: { error: 'essays of more than 900 words are refused' } })
    expect((await submit(judgeOf(server.url))).message).toContain('422 INVALID_REQUEST: essays of more than 900 words are refused')
  })
})

describe('a provider service that is away', () => {
  it('makes posts wait after the fifth failure, until it answers again', async () => {
    const server = await serverOf(() => ({ status: 202, body: queued }))
    const judge = judgeOf(server.url)
    await server.goAway()
    const kinds: string[] = []
    for (let post = 0; post < 6; post++) {
      kinds.push((await submit(judge)).kind)
    }
    expect(kinds).toEqual(['counts', 'counts', 'counts', 'counts', 'waits', 'waits'])
    await server.comeBack()
    await expect.poll(async () => (await submit(judge)).kind).toBe('accepted')
  })

  it('is not away while it answers others, or a probe: a poisonous post counts', async () => {
    const server = await serverOf(({ method }) => (method === 'POST' ? { status: 500 } : { status: 405 }))
    const judge = judgeOf(server.url)
    for (let post = 0; post < 12; post++) {
      expect(await submit(judge)).toMatchObject({ kind: 'counts', code: 'SERVICE_UNAVAILABLE' })
    }
    expect(server.received.filter(({ method }) => method === 'GET').map(({ path }) => path)).toEqual([
      '/api/v1/comparison',
      '/api/v1/comparison',
    ])
  })

  it('is away behind any 5xx, those that no standard knows included', async () => {
    const server = await serverOf(() => ({ status: 529 }))
    const judge = judgeOf(server.url)
    const kinds: string[] = []
    for (let post = 0; post < 6; post++) {
      kinds.push((await submit(judge)).kind)
    }
    expect(kinds).toEqual(['counts', 'counts', 'counts', 'counts', 'waits', 'waits'])
  })

  it('is given up when the patience is over', async () => {
    const server = await serverOf(() => ({ status: 503 }))
    const judge = judgeOf(server.url, { settings: { providerPatienceSeconds: 0.05 } })
    await expect.poll(() => submit(judge)).toMatchObject({ kind: 'for good', code: 'CONNECTION_ERROR' })
  })
})
