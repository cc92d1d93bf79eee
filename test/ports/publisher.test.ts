import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { localPublisher, type OutboundEvent } from '../../src/runtime/local-publisher.ts'
import type { Publisher } from '../../src/runtime/ports.ts'
import type { OutboxRow } from '../../src/runtime/turn-rows.ts'
import { kafkaClient } from '../support/kafka/client.ts'
import { describeWithKafka, describeWithOwnKafka } from '../support/kafka/describe-with-kafka.ts'
import type { KafkaForTests } from '../support/kafka/kafka-for-tests.ts'
import { readTopic } from '../support/kafka/read-topic.ts'
import { startKafka, type TestKafka } from '../support/kafka/start-kafka.ts'
import { madeTopics, withAdmin } from '../support/kafka/with-admin.ts'
import { type KafkaAdapter, kafkaAdapter } from './kafka-adapter.ts'

/** An output as it stands outside. */
interface Delivered {
  readonly key: string
  readonly id: string
  readonly payload: string
}

interface PublisherAdapter {
  readonly publisher: Publisher
  /** The first outputs of a topic, in the order in which they became durable; waits until there are so many. */
  delivered(topic: string, count: number): Promise<readonly Delivered[]>
}

const row = (target: string, key: string, id: string, payload = `{"id":"${id}"}`): OutboxRow => {
  return { partition: 0, entry: 0, id, address: `batch/${key}`, target, key, payload, traceparent: null, createdAt: 0 }
}

/** What a publisher does while the outside is there. */
function promises(adapter: () => PublisherAdapter): void {
  it('takes outputs of several topics at once, each with its key, its id and its bytes, in order per key', async () => {
    const outputs = Array.from({ length: 60 }, (_, index) =>
      row(index % 2 === 0 ? 'even.v1' : 'odd.v1', `key-${index % 5}`, `o${index}`, `{"number":${index},"text":"Ström 🦉"}`),
    )
    const { publisher, delivered } = adapter()
    const { durable, refused } = await publisher.publish(outputs)
    expect([...durable].sort()).toEqual(outputs.map(({ id }) => id).sort())
    expect(refused).toEqual([])
    const stands = [...(await delivered('even.v1', 30)), ...(await delivered('odd.v1', 30))]
    for (const key of ['key-0', 'key-1', 'key-2', 'key-3', 'key-4']) {
      for (const topic of ['even.v1', 'odd.v1']) {
        const sent = outputs.filter((output) => output.target === topic && output.key === key)
        const parity = topic === 'even.v1' ? 0 : 1
        const found = stands.filter((output) => output.key === key && Number(output.id.slice(1)) % 2 === parity)
        expect(found).toEqual(sent.map(({ id, payload }) => ({ key, id, payload })))
      }
    }
  })

  it('offers the same output again under the same id', async () => {
    const { publisher, delivered } = adapter()
    const output = row('twice.v1', 'key', 'same')
    await publisher.publish([output])
    await publisher.publish([output])
    expect((await delivered('twice.v1', 2)).map(({ id }) => id)).toEqual(['same', 'same'])
  })
}

describe('the publisher to a callback', () => {
  const taken: OutboundEvent[] = []
  let refuses: (event: OutboundEvent) => boolean = () => false
  const publisher = localPublisher((event) => {
    if (refuses(event)) {
      throw new Error(`not now: ${event.id}`)
    }
    taken.push(event)
  })

  promises(() => ({
    publisher,
    delivered: async (topic) =>
      taken.filter((event) => event.topic === topic).map(({ key, id, payload }) => ({ key, id, payload: JSON.stringify(payload) })),
  }))

  it('holds back the later outputs of a key after one was not taken, and those of no other', async () => {
    refuses = ({ id }) => id === 'b1'
    const outputs = [row('t', 'a', 'a1'), row('t', 'b', 'b1'), row('t', 'b', 'b2'), row('t', 'a', 'a2'), row('other', 'b', 'c1')]
    expect(await publisher.publish(outputs)).toEqual({ durable: ['a1', 'a2', 'c1'], refused: [] })
    refuses = () => false
    expect(await publisher.publish([row('t', 'b', 'b1'), row('t', 'b', 'b2')])).toMatchObject({ durable: ['b1', 'b2'] })
  })

  it('throws why, when nothing could be offered', async () => {
    refuses = () => true
    await expect(publisher.publish([row('t', 'a', 'a3'), row('t', 'b', 'b3')])).rejects.toThrow('not now: a3')
    refuses = () => false
  })

  it('keeps outputs in the table when there is no callback', async () => {
    expect(await localPublisher(undefined).publish([row('t', 'a', 'kept')])).toEqual({ durable: ['kept'], refused: [] })
  })
})

