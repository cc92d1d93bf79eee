import { afterEach, expect, it } from 'vitest'
import type { Inbound, InboundProgress, InboundRecord } from '../../src/runtime/ports.ts'
import { kafkaClient } from '../support/kafka/client.ts'
import { describeWithKafka } from '../support/kafka/describe-with-kafka.ts'
import { kafkaAdapter, type KafkaAdapter, type KafkaPlace } from './kafka-adapter.ts'

describeWithKafka('the outside topics on Kafka', (kafka) => {
  const topics = ['requests.v1', 'callbacks.v1']
  const open: KafkaAdapter[] = []
  afterEach(async () => {
    await Promise.all(open.splice(0).map((adapter) => adapter.close()))
  })

  const opened = async (place?: KafkaPlace): Promise<KafkaAdapter & { readonly inbound: Inbound }> => {
    const adapter = kafkaAdapter(kafka, place)
    await adapter.broker.open({ partitions: 4, topics })
    open.push(adapter)
    return { ...adapter, inbound: adapter.inbound as Inbound }
  }

  /** Appends as a producer of the outside does. Returns the broker's time of the last one. */
  const appended = async ({ topicPrefix }: KafkaPlace, topic: string, values: readonly (string | null)[], timestamp = Date.now()) => {
    const producer = kafkaClient(kafka.brokers).producer()
    await producer.connect()
    const messages = values.map((value, index) => ({ key: `k${index}`, value, timestamp: String(timestamp) }))
    await producer.send({ topic: `${topicPrefix}${topic}`, messages })
    await producer.disconnect()
  }

  /** Takes everything, and tells when so many records were taken. */
  const taker = () => {
    const taken: InboundRecord[] = []
    let check = (): void => {}
    return {
      taken,
      take: async (records: readonly InboundRecord[]): Promise<void> => {
        taken.push(...records)
        check()
      },
      until: (count: number): Promise<void> =>
        new Promise((resolve) => {
          check = () => taken.length >= count && resolve()
          check()
        }),
    }
  }

  /** The progress once it is as wanted; asked again and again as the watermark does, also after a failure that passes: a new topic's leader moves in. */
  const progressOnce = async (inbound: Inbound, isWanted: (rows: readonly InboundProgress[]) => boolean) => {
    for (;;) {
      const rows = await inbound.progress().catch((error: unknown) => {
        expect(error).toMatchObject({ server: 'broker', kind: 'transient' })
      })
      if (rows !== undefined && isWanted(rows)) {
        return rows
      }
    }
  }
  const textOf = ({ value }: InboundRecord): string => (value === null ? 'null' : Buffer.from(value).toString('utf8'))

  it('hands on what was appended before and after it began, under the topic without its prefix, in order per partition', async () => {
    const adapter = await opened()
    const { taken, take, until } = taker()
    const before = Array.from({ length: 20 }, (_, index) => `before ${index} 🦉`)
    await appended(adapter, 'requests.v1', before, 1_700_000_000_123)
    adapter.inbound.start(topics, take)
    await until(20)
    await appended(adapter, 'callbacks.v1', ['after', null])
    await until(22)
    expect(
      taken
        .filter(({ topic }) => topic === 'requests.v1')
        .map(textOf)
        .sort(),
    ).toEqual([...before].sort())
    expect(new Set(taken.slice(0, 20).map(({ timestamp }) => timestamp))).toEqual(new Set([1_700_000_000_123]))
    expect(taken.slice(20).map(textOf).sort()).toEqual(['after', 'null'])
    expect(taken.slice(20).map(({ topic }) => topic)).toEqual(['callbacks.v1', 'callbacks.v1'])
    for (const { topic, partition } of taken) {
      const offsets = taken.filter((record) => record.topic === topic && record.partition === partition).map(({ offset }) => offset)
      expect(offsets).toEqual(offsets.map((_, index) => index))
    }
  })

  it('hands a batch on again after it was not taken', async () => {
    const adapter = await opened()
    const { taken, take, until } = taker()
    let refused = 0
    await appended(adapter, 'requests.v1', ['one', 'two', 'three'])
    adapter.inbound.start(topics, async (records) => {
      if (refused < 2) {
        refused += 1
        throw new Error('the mailbox is away')
      }
      await take(records)
    })
    await until(3)
    expect(refused).toBe(2)
    expect([...new Set(taken.map(textOf))].sort()).toEqual(['one', 'three', 'two'])
  })

  it('gives back the offsets of what was taken, so that the next one begins there', async () => {
    const first = await opened()
    const { take, until } = taker()
    const appendedAt = Date.now()
    await appended(first, 'requests.v1', ['old 1', 'old 2', 'old 3'], appendedAt)
    first.inbound.start(topics, take)
    await until(3)
    await progressOnce(first.inbound, (rows) => rows.every(({ readUpTo }) => (readUpTo ?? 0) > appendedAt))
    await first.close()
    const second = await opened(first)
    const next = taker()
    await appended(second, 'requests.v1', ['new'])
    second.inbound.start(topics, next.take)
    await next.until(1)
    await progressOnce(second.inbound, (rows) => rows.every(({ readUpTo }) => readUpTo !== null))
    expect(next.taken.map(textOf)).toEqual(['new'])
  })

  it('gives back nothing of what was not taken', async () => {
    const first = await opened()
    await appended(first, 'requests.v1', ['kept'])
    const asked = new Promise<void>((resolve) => {
      first.inbound.start(topics, () => {
        resolve()
        return Promise.reject(new Error('never'))
      })
    })
    await asked
    await first.close()
    const second = await opened(first)
    const { taken, take, until } = taker()
    second.inbound.start(topics, take)
    await until(1)
    expect(taken.map(textOf)).toEqual(['kept'])
  })

  it('has read up to the question where nothing is unread, and up to the last record taken where something is', async () => {
    const adapter = await opened()
    let release = (): void => {}
    const gate = new Promise<void>((resolve) => (release = resolve))
    let handed = 0
    adapter.inbound.start(topics, async () => {
      handed += 1
      await (handed > 1 ? gate : undefined)
    })
    const asked = Date.now()
    const idle = await progressOnce(adapter.inbound, (rows) => rows.every(({ readUpTo }) => readUpTo !== null))
    expect(idle).toHaveLength(8)
    expect(new Set(idle.map(({ topic }) => topic))).toEqual(new Set(topics))
    expect(Math.min(...idle.map(({ readUpTo }) => readUpTo as number))).toBeGreaterThanOrEqual(asked)
    await appended(adapter, 'requests.v1', ['taken'], 1_700_000_000_001)
    await progressOnce(adapter.inbound, () => handed === 1)
    await appended(adapter, 'requests.v1', ['held'], 1_700_000_000_002)
    const behind = await progressOnce(adapter.inbound, (rows) => rows.some(({ readUpTo }) => readUpTo === 1_700_000_000_001))
    expect(behind.filter(({ readUpTo }) => readUpTo === 1_700_000_000_001)).toHaveLength(1)
    release()
    await progressOnce(adapter.inbound, (rows) => rows.every(({ readUpTo }) => (readUpTo ?? 0) >= asked))
  })

  it('knows nothing of partitions that another process reads', async () => {
    const first = await opened()
    const second = await opened(first)
    first.inbound.start(topics, async () => {})
    await progressOnce(first.inbound, (rows) => rows.every(({ readUpTo }) => readUpTo !== null))
    second.inbound.start(topics, async () => {})
    const known = (rows: readonly InboundProgress[]) =>
      rows.filter(({ readUpTo }) => readUpTo !== null).map(({ topic, partition }) => `${topic}/${partition}`)
    const together = async () => {
      const rows = await Promise.all([first, second].map(({ inbound }) => progressOnce(inbound, (all) => known(all).length === 4)))
      return rows.flatMap(known).sort()
    }
    // While the group settles both may count the same partition for a moment.
    await expect.poll(together, { timeout: 30_000 }).toEqual(topics.flatMap((topic) => [0, 1, 2, 3].map((id) => `${topic}/${id}`)).sort())
  })

  it('of two prefixes do not mix', async () => {
    const [one, other] = [await opened(), await opened()]
    const [ofOne, ofOther] = [taker(), taker()]
    one.inbound.start(topics, ofOne.take)
    other.inbound.start(topics, ofOther.take)
    await appended(one, 'requests.v1', ['for one'])
    await appended(other, 'requests.v1', ['for the other'])
    await Promise.all([ofOne.until(1), ofOther.until(1)])
    expect(ofOne.taken.map(textOf)).toEqual(['for one'])
    expect(ofOther.taken.map(textOf)).toEqual(['for the other'])
  })
})
