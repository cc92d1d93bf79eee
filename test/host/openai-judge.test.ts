import { afterEach, describe, expect, it } from 'vitest'
import { comparisonId } from '../../src/batch/comparison-id.ts'
import type { ComparisonRequest } from '../../src/batch/judge.ts'
import { noBrief } from '../../src/batch/judging-brief.ts'
import { isPermanentPost } from '../../src/batch/post-error.ts'
import { verdictOf } from '../../src/batch/verdict.ts'
import { openaiJudge, type OpenaiJudgeOptions } from '../../src/host/openai-judge.ts'
import { RequestPace } from '../../src/host/request-pace.ts'
import { silentLogger, systemClock } from '../../src/runtime/system.ts'
import { isTaskDelay } from '../../src/runtime/task-delay.ts'
import { seededRandom } from '../../src/testing/seeded.ts'
import { SimulatedClock } from '../../src/testing/simulated-clock.ts'
import { type LoopbackServer, loopbackServer, type Received, type Reply } from '../support/loopback-server.ts'

const servers: LoopbackServer[] = []
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server[Symbol.asyncDispose]()))
})

const good = { winner: 'Essay B', justification: 'B argues more clearly.', confidence: 4 }

function completion(content: unknown, more: object = {}): Reply {
  const text = typeof content === 'string' ? content : JSON.stringify(content)
  return {
    status: 200,
    body: {
      model: 'small-1',
      choices: [{ finish_reason: 'stop', message: { role: 'assistant', content: text } }],
      usage: { prompt_tokens: 800, completion_tokens: 40, total_tokens: 840 },
      ...more,
    },
  }
}

async function serverOf(reply: (request: Received) => Reply): Promise<LoopbackServer> {
  const server = await loopbackServer(reply)
  servers.push(server)
  return server
}

const comparison: ComparisonRequest = {
  id: comparisonId('batch/b', 0, 1),
  batchId: 'b',
  slot: 0,
  attempt: 1,
  essayA: { id: 'e-1', text: 'The first text.' },
  essayB: { id: 'e-2', text: 'The second text.' },
  brief: noBrief,
}

interface Asked {
  readonly answers: Record<string, unknown>[]
  readonly trouble: string[]
  submit(): Promise<{ readonly kind: 'answered' | 'waits' | 'counts' | 'for good'; readonly code?: unknown; readonly ms?: number }>
}

function judgeOf(server: LoopbackServer, more: Partial<OpenaiJudgeOptions> = {}): Asked {
  const answers: Record<string, unknown>[] = []
  const trouble: string[] = []
  const judge = openaiJudge({
    baseUrl: `${server.url}/v1/`,
    model: 'small',
    apiKey: 'sk-test',
    requestsPerMinute: 0,
    clock: systemClock,
    random: seededRandom('openai'),
    logger: silentLogger,
    backOff: { firstMs: 10, maxMs: 40 },
    onTrouble: (message) => trouble.push(message),
    ...more,
  })
  const scope = {
    signal: new AbortController().signal,
    idempotencyKey: comparison.id,
    traceparent: null,
    answer: async (data: object) => void answers.push(data as Record<string, unknown>),
  }
  return {
    answers,
    trouble,
    async submit() {
      try {
        await judge.submit(comparison, scope)
        return { kind: 'answered' }
      } catch (error) {
        return isTaskDelay(error)
          ? { kind: 'waits', ms: error.ms }
          : { kind: isPermanentPost(error) ? 'for good' : 'counts', code: Reflect.get(error as object, 'code') }
      }
    },
  }
}