describeWithKafka('the publisher on Kafka', (kafka) => {
  let adapter: KafkaAdapter
  beforeAll(async () => {
    adapter = kafkaAdapter(kafka)
    await adapter.broker.open({ partitions: 4, topics: [] })
  })
  afterAll(() => adapter.close())

  promises(() => deliveredOn(kafka, adapter))

  it('makes a topic that nobody made', async () => {
    const topic = `new-${randomUUID()}.v1`
    const names = async (): Promise<readonly string[]> => withAdmin(kafka.brokers, (admin) => admin.listTopics())
    expect(await names()).not.toContain(`${adapter.topicPrefix}${topic}`)
    expect(await adapter.publisher.publish([row(topic, 'key', 'first')])).toEqual({ durable: ['first'], refused: [] })
    expect(await names()).toContain(`${adapter.topicPrefix}${topic}`)
  })

  it('sets aside what the broker refuses for good, with the cause, and takes the rest in its order', async () => {
    const topic = 'small.v1'
    const config = { 'max.message.bytes': '2000' }
    await madeTopics(kafka.brokers, [{ topic: `${adapter.topicPrefix}${topic}`, partitions: 1, config }])
    const large = JSON.stringify({ text: 'x'.repeat(5_000) })
    const outputs = Array.from({ length: 11 }, (_, index) =>
      index === 3 || index === 8 ? row(topic, 'key', `large${index}`, large) : row(topic, 'key', `s${index}`),
    )
    const { durable, refused } = await adapter.publisher.publish([...outputs, row('beside.v1', 'key', 'beside')])
    const small = outputs.map(({ id }) => id).filter((id) => id.startsWith('s'))
    expect([...durable].sort()).toEqual([...small, 'beside'].sort())
    expect(refused.map(({ id, cause }) => `${id} ${cause}`)).toEqual(['large3 message-too-large', 'large8 message-too-large'])
    expect((await deliveredOn(kafka, adapter).delivered(topic, small.length)).map(({ id }) => id)).toEqual(small)
  })

  it('sets aside an output whose topic no broker would take the name of', async () => {
    const { durable, refused } = await adapter.publisher.publish([row('not a topic', 'key', 'lost'), row('beside.v1', 'key', 'fine')])
    expect(durable).toEqual(['fine'])
    expect(refused).toMatchObject([{ id: 'lost', cause: 'invalid-topic-exception' }])
  })
})

describeWithOwnKafka('the publisher while the broker is away', () => {
  let own: TestKafka
  let adapter: KafkaAdapter
  beforeAll(async () => {
    own = await startKafka()
    adapter = kafkaAdapter({ brokers: own.brokers, topicPrefix: 'away.', groupPrefix: 'away.' })
    await adapter.broker.open({ partitions: 4, topics: ['events.v1'] })
  })
  afterAll(async () => {
    await adapter.close()
    await own.stopAll()
  })

  it('throws that it is away, tells the supervisor, and loses nothing', async () => {
    const { publisher, delivered } = deliveredOn(own, adapter)
    const outputs = ['one', 'two', 'three'].map((id) => row('events.v1', 'key', id))
    await publisher.publish(outputs.slice(0, 1))
    const told = new Promise<unknown>((resolve) => adapter.broker.onLost(resolve))
    await own.kill(1)
    await expect(publisher.publish(outputs.slice(1))).rejects.toMatchObject({ server: 'broker', kind: 'transient' })
    expect(await told).toMatchObject({ server: 'broker', kind: 'transient' })
    await own.start(1)
    await own.whenReady()
    expect(await publisher.publish(outputs.slice(1))).toEqual({ durable: ['two', 'three'], refused: [] })
    expect((await delivered('events.v1', 3)).map(({ id }) => id)).toEqual(['one', 'two', 'three'])
  })
})

function deliveredOn(kafka: Pick<KafkaForTests, 'brokers'>, adapter: KafkaAdapter): PublisherAdapter {
  return {
    publisher: adapter.publisher,
    async delivered(topic, count) {
      const records = await readTopic(
        kafkaClient(kafka.brokers),
        `${adapter.topicPrefix}${topic}`,
        `${adapter.groupId}.${randomUUID()}`,
        count,
      )
      return records.map(({ key, value, headers }) => ({ key: String(key), id: String(headers?.id), payload: String(value) }))
    },
  }
}
