import type { Clock, Inbound, InboundProgress, InboundRecord, Logger } from '../runtime/ports.ts'
import type { FetchedRecord, KafkaClient } from './client.ts'
import { classified } from './errors.ts'
import { GroupReader } from './group-reader.ts'

export interface KafkaInboundParts {
  readonly client: KafkaClient
  readonly groupId: string
  /** Before every topic name; records are handed on under the name without it. */
  readonly topicPrefix: string
  readonly clock: Clock
  readonly logger: Logger
  readonly onLost: (cause: unknown) => void
}

/** Where a partition stands: offset of the next record, and the timestamp of the last one read. */
interface Place {
  readonly next: number | undefined
  readonly lastAt: number
}

const giveBackMs = 1_000
/** A process that stood still may send an old offset after another's newer one: all offsets are given back anew after so many rounds. */
const roundsOfAll = 60

/**
 * The outside topics, by a consumer group that does nothing else (rules 11). Each batch is handed on before the next is
 * fetched; offsets are given back every second, so a crash repeats at most that much, under the same ids.
 */
export class KafkaInbound implements Inbound {
  readonly #parts: KafkaInboundParts
  #reader: GroupReader | undefined
  #topics: readonly string[] = []
  #places = new Map<string, Place>()
  #given = new Map<string, number>()
  #seen = new Map<string, number | undefined>()
  #cancelGiveBack: (() => void) | undefined
  #rounds = 0

  constructor(parts: KafkaInboundParts) {
    this.#parts = parts
  }

  start(topics: readonly string[], take: (records: readonly InboundRecord[]) => Promise<void>): void {
    this.#topics = topics.map((topic) => `${this.#parts.topicPrefix}${topic}`)
    this.#reader = new GroupReader({
      ...this.#parts,
      topics: this.#topics,
      onJoined: (assignment) => this.#joined(assignment),
      onRecords: (topic, partition, records) => this.#hand(topic, partition, records, take),
      onDetached: (cause) => {
        this.#places.clear()
        this.#parts.onLost(cause)
      },
      isStalled: () => this.#isStalled(),
    })
    this.#reader.start()
    this.#giveBackSoon()
  }

  async stop(): Promise<void> {
    this.#cancelGiveBack?.()
    await this.#giveBack()
    await this.#reader?.stop()
  }

  /** Where nothing is unread, everything up to the question was read; else up to the last record handed on. */
  async progress(): Promise<readonly InboundProgress[]> {
    const rows = await Promise.all(
      this.#topics.map(async (topic) => {
        const asked = this.#parts.clock.now()
        const ends = await classified(() => this.#parts.client.ends(topic))
        return ends.map(({ partition, high }) => {
          const place = this.#places.get(keyOf(topic, partition))
          const readUpTo = place?.next === undefined ? null : place.next >= high ? asked : place.lastAt
          return { topic: this.#nameOf(topic), partition, readUpTo }
        })
      }),
    )
    return rows.flat()
  }

  #joined(assignment: ReadonlyMap<string, readonly number[]>): void {
    const all = [...assignment].flatMap(([topic, partitions]) => partitions.map((partition) => keyOf(topic, partition)))
    this.#places = new Map(all.map((key) => [key, { next: undefined, lastAt: 0 }]))
    this.#given = new Map()
    void this.#findPlaces([...assignment.keys()], this.#places)
  }

  /** An idle partition brings no batch that would tell where it stands: the group's own offsets do. */
  async #findPlaces(topics: readonly string[], places: Map<string, Place>): Promise<void> {
    const { client, groupId, onLost } = this.#parts
    try {
      for (const topic of topics) {
        const [committed, ends] = await Promise.all([client.committed(groupId, topic), client.ends(topic)])
        for (const { partition, low } of ends) {
          const place = places.get(keyOf(topic, partition))
          if (place !== undefined && place.next === undefined) {
            places.set(keyOf(topic, partition), { next: committed.get(partition) ?? low, lastAt: 0 })
          }
        }
      }
    } catch (error) {
      onLost(error)
      this.#parts.clock.schedule(giveBackMs, () => void (places === this.#places && this.#findPlaces(topics, places)))
    }
  }

  async #hand(
    topic: string,
    partition: number,
    records: readonly FetchedRecord[],
    take: (records: readonly InboundRecord[]) => Promise<void>,
  ): Promise<void> {
    const places = this.#places
    const name = this.#nameOf(topic)
    await take(records.map((record) => inboundRecord(name, partition, record)))
    const last = records.at(-1)
    if (last !== undefined) {
      places.set(keyOf(topic, partition), { next: last.offset + 1, lastAt: last.timestamp })
    }
  }

  #giveBackSoon(): void {
    this.#cancelGiveBack = this.#parts.clock.schedule(giveBackMs, () => {
      void this.#giveBack().finally(() => this.#giveBackSoon())
    })
  }

  /** What could not be given back is read again: its messages are known by their ids. */
  async #giveBack(): Promise<void> {
    this.#rounds += 1
    if (this.#rounds % roundsOfAll === 0) {
      this.#given = new Map()
    }
    const given = this.#given
    const consumer = this.#reader?.consumer
    const moved = [...this.#places].flatMap(([key, { next }]) => (next === undefined || given.get(key) === next ? [] : [{ key, next }]))
    if (consumer === undefined || moved.length === 0) {
      return
    }
    try {
      await consumer.commit(moved.map(({ key, next }) => ({ ...placeOf(key), offset: next })))
      for (const { key, next } of moved) {
        given.set(key, next)
      }
    } catch {
      // The next round gives them back.
    }
  }

  async #isStalled(): Promise<boolean> {
    const before = this.#seen
    this.#seen = new Map([...this.#places].map(([key, { next }]) => [key, next]))
    const ends = await Promise.all(this.#topics.map(async (topic) => ({ topic, rows: await this.#parts.client.ends(topic) })))
    return ends.some(({ topic, rows }) =>
      rows.some(({ partition, high }) => {
        const next = this.#seen.get(keyOf(topic, partition))
        return next !== undefined && next < high && before.get(keyOf(topic, partition)) === next
      }),
    )
  }

  #nameOf(topic: string): string {
    return topic.slice(this.#parts.topicPrefix.length)
  }
}

function inboundRecord(topic: string, partition: number, { offset, timestamp, value, headers }: FetchedRecord): InboundRecord {
  const { traceparent } = headers
  return { topic, partition, offset, timestamp, value, ...(traceparent === undefined ? {} : { traceparent }) }
}

function keyOf(topic: string, partition: number): string {
  return `${topic}/${partition}`
}

function placeOf(key: string): { readonly topic: string; readonly partition: number } {
  const slash = key.lastIndexOf('/')
  return { topic: key.slice(0, slash), partition: Number(key.slice(slash + 1)) }
}
