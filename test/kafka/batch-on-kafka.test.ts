import { randomUUID } from 'node:crypto'
import { afterAll, expect, it } from 'vitest'
import { batchActor } from '../../src/batch/batch.actor.ts'
import type { Judge } from '../../src/batch/judge.ts'
import { topics } from '../../src/batch/wire/topics.ts'
import { createQuire, type Quire } from '../../src/quire.ts'
import { freshDatabase } from '../ports/adapters.ts'
import { kafkaClient } from '../support/kafka/client.ts'
import { describeWithKafka } from '../support/kafka/describe-with-kafka.ts'
import { callbackEnvelope, requestEnvelope } from '../support/kafka/platform.ts'
import { readTopic } from '../support/kafka/read-topic.ts'
import { upstream, upstreamTraceparent } from '../support/spans.ts'

const traceIdOf = (traceparent: string): string => traceparent.split('-')[1] ?? ''

describeWithKafka('a batch on the topics of the platform', (kafka) => {
  const stops: (() => Promise<unknown>)[] = []
  afterAll(async () => {
    for (const stop of stops.reverse()) {
      await stop()
    }
  })

  /** A provider that accepts a post and calls back by Kafka. */
  async function provider(prefix: string): Promise<Judge & { readonly asked: string[]; readonly traces: ReadonlySet<string> }> {
    const producer = kafkaClient(kafka.brokers).producer()
    await producer.connect()
    stops.push(() => producer.disconnect())
    const asked: string[] = []
    const traces = new Set<string>()
    return {
      asked,
      traces,
      async submit({ id, essayA, essayB }, { traceparent }) {
        asked.push(id)
        traces.add(traceIdOf(traceparent ?? ''))
        const value = JSON.stringify(callbackEnvelope({ id, essayA: essayA.id, essayB: essayB.id }))
        await producer.send({ topic: `${prefix}${topics.callback}`, messages: [{ value }] })
      },
    }
  }

  async function running(prefix: string, judge: Judge): Promise<Quire> {
    const quire = await createQuire({
      database: await freshDatabase(),
      kafka: { brokers: kafka.brokers, topicPrefix: prefix, groupId: `${kafka.groupPrefix}batch` },
      partitions: 4,
      actors: { batch: batchActor({ judge, content: { fetch: async (storageId) => `text of ${storageId}` } }) },
    })
    await quire.start()
    return quire
  }

  it('is requested, judged and published on Kafka alone: six callbacks, three events, nothing asked twice', async () => {
    const prefix = `${kafka.topicPrefix}batch.`
    const judge = await provider(prefix)
    const quire = await running(prefix, judge)
    stops.push(() => quire.stop())
    await quire.whenIdle({ timeoutMs: 30_000 })
    const producer = kafkaClient(kafka.brokers).producer()
    await producer.connect()
    stops.push(() => producer.disconnect())
    const request = requestEnvelope('bos-1', 4)
    for (const value of [JSON.stringify(request), JSON.stringify(request), 'no JSON at all']) {
      await producer.send({
        topic: `${prefix}${topics.request}`,
        messages: [{ key: 'bos-1', value, headers: { traceparent: upstreamTraceparent } }],
      })
    }
    const done = await quire.waitFor('batch/bos-1', { tag: 'done' }, { timeoutMs: 60_000 })
    expect(done).toMatchObject({ state: 'COMPLETED', progress: { status: 'COMPLETE_STABLE' } })
    expect(new Set(judge.asked).size).toBe(6)
    expect(judge.asked).toHaveLength(6)
    expect(judge.traces).toEqual(new Set([upstream.traceId]))
    // Another request of the same batch, of another correlation id, is answered once; the batch has no second life.
    const other = { ...request, event_id: randomUUID(), correlation_id: randomUUID() }
    await producer.send({ topic: `${prefix}${topics.request}`, messages: [{ key: 'bos-1', value: JSON.stringify(other) }] })
    await expect.poll(() => quire.status.getSnapshot().context.counters.inbound, { timeout: 30_000 }).toBe(10)
    await quire.whenIdle({ timeoutMs: 30_000 })
    const [answer] = await readTopic(kafkaClient(kafka.brokers), `${prefix}${topics.failed}`, `${kafka.groupPrefix}failed`, 1)
    expect(JSON.parse(String(answer?.value))).toMatchObject({
      correlation_id: other.correlation_id,
      data: { entity_id: 'bos-1', system_metadata: { error_info: { reason: 'already_assessed' } } },
    })
    await quire.whenIdle({ timeoutMs: 30_000 })
    // Each of its topics holds one record, and no more: what was told of the batch, and the answer.
    const admin = kafkaClient(kafka.brokers).admin()
    await admin.connect()
    stops.push(() => admin.disconnect())
    for (const topic of [topics.completed, topics.result, topics.resource, topics.failed]) {
      const ends = await admin.fetchTopicOffsets(`${prefix}${topic}`)
      expect(ends.reduce((sum, { high, low }) => sum + Number(high) - Number(low), 0)).toBe(1)
    }
    for (const topic of [topics.completed, topics.result, topics.resource]) {
      const [record] = await readTopic(kafkaClient(kafka.brokers), `${prefix}${topic}`, `${kafka.groupPrefix}${topic}`, 1)
      expect(traceIdOf(String(record?.headers?.['traceparent']))).toBe(upstream.traceId)
      expect(JSON.parse(String(record?.value))).toMatchObject({
        correlation_id: Reflect.get(request, 'correlation_id'),
        data: { entity_id: 'bos-1' },
      })
    }
    const counted = { inbound: 10, undecodable: 1, deadLetters: 1, duplicates: 1 }
    await expect.poll(() => quire.status.getSnapshot().context.counters).toMatchObject(counted)
  })
})
