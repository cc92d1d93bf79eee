import { afterEach, describe, expect, it } from 'vitest'
import { batchActor } from '../../src/batch/batch.actor.ts'
import { comparisonId } from '../../src/batch/comparison-id.ts'
import type { ComparisonRequest, Judge, JudgeScope } from '../../src/batch/judge.ts'
import { noBrief } from '../../src/batch/judging-brief.ts'
import { isPermanentPost } from '../../src/batch/post-error.ts'
import type { BatchProgress } from '../../src/batch/progress.ts'
import { batchAddress, batchInput, type BatchRequest } from '../../src/batch/request.ts'
import { batchSettings, type BatchSettings } from '../../src/batch/settings.ts'
import { contentService } from '../../src/batch/tasks/content-service.ts'
import { providerJudge } from '../../src/batch/tasks/provider-judge.ts'
import { verdictOf } from '../../src/batch/verdict.ts'
import { type ProviderRequest, providerRequest } from '../../src/batch/wire/provider-request.ts'
import { createQuire, type Quire } from '../../src/quire.ts'
import type { Logger } from '../../src/runtime/ports.ts'
import { silentLogger, systemClock } from '../../src/runtime/system.ts'
import { isTaskDelay } from '../../src/runtime/task-delay.ts'
import { seededRandom } from '../../src/testing/seeded.ts'
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