describe('a judge at an OpenAI-compatible endpoint', () => {
  it('asks once, under the comparison id, and hands in the verdict with its tokens and its price', async () => {
    const server = await serverOf(() => completion(good))
    const asked = judgeOf(server, { price: { input: 2, output: 10 }, assignment: 'Write about cars.', rubric: 'Clarity.' })
    expect(await asked.submit()).toEqual({ kind: 'answered' })
    expect(asked.answers).toEqual([
      {
        ...good,
        provider: 'openai',
        model: 'small-1',
        response_time_ms: expect.any(Number),
        token_usage: { prompt_tokens: 800, completion_tokens: 40, total_tokens: 840 },
        cost_estimate: (800 * 2 + 40 * 10) / 1e6,
        request_metadata: { essay_a_id: 'e-1', essay_b_id: 'e-2' },
      },
    ])
    const [received] = server.received
    expect(received).toMatchObject({
      method: 'POST',
      path: '/v1/chat/completions',
      headers: { authorization: 'Bearer sk-test', 'idempotency-key': comparison.id },
    })
    const body = JSON.parse(received?.body ?? '') as { readonly messages: readonly { readonly role: string; readonly content: string }[] }
    expect(body).toMatchObject({ model: 'small', response_format: { type: 'json_schema' } })
    expect(body.messages.map(({ role }) => role)).toEqual(['system', 'user'])
    for (const part of ['Write about cars.', 'Clarity.', 'The first text.', 'The second text.']) {
      expect(body.messages[1]?.content).toContain(part)
    }
  })

  it('needs no key where the endpoint asks for none', async () => {
    const server = await serverOf(() => completion(good))
    const judge = openaiJudge({
      baseUrl: `${server.url}/v1`,
      model: 'local',
      requestsPerMinute: 0,
      clock: systemClock,
      random: seededRandom('x'),
      logger: silentLogger,
    })
    await judge.submit(comparison, { signal: new AbortController().signal, idempotencyKey: 'k', traceparent: null, answer: async () => {} })
    expect(server.received[0]?.headers).not.toHaveProperty('authorization')
  })

  it('reads a verdict with words or a code fence around it, in parts, and A for Essay A', async () => {
    const server = await serverOf(() => completion(`Let me think.\n\`\`\`json\n${JSON.stringify({ ...good, winner: 'a' })}\n\`\`\``))
    const asked = judgeOf(server)
    await asked.submit()
    server.reply = () =>
      completion('', { choices: [{ message: { content: [{ type: 'text', text: JSON.stringify(good) }] } }], usage: null })
    await asked.submit()
    expect(asked.answers).toMatchObject([{ winner: 'Essay A' }, { winner: 'Essay B', token_usage: { total_tokens: 0 }, cost_estimate: 0 }])
  })

  const page: Reply = { status: 200, body: '<html></html>' }
  const unusable: readonly [what: string, reply: Reply][] = [
    ['no JSON', completion('Essay A is better.')],
    ['a draw', completion({ ...good, winner: 'Draw' })],
    ['a confidence of 0.8', completion({ ...good, confidence: 0.8 })],
    ['no justification', completion({ ...good, justification: ' ' })],
    [
      'half an object',
      completion('{"winner": "Essay A", "justif', { choices: [{ finish_reason: 'length', message: { content: '{"winner"' } }] }),
    ],
    ['a refusal', completion('', { choices: [{ message: { content: null, refusal: 'I cannot do that.' } }] })],
    ['no choices', completion('', { choices: [] })],
    ['a web page', page],
  ]
  it.each(unusable)('hands %s in as an error, with what it took', async (_, reply) => {
    const asked = judgeOf(await serverOf(() => reply), { price: { input: 2, output: 10 } })
    expect(await asked.submit()).toEqual({ kind: 'answered' })
    const used = reply === page ? [0, 0] : [800, 40]
    const [input = 0, output = 0] = used
    expect(asked.answers).toEqual([
      {
        error_detail: { error_code: 'INVALID_RESPONSE', message: expect.any(String), details: { provider: 'openai' } },
        provider: 'openai',
        model: reply === page ? 'small' : 'small-1',
        response_time_ms: expect.any(Number),
        token_usage: { prompt_tokens: input, completion_tokens: output, total_tokens: input + output },
        cost_estimate: (input * 2 + output * 10) / 1e6,
        request_metadata: { essay_a_id: 'e-1', essay_b_id: 'e-2' },
      },
    ])
    expect(verdictOf({ ...asked.answers[0], correlation_id: comparison.id })).toMatchObject({
      event: { winner: null, errorCode: 'INVALID_RESPONSE', details: { provider: 'openai', tokens: input + output } },
    })
    expect(asked.trouble).toHaveLength(1)
  })

  it('takes a verdict whatever is wrong beside it, and counts tokens that can be counted', async () => {
    const server = await serverOf(() => ({
      status: 200,
      body: {
        model: 7,
        choices: [{ finish_reason: 7, message: { content: JSON.stringify(good), refusal: 7 } }, 'another'],
        usage: { prompt_tokens: 800.4, completion_tokens: 'many' },
      },
    }))
    const asked = judgeOf(server)
    expect(await asked.submit()).toEqual({ kind: 'answered' })
    expect(verdictOf({ ...asked.answers[0], correlation_id: comparison.id })).toMatchObject({
      event: { winner: 'b', details: { model: 'small', tokens: 800 } },
    })
  })

  it.each([400, 422, 500])('tells none of a text that an endpoint repeats with %i', async (status) => {
    const asked = judgeOf(await serverOf(({ body }) => ({ status, body: { error: { message: `bad request: ${body}` } } })))
    await asked.submit()
    expect(asked.trouble).toEqual([`the endpoint answered ${status}: its text repeats what was sent and is not kept`])
  })

  const refusals: readonly [status: number, error: object, kind: string, code: string | undefined][] = [
    [400, { message: 'bad', code: null, param: 'messages' }, 'for good', 'INVALID_REQUEST'],
    [400, { message: 'too long', code: 'context_length_exceeded' }, 'for good', 'LLM_CONTENT_TOO_LONG'],
    [401, { message: 'Incorrect API key', code: 'invalid_api_key' }, 'for good', 'AUTHENTICATION_ERROR'],
    [403, { message: 'no' }, 'for good', 'AUTHORIZATION_ERROR'],
    [404, { message: 'no such model', code: 'model_not_found' }, 'for good', 'CONFIGURATION_ERROR'],
    [408, {}, 'counts', 'TIMEOUT'],
    [429, { message: 'pay', type: 'insufficient_quota' }, 'for good', 'QUOTA_EXCEEDED'],
    [429, { message: 'slow down', code: 'rate_limit_exceeded' }, 'waits', undefined],
    [500, {}, 'counts', 'SERVICE_UNAVAILABLE'],
    [503, {}, 'counts', 'SERVICE_UNAVAILABLE'],
  ]
  it.each(refusals)('answered %i %j', async (status, error, kind, code) => {
    const asked = judgeOf(await serverOf(() => ({ status, body: { error } })))
    expect(await asked.submit()).toMatchObject(code === undefined ? { kind } : { kind, code })
    expect(asked.trouble).toHaveLength(1)
    expect(asked.trouble[0]).toContain(String(status))
  })

  it('waits as long as the endpoint says', async () => {
    const asked = judgeOf(await serverOf(() => ({ status: 429, headers: { 'retry-after': '20' }, body: { error: 'slow down' } })))
    const { kind, ms } = await asked.submit()
    expect(kind).toBe('waits')
    expect(ms).toBeGreaterThanOrEqual(20_000)
  })

  it('asks without a parameter the endpoint refuses, from then on', async () => {
    const server = await serverOf(({ body }) => {
      const refused = ['response_format', 'temperature'].find((name) => name in (JSON.parse(body) as object))
      return refused === undefined
        ? completion(good)
        : { status: 400, body: { error: { message: `'${refused}' is not supported`, param: refused } } }
    })
    const asked = judgeOf(server)
    expect([await asked.submit(), await asked.submit()]).toEqual([{ kind: 'answered' }, { kind: 'answered' }])
    expect(server.received).toHaveLength(4)
  })

  it('calls that were under way when a parameter was first refused are asked again, too', async () => {
    const server = await serverOf(({ body }) =>
      'response_format' in (JSON.parse(body) as object)
        ? { status: 400, body: { error: { message: "'response_format' is not supported" } } }
        : completion(good),
    )
    const asked = judgeOf(server)
    const answers = await Promise.all([asked.submit(), asked.submit(), asked.submit()])
    expect(answers).toEqual([{ kind: 'answered' }, { kind: 'answered' }, { kind: 'answered' }])
    expect(asked.trouble).toEqual([])
    await asked.submit()
    expect(server.received.slice(6).map(({ body }) => 'response_format' in (JSON.parse(body) as object))).toEqual([false])
  })

  it('says what is wrong with an answer that is no verdict', async () => {
    const server = await serverOf(() => completion('Essay A is better.'))
    const asked = judgeOf(server)
    await asked.submit()
    server.reply = () => completion({ ...good, winner: 'Draw' })
    await asked.submit()
    expect(asked.trouble).toEqual([
      "the model's answer is no verdict: it holds no JSON object",
      'the model\'s answer is no verdict: winner: is neither "Essay A" nor "Essay B"',
    ])
  })

  it('waits while the endpoint is away, and tells no key', async () => {
    const server = await serverOf(() => completion(good))
    const asked = judgeOf(server)
    await server.goAway()
    const kinds: string[] = []
    for (let call = 0; call < 6; call++) {
      kinds.push((await asked.submit()).kind)
    }
    expect(kinds).toEqual(['counts', 'counts', 'counts', 'counts', 'waits', 'waits'])
    await server.comeBack()
    await expect.poll(async () => (await asked.submit()).kind).toBe('answered')
    expect(JSON.stringify(asked.trouble)).not.toContain('sk-test')
  })
})

