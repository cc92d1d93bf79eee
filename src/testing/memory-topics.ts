import type { FetchedRecord, NewRecord, TopicEnds, TopicSpec } from '../kafka/client.ts'

/** A record and where it lies. */
export interface PlacedRecord extends FetchedRecord {
  readonly topic: string
  readonly partition: number
}

/** Partitions of a topic nobody gave a number. */
const brokerDefault = 1

/** The topics of a cluster in memory: what was acknowledged stays. */
export class MemoryTopics {
  readonly #topics = new Map<string, PlacedRecord[][]>()
  readonly #gap: () => number

  /** @param gap offsets left out before a record, as transactions and compaction leave them */
  constructor(gap: () => number) {
    this.#gap = gap
  }

  ensure(specs: readonly TopicSpec[]): void {
    for (const { topic, partitions = brokerDefault } of specs) {
      if (!this.#topics.has(topic)) {
        this.#topics.set(
          topic,
          Array.from({ length: partitions }, () => []),
        )
      }
    }
  }

  partitionsOf(topic: string): number | undefined {
    return this.#topics.get(topic)?.length
  }

  /** @throws an error as the broker gives it for a topic it does not have */
  ends(topic: string): readonly TopicEnds[] {
    return this.#of(topic).map((_, partition) => ({ partition, low: 0, high: this.high(topic, partition) }))
  }

  /** One above the last offset. */
  high(topic: string, partition: number): number {
    return (this.#topics.get(topic)?.[partition]?.at(-1)?.offset ?? -1) + 1
  }

  /** @param at ms since the epoch, by the producer */
  append({ topic, key, value, partition, headers = {} }: NewRecord, at: number): PlacedRecord {
    const logs = this.#of(topic)
    const place = partition ?? hashOf(key) % logs.length
    const log = logs[place] ?? []
    const offset = (log.at(-1)?.offset ?? -1) + 1 + this.#gap()
    const record = { topic, partition: place, offset, timestamp: at, key, value: Buffer.from(value), headers: { ...headers } }
    log.push(record)
    return record
  }

  /** Records at or above an offset, at most `limit`. */
  read(topic: string, partition: number, from: number, limit: number): readonly PlacedRecord[] {
    const log = this.#topics.get(topic)?.[partition] ?? []
    const first = log.findLastIndex((record) => record.offset < from) + 1
    return log.slice(first, first + limit)
  }

  /** All records of a topic, by partition. */
  records(topic: string): readonly PlacedRecord[] {
    return this.#topics.get(topic)?.flat() ?? []
  }

  #of(topic: string): PlacedRecord[][] {
    const logs = this.#topics.get(topic)
    if (logs === undefined) {
      throw Object.assign(new Error(`This server does not host this topic-partition: ${topic}`), { type: 'UNKNOWN_TOPIC_OR_PARTITION' })
    }
    return logs
  }
}

function hashOf(key: string): number {
  let hash = 0
  for (let index = 0; index < key.length; index++) {
    hash = (Math.imul(hash, 31) + key.charCodeAt(index)) >>> 0
  }
  return hash
}