const queued = { queue_id: '5d3c0a52-3a51-4b2c-8f6f-6a0e3f5a7c10', status: 'queued', message: 'ok', estimated_wait_minutes: null }
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
    essayA: { id: 'e-1', text: 'SECRET-A' },
    essayB: { id: 'e-2', text: 'SECRET-B' },
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

  const rows: readonly [name: string, reply: Reply, expected: Partial<Outcome>][] = [
    ['202 with a queue id', { status: 202, body: queued }, { kind: 'accepted' }],
    ['202 with an empty queue id', { status: 202, body: { ...queued, queue_id: '' } }, { kind: 'counts', code: 'INVALID_RESPONSE' }],
    [
      '202 with a queue id that is no text',
      { status: 202, body: { ...queued, queue_id: 7 } },
      { kind: 'counts', code: 'INVALID_RESPONSE' },
    ],
    ['202 that is no JSON', { status: 202, body: '<html>' }, { kind: 'counts', code: 'INVALID_RESPONSE' }],
    [
      '202 of a full queue',
      { status: 202, body: full({ details: { retry_after_seconds: 300, queue_size: 1_000 } }) },
      { kind: 'waits', ms: 300_000 },
    ],
    ['202 of a full queue, nested once', { status: 202, body: full({ retry_after_seconds: 20 }) }, { kind: 'waits', ms: 20_000 }],
    ['202 of a full queue, without a time', { status: 202, body: full({}) }, { kind: 'waits' }],
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

  it('logs no text of an essay, and no error tells one', async () => {
    const lines: unknown[] = []
    const log = (fields: object, message: string): void => void lines.push(fields, message)
    const server = await serverOf(() => 'reset')
    const judge = judgeOf(server.url, { logger: { debug: log, info: log, warn: log, error: log } })
    await server.goAway()
    const outcomes: Outcome[] = []
    for (let post = 0; post < 7; post++) {
      outcomes.push(await submit(judge))
    }
    expect(lines).toContain('the host is away; calls to it wait')
    expect(JSON.stringify([lines, outcomes])).not.toContain('SECRET')
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

  it('is given up when the patience is over', async () => {
    const server = await serverOf(() => ({ status: 503 }))
    const judge = judgeOf(server.url, { settings: { providerPatienceSeconds: 0.05 } })
    await expect.poll(() => submit(judge)).toMatchObject({ kind: 'for good', code: 'CONNECTION_ERROR' })
  })
})

/** A service of both kinds: texts, and a provider that answers by the mailbox of `quire`, the lower essay id winning. */
interface World {
  readonly texts: LoopbackServer
  readonly provider: LoopbackServer
  readonly quire: Quire
  progress(): Promise<BatchProgress>
}

const address = batchAddress('b')

async function worldOf(
  settings: Partial<BatchSettings> = {},
  texts: (request: Received) => Reply = () => ({ status: 200, body: 'A text.' }),
): Promise<World> {
  const given = { ...batchSettings, ...settings }
  const ports = { clock: systemClock, random: seededRandom('world'), logger: silentLogger, settings: given, backOff: quick }
  const content = await serverOf(texts)
  const provider = await serverOf(() => ({ status: 202, body: queued }))
  const judge = providerJudge({ ...ports, url: `${provider.url}/api/v1`, callbackTopic: 'callbacks.v1' })
  const quire = await createQuire({
    database: 'memory:',
    partitions: 4,
    actors: { batch: batchActor({ judge, content: contentService({ ...ports, url: `${content.url}/content` }), settings: given }) },
  })
  provider.reply = (request) => {
    if (request.method === 'POST') {
      void sendVerdict(quire, providerRequest.parse(JSON.parse(request.body)))
    }
    return { status: 202, body: queued }
  }
  await quire.start()
  return { texts: content, provider, quire, progress: async () => (await quire.inspect(address)).progress as BatchProgress }
}

async function sendVerdict(quire: Quire, { correlation_id, metadata }: ProviderRequest): Promise<void> {
  const winner = metadata.essay_a_id < metadata.essay_b_id ? 'Essay A' : 'Essay B'
  const data = { correlation_id, winner, justification: 'better', confidence: 4, provider: 'mock', model: 'm', request_metadata: metadata }
  const decoded = verdictOf(data)
  if ('problem' in decoded) {
    throw new Error(decoded.problem)
  }
  await quire.send(address, decoded.event, { id: correlation_id })
}

function create(quire: Quire, settings: Partial<BatchSettings> = {}, request: Partial<BatchRequest> = {}): Promise<unknown> {
  const essays = ['e0', 'e1', 'e2', 'e3'].map((id) => ({ id, storageId: `store/${id}` }))
  return quire.create(address, batchInput({ batchId: 'b', userId: 'u', essays, ...request }, settings), { id: 'create' })
}

describe('a batch over HTTP', () => {
  it('fetches its texts, posts its comparisons and is ranked', async () => {
    const { texts, provider, quire, progress } = await worldOf()
    await using _ = quire
    await create(quire)
    await quire.waitFor(address, { tag: 'done' })
    expect(await progress()).toMatchObject({ status: 'COMPLETE_STABLE', counters: { submitted: 6, completed: 6, failed: 0 } })
    expect(texts.received.map(({ path }) => path).sort()).toEqual(['e0', 'e1', 'e2', 'e3'].map((id) => `/content/store%2F${id}`))
    expect(provider.received).toHaveLength(6)
  })

  it('tells the provider what its request asked for, with the prompt of the students', async () => {
    const { provider, quire } = await worldOf({}, ({ path }) => ({
      status: 200,
      body: path.endsWith('p') ? 'Write about cars.' : 'A text.',
    }))
    await using _ = quire
    const llm = { provider: 'anthropic', temperature: 0, judgeRubric: 'Wit first.' }
    await create(quire, {}, { promptStorageId: 'store/p', llm, batchingMode: 'per_request' })
    await quire.waitFor(address, { tag: 'done' })
    expect(provider.received).toHaveLength(6)
    for (const { body } of provider.received) {
      const posted = providerRequest.parse(JSON.parse(body))
      expect(posted).toMatchObject({
        user_prompt: expect.stringMatching(/Write about cars\.[^]*Wit first\./),
        user_id: 'u',
        llm_config_overrides: { provider_override: 'anthropic', temperature_override: 0 },
        metadata: { cj_llm_batching_mode: 'per_request' },
      })
    }
  })

  it('goes on without a prompt that cannot be had, and says why', async () => {
    const { provider, quire, progress } = await worldOf({}, ({ path }) =>
      path.endsWith('p') ? { status: 404 } : { status: 200, body: 'A text.' },
    )
    await using _ = quire
    await create(quire, {}, { promptStorageId: 'store/p' })
    await quire.waitFor(address, { tag: 'done' })
    expect(await progress()).toMatchObject({ status: 'COMPLETE_STABLE', counters: { completed: 6 } })
    expect(provider.received.every(({ body }) => !body.includes('Student Assignment'))).toBe(true)
    const notes = (await quire.journal(address)).flatMap((entry) => entry.notes ?? [])
    expect(notes).toContainEqual(expect.objectContaining({ prompt: 'missing', reason: 'RESOURCE_NOT_FOUND' }))
  })

  it('drops an essay only for a 404 or an empty text', async () => {
    const { quire, progress } = await worldOf({}, ({ path }) => {
      const replies: Readonly<Record<string, Reply>> = { e0: { status: 404 }, e1: { status: 200, body: '  ' } }
      return replies[path.slice(-2)] ?? { status: 200, body: 'A text.' }
    })
    await using _ = quire
    await create(quire)
    await quire.waitFor(address, { tag: 'done' })
    expect(await progress()).toMatchObject({ workCap: 1, counters: { completed: 1 } })
  })

  it('waits for a content service that is away, and loses no essay', async () => {
    const { texts, quire, progress } = await worldOf()
    await using _ = quire
    await texts.goAway()
    await create(quire)
    await expect.poll(async () => (await quire.inspect(address)).tasks.filter(({ lastError }) => lastError !== null).length).toBe(4)
    await texts.comeBack()
    await quire.waitFor(address, { tag: 'done' })
    expect(await progress()).toMatchObject({ status: 'COMPLETE_STABLE', counters: { completed: 6 } })
  })

  it('fails with ERROR_ESSAY_PROCESSING when the content service stays away, or refuses, never with a smaller ranking', async () => {
    const text = { status: 200, body: 'A text.' }
    const cases = [() => ({ status: 503 }), ({ path }: Received) => (path.endsWith('e0') ? { status: 403 } : text)]
    for (const reply of cases) {
      const { quire, progress } = await worldOf({ providerPatienceSeconds: 0.2 }, reply)
      await using _ = quire
      await create(quire)
      await quire.waitFor(address, { tag: 'done' }, { timeoutMs: 30_000 })
      expect(await progress()).toMatchObject({ status: 'ERROR_ESSAY_PROCESSING', end: { errorCode: 'CONTENT_SERVICE_ERROR' } })
    }
  })

  it('outlasts an outage of the provider: nothing is counted while it lasts, and all is judged after it', async () => {
    const { provider, quire, progress } = await worldOf()
    await using _ = quire
    await provider.goAway()
    await create(quire)
    const waiting = async (): Promise<number> =>
      (await quire.inspect(address)).tasks.filter(({ lastError }) => lastError?.includes('is away') === true).length
    await expect.poll(waiting, { timeout: 20_000 }).toBeGreaterThanOrEqual(3)
    const failedBefore = (await progress()).counters.failed
    await expect.poll(async () => (await quire.inspect(address)).tasks.every(({ attempt }) => attempt <= 3)).toBe(true)
    await provider.comeBack()
    await quire.waitFor(address, { tag: 'done' }, { timeoutMs: 30_000 })
    expect(failedBefore).toBe(0)
    expect(await progress()).toMatchObject({ status: 'COMPLETE_STABLE', counters: { submitted: 6, completed: 6, failed: 0 } })
  })

  it('counter-test: without the circuit the same outage costs its attempts', async () => {
    const settings = { providerPatienceSeconds: 0, maxRetryAttempts: 0 }
    const { provider, quire, progress } = await worldOf(settings)
    await using _ = quire
    await provider.goAway()
    await create(quire, settings)
    await quire.waitFor(address, { tag: 'done' }, { timeoutMs: 30_000 })
    expect(await progress()).toMatchObject({ status: 'ERROR_PROCESSING', end: { errorCode: 'CONNECTION_ERROR' } })
  })
})