describe('the pace of calls', () => {
  it('is at most so many a minute, evenly, whoever asks', async () => {
    const clock = new SimulatedClock()
    const pace = new RequestPace(60, clock)
    const { signal } = new AbortController()
    const start = clock.now()
    const turns: number[] = []
    const all = Promise.all(Array.from({ length: 5 }, () => pace.turn(signal).then(() => void turns.push(clock.now() - start))))
    await clock.advance(3_000)
    expect(turns).toEqual([0, 1_000, 2_000, 3_000])
    await clock.advance(1_000)
    await all
    await clock.advance(60_000)
    await pace.turn(signal)
    expect(turns).toHaveLength(5)
  })

  it('without a limit waits for nothing, and a wait ends when it is aborted', async () => {
    const clock = new SimulatedClock()
    const controller = new AbortController()
    await new RequestPace(0, clock).turn(controller.signal)
    const pace = new RequestPace(1, clock)
    await pace.turn(controller.signal)
    const waiting = pace.turn(controller.signal)
    controller.abort(new Error('the runtime stops'))
    await expect(waiting).rejects.toThrow('the runtime stops')
    await expect(new RequestPace(0, clock).turn(controller.signal)).rejects.toThrow('the runtime stops')
    expect(clock.nextAt()).toBeUndefined()
  })
})
