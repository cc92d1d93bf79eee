import { randomUUID } from 'node:crypto'
import { CompressionTypes } from 'kafkajs'
import { afterAll, expect, it } from 'vitest'
import { keepInstructions } from '../../src/batch/assignments/instructions.ts'
import { batchActor } from '../../src/batch/batch.actor.ts'
import { comparisonId } from '../../src/batch/comparison-id.ts'
import type { ComparisonRequest } from '../../src/batch/judge.ts'
import type { BatchProgress } from '../../src/batch/progress.ts'
import { topics } from '../../src/batch/wire/topics.ts'
import type { ActorDefinition } from '../../src/runtime/define-actor.ts'
import { createQuire, type Quire } from '../../src/quire.ts'
import { freshDatabase } from '../ports/adapters.ts'
import { kafkaClient } from '../support/kafka/client.ts'
import { describeWithKafka } from '../support/kafka/describe-with-kafka.ts'
import { callbackEnvelope, requestEnvelope } from '../support/kafka/platform.ts'
import { consume } from '../support/kafka/records.ts'

/** Bytes of a message at most, here; the broker itself refuses more than a megabyte. */
const maxMessageBytes = 20_000

type Value = string | Buffer | null

describeWithKafka('what the platform may send by mistake', (kafka) => {
  const stops: (() => Promise<unknown>)[] = []
  afterAll(async () => {
    for (const stop of stops.reverse()) {
      await stop()
    }
  })

  /** Topics of its own, a judge that only notes what it is asked, and a producer. */
  async function scene(name: string, partitions = 4, change = (actor: ActorDefinition): ActorDefinition => actor) {
    const topicPrefix = `${kafka.topicPrefix}${name}.`
    const asked: ComparisonRequest[] = []
    const quire = await createQuire({
      database: await freshDatabase(),
      kafka: { brokers: kafka.brokers, topicPrefix, groupId: `${kafka.groupPrefix}${name}` },
      partitions,
      maxMessageBytes,
      actors: {
        batch: change(
          batchActor({
            judge: { concurrency: 100, submit: async (comparison) => void asked.push(comparison) },
            content: { fetch: async (storageId) => `text of ${storageId}` },
          }),
        ),
      },
    })
    await quire.start()
    stops.push(() => quire.stop())
    await quire.whenIdle({ timeoutMs: 30_000 })
    const producer = kafkaClient(kafka.brokers).producer()
    await producer.connect()
    stops.push(() => producer.disconnect())
    let sent = 0
    /** Sends records and waits until each one was read and what became of it is committed. */
    const send = async (topic: string, ...values: Value[]): Promise<void> => {
      for (const value of values) {
        await producer.send({ topic: `${topicPrefix}${topic}`, messages: [{ key: null, value }] })
      }
      sent += values.length
      await reached(quire, sent)
    }
    const produce = async (topic: string, values: readonly string[], compression = CompressionTypes.None): Promise<void> => {
      const messages = values.map((value) => ({ key: null, value }))
      await producer.send({ topic: `${topicPrefix}${topic}`, messages, compression })
    }
    const published = (topic: string, count: number) =>
      consume(kafkaClient(kafka.brokers), `${topicPrefix}${topic}`, `${kafka.groupPrefix}${name}${topic}`, count)
    return { quire, asked, send, produce, published }
  }

  async function reached(quire: Quire, inbound: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const look = (): void => {
        if (quire.status.getSnapshot().context.counters.inbound >= inbound) {
          subscription.unsubscribe()
          resolve()
        }
      }
      const subscription = quire.status.subscribe(look)
      look()
    })
    await quire.whenIdle({ timeoutMs: 30_000 })
  }

  async function progressOf(quire: Quire, batch: string): Promise<BatchProgress> {
    return (await quire.inspect(`batch/${batch}`)).progress as BatchProgress
  }

  const changed = (envelope: object, data: object, rest: object = {}): string =>
    JSON.stringify({ ...envelope, ...rest, data: { ...(Reflect.get(envelope, 'data') as object), ...data } })
  const callback = ({ id, essayA, essayB }: ComparisonRequest, data: object = {}): string =>
    changed(callbackEnvelope({ id, essayA: essayA.id, essayB: essayB.id }), data)

  const failure = ({ id }: ComparisonRequest, code: string): object => {
    const detail = { error_code: code, message: 'no', service: 'llm_provider_service', operation: 'generate', details: {} }
    const error_detail = { ...detail, correlation_id: id, timestamp: new Date().toISOString() }
    return { winner: null, justification: null, confidence: null, error_detail }
  }

  it('as a request becomes a dead letter with its cause, and a failed event where somebody can be told', async () => {
    const { quire, send, published } = await scene('requests')
    const good = requestEnvelope('bad-1', 4)
    const deep = `${'['.repeat(5_000)}${']'.repeat(5_000)}`
    const cases: readonly (readonly [value: Value, cause: string])[] = [
      ['no JSON at all', 'not-json'],
      ['', 'not-json'],
      [null, 'empty-record'],
      [Buffer.from([0x7b, 0xff, 0xfe, 0x7d]), 'invalid-utf8'],
      [Buffer.from('\uFEFF[]', 'utf16le'), 'invalid-utf8'],
      ['[]', 'envelope-invalid'],
      [deep, 'envelope-invalid'],
      [JSON.stringify({ ...good, data: 7 }), 'envelope-invalid'],
      [JSON.stringify({ ...good, event_id: 'no uuid' }), 'envelope-invalid'],
      [changed(good, { entity_id: null }), 'entity-id-missing'],
      [changed(good, { entity_id: `../${'x'.repeat(600)}` }), 'entity-id-missing'],
    ]
    await send(topics.request, ...cases.map(([value]) => value))
    const letters = await quire.deadLetters({ limit: 100 })
    expect(letters.map(({ cause }) => cause).sort()).toEqual(cases.map(([, cause]) => cause).sort())
    expect(letters.every(({ message }) => message.length > 20 && message.length < 2_000)).toBe(true)
    expect(await quire.actors({ type: 'batch', limit: 10 })).toEqual([])
    const refused: readonly object[] = [
      { user_id: null },
      { essays_for_cj: 'all of them' },
      { course_code: 'MATH1' },
      { llm_config_overrides: { temperature_override: 3 } },
      { originalities: 'x'.repeat(maxMessageBytes) },
      { assignment_id: 'nobody-registered-it' },
    ]
    await send(topics.request, ...refused.map((data) => changed(good, data, { event_id: randomUUID() })))
    const told = (await published(topics.failed, refused.length)).map((text) => JSON.parse(text) as object)
    for (const event of told) {
      expect(event).toMatchObject({
        correlation_id: Reflect.get(good, 'correlation_id'),
        data: {
          entity_id: 'bad-1',
          cj_assessment_job_id: 'INITIALIZATION_FAILED',
          system_metadata: { error_info: { error_code: 'VALIDATION_ERROR' } },
        },
      })
    }
    expect(await quire.actors({ type: 'batch', limit: 10 })).toEqual([])
    // None of it stands in the way of the right one.
    await send(topics.request, JSON.stringify({ ...good, event_id: randomUUID() }))
    expect(await quire.waitFor('batch/bad-1', { state: 'WAITING_CALLBACKS' }, { timeoutMs: 30_000 })).toMatchObject({
      state: 'WAITING_CALLBACKS',
    })
    // A wrong one while it runs is kept and told to nobody: it would pass for the end of the batch.
    const before = (await quire.deadLetters({ limit: 100 })).length
    await send(topics.request, changed(good, { user_id: null }, { event_id: randomUUID() }))
    expect((await quire.deadLetters({ limit: 100 })).length).toBe(before + 1)
    expect((await quire.outputs('batch/bad-1')).length).toBe(refused.length)
  })

  it('as a request can be replayed once the cause is mended: the assignment is there now', async () => {
    const { quire, send } = await scene('replayed')
    const envelope = changed(requestEnvelope('bad-4', 4), { assignment_id: 'late-1' })
    await send(topics.request, envelope)
    const [letter] = await quire.deadLetters({ limit: 10 })
    expect(letter).toMatchObject({ kind: 'refused', cause: 'VALIDATION_ERROR', address: 'batch/bad-4', body: envelope })
    await expect(quire.replay(letter?.id ?? '')).rejects.toThrow(/still refused/)
    const instructions = { text: 'Judge how good it is.', gradeScale: 'swedish_8_anchor', contextOrigin: 'research_experiment' } as const
    await keepInstructions(quire.rows, { subject: { kind: 'assignment', id: 'late-1' }, ...instructions }, 1)
    await quire.replay(letter?.id ?? '')
    await quire.waitFor('batch/bad-4', { state: 'WAITING_CALLBACKS' }, { timeoutMs: 30_000 })
  })

  it('as a flood, and as a backlog that is small only while it is compressed, holds up nothing behind it', async () => {
    const { quire, produce } = await scene('flood', 1)
    // Each of them makes a dead letter of some 300 bytes under one address: in one batch far more than the topic takes.
    await produce(
      topics.request,
      Array.from({ length: 2_000 }, () => 'x'),
    )
    const ofOne = Array.from({ length: 400 }, (_, slot) => ({ id: comparisonId('batch/never-born', slot, 1), essayA: 'e1', essayB: 'e2' }))
    await produce(
      topics.callback,
      ofOne.map((each) => JSON.stringify(callbackEnvelope(each))),
      CompressionTypes.GZIP,
    )
    await produce(topics.request, [JSON.stringify(requestEnvelope('bad-5', 4))])
    await quire.waitFor('batch/bad-5', { state: 'WAITING_CALLBACKS' }, { timeoutMs: 60_000 })
    await expect.poll(() => quire.status.getSnapshot().context.counters.inbound, { timeout: 60_000 }).toBe(2_401)
    await quire.whenIdle({ timeoutMs: 60_000 })
    // A turn is counted after its commit, by which the runtime is known to be idle.
    await expect.poll(() => quire.status.getSnapshot().context.counters).toMatchObject({ undecodable: 2_000, ignored: 400 })
  })

  it('as a callback changes nothing it does not belong to, and the wave it belongs to does not hang', async () => {
    const { quire, asked, send } = await scene('callbacks')
    await send(topics.request, JSON.stringify(requestEnvelope('bad-2', 4)))
    await quire.waitFor('batch/bad-2', { state: 'WAITING_CALLBACKS' }, { timeoutMs: 30_000 })
    await quire.whenIdle({ timeoutMs: 30_000 })
    expect(asked).toHaveLength(6)
    const [first, second, third, ...others] = asked as [ComparisonRequest, ComparisonRequest, ComparisonRequest, ...ComparisonRequest[]]
    const nobodys = [
      callback({ ...first, id: randomUUID() }),
      callback({ ...first, id: comparisonId('batch/never-born', 0, 1) }),
      callback({ ...first, id: 'no uuid' }),
      'not JSON',
      null,
      Buffer.from([0xc3, 0x28]),
    ]
    await send(topics.callback, ...nobodys)
    // Two of them are good callbacks, of comparisons that are none of ours: the topic is shared.
    expect((await quire.deadLetters({ limit: 100 })).length).toBe(nobodys.length - 2)
    await expect.poll(() => quire.status.getSnapshot().context.counters.ignored).toBe(2)
    expect(await progressOf(quire, 'bad-2')).toMatchObject({ settled: 0, outstanding: 6 })

    // Twice, then contradicted: the first counts.
    const once = callback(first)
    await send(topics.callback, once, once, callback(first, { winner: 'Essay B' }), callback(first, { winner: 'Essay A' }))
    expect(await progressOf(quire, 'bad-2')).toMatchObject({ settled: 1, outstanding: 5, counters: { completed: 1, failed: 0 } })

    // Malformed, but joined: an error outcome, asked again when nothing is outstanding.
    await send(
      topics.callback,
      callback(second, { winner: null, error_detail: null }),
      callback(third, { confidence: 9 }),
      ...others.reverse().map((comparison) => callback(comparison)),
    )
    await quire.waitFor('batch/bad-2', { state: 'WAITING_CALLBACKS' }, { timeoutMs: 30_000 })
    expect(await progressOf(quire, 'bad-2')).toMatchObject({ settled: 4, counters: { completed: 4, failed: 2 } })
    await expect.poll(() => asked.length, { timeout: 30_000 }).toBe(8)
    const again = asked.slice(6)
    expect(again.map(({ slot, attempt }) => [slot, attempt]).sort()).toEqual(
      [
        [second.slot, 2],
        [third.slot, 2],
      ].sort(),
    )
    await send(topics.callback, ...again.map((comparison) => callback(comparison)))
    const done = await quire.waitFor('batch/bad-2', { tag: 'done' }, { timeoutMs: 30_000 })
    expect(done).toMatchObject({ state: 'COMPLETED', progress: { status: 'COMPLETE_STABLE' } })

    // After the end: kept for those who ask, without effect.
    const outputs = (await quire.outputs('batch/bad-2')).length
    await send(topics.callback, callback(second), callback(first, { winner: 'Essay B' }))
    expect((await quire.outputs('batch/bad-2')).length).toBe(outputs)
    expect((await quire.inspect('batch/bad-2')).progress).toEqual(done.progress)
    const late = (await quire.journal('batch/bad-2', { limit: 1_000 })).filter(({ ignored }) => ignored === 'the actor is done')
    expect(late).toHaveLength(2)
  })

  it('as a verdict about other essays, or an error that may pass, moves nothing on by itself: a retry has an id of its own', async () => {
    const { quire, asked, send } = await scene('others')
    await send(topics.request, JSON.stringify(requestEnvelope('bad-6', 3)))
    await expect.poll(() => asked.length, { timeout: 30_000 }).toBe(3)
    const [first, second, third] = asked as [ComparisonRequest, ComparisonRequest, ComparisonRequest]
    const crossed = { request_metadata: { essay_a_id: first.essayB.id, essay_b_id: first.essayA.id } }
    await send(topics.callback, callback(first, crossed))
    expect(await progressOf(quire, 'bad-6')).toMatchObject({ settled: 0, outstanding: 3 })
    await send(topics.callback, callback(first, failure(first, 'RATE_LIMIT')), callback(second), callback(third))
    await expect.poll(() => asked.length, { timeout: 30_000 }).toBe(4)
    const again = asked[3] as ComparisonRequest
    expect(again).toMatchObject({ slot: first.slot, attempt: 2 })
    expect(again.id).not.toBe(first.id)
    // The first attempt is over: what is still said of it counts no more.
    await send(topics.callback, callback(first), callback(again, { winner: 'Essay B' }))
    expect(await quire.waitFor('batch/bad-6', { tag: 'done' }, { timeoutMs: 30_000 })).toMatchObject({
      state: 'COMPLETED',
      progress: { counters: { submitted: 4, completed: 3, failed: 1 } },
    })
  })

  it('that the scores cannot be computed fails the batch, and says so', async () => {
    const broken = { run: () => Promise.reject(new Error('no scores today')), attempts: 1 }
    const { quire, asked, send, published } = await scene('unscored', 4, (actor) => ({
      ...actor,
      tasks: { ...actor.tasks, scoreBatch: broken },
    }))
    await send(topics.request, JSON.stringify(requestEnvelope('bad-7', 3)))
    await expect.poll(() => asked.length, { timeout: 30_000 }).toBe(3)
    await send(topics.callback, ...asked.map((comparison) => callback(comparison)))
    expect(await quire.waitFor('batch/bad-7', { tag: 'done' }, { timeoutMs: 30_000 })).toMatchObject({
      state: 'FAILED',
      progress: { status: 'ERROR_PROCESSING' },
    })
    const [told] = await published(topics.failed, 1)
    expect(JSON.parse(told ?? '{}')).toMatchObject({
      data: { entity_id: 'bad-7', system_metadata: { error_info: { error_code: 'CJ_SCORE_CONVERGENCE_FAILED' } } },
    })
    expect((await quire.outputs('batch/bad-7')).map(({ topic }) => topic)).toEqual([topics.failed])
  })

  it('that the judge never judges anything fails the batch; it is not completed', async () => {
    const { quire, asked, send, published } = await scene('failing')
    await send(topics.request, JSON.stringify(requestEnvelope('bad-3', 3)))
    await quire.waitFor('batch/bad-3', { state: 'WAITING_CALLBACKS' }, { timeoutMs: 30_000 })
    await quire.whenIdle({ timeoutMs: 30_000 })
    await send(topics.callback, ...asked.map((comparison) => callback(comparison, failure(comparison, 'INVALID_REQUEST'))))
    expect(await quire.waitFor('batch/bad-3', { tag: 'done' }, { timeoutMs: 30_000 })).toMatchObject({
      state: 'FAILED',
      progress: { status: 'ERROR_PROCESSING' },
    })
    const [told] = await published(topics.failed, 1)
    expect(JSON.parse(told ?? '{}')).toMatchObject({ data: { status: 'failed_critically', entity_id: 'bad-3' } })
  })
})
