import type { KafkaClient, NewRecord } from '../kafka/client.ts'
import type { Clock, Random } from '../runtime/ports.ts'
import { MemoryConsumer, unreachable } from './memory-consumer.ts'
import { MemoryGroup } from './memory-group.ts'
import { MemoryTopics, type PlacedRecord } from './memory-topics.ts'
import { seededRandom } from './seeded.ts'

export interface MemoryKafkaOptions {
  readonly clock: Clock
  readonly random?: Random
  /** A member that is silent for this long loses its partitions, ms. Default 6,000. */
  readonly sessionTimeoutMs?: number
  /** A fetch takes at most this long, ms. Default 20. */
  readonly fetchMs?: number
  /** Offsets left out before a record. Default none. */
  readonly gap?: () => number
  /** How far beside its position a fetch of a topic begins, in offsets; 0 = where it should. Default always 0. */
  readonly stray?: (topic: string) => number
}

/** A member notices that the cluster went away within this time, ms. */
const noticeMs = 3_000

/**
 * A Kafka cluster in memory: topics, consumer groups that rebalance, members whose session runs out. It may be away for a
 * while; what it acknowledged it keeps. Time and chance come from outside, so a seed gives the same run again.
 */
export class MemoryKafka {
  readonly #clock: Clock
  readonly #options: Required<Omit<MemoryKafkaOptions, 'clock'>>
  readonly #topics: MemoryTopics
  readonly #groups = new Map<string, MemoryGroup>()
  readonly #consumers = new Set<MemoryConsumer>()
  readonly #silent = new Map<string, number>()
  #away = false

  constructor({ clock, ...options }: MemoryKafkaOptions) {
    this.#clock = clock
    this.#options = {
      random: seededRandom('memory kafka'),
      sessionTimeoutMs: 6_000,
      fetchMs: 20,
      gap: () => 0,
      stray: () => 0,
      ...options,
    }
    this.#topics = new MemoryTopics(this.#options.gap)
  }

  /** Appends as the outside does: other producers reach the cluster also while Quire does not. A topic that is missing is made. */
  append(record: NewRecord): PlacedRecord {
    this.#topics.ensure([record])
    const placed = this.#topics.append(record, this.#clock.now())
    this.#wakeConsumers()
    return placed
  }

  /** All records of a topic, by partition. */
  records(topic: string): readonly PlacedRecord[] {
    return this.#topics.records(topic)
  }

  /** Records of a topic that its group has not given back yet. */
  unread(groupId: string, topic: string): number {
    const committed = this.#group(groupId).committed
    return this.records(topic).filter(({ partition, offset }) => offset >= (committed.get(`${topic}/${partition}`) ?? 0)).length
  }

  /** No client reaches the cluster any more; its members notice sooner or later. */
  goAway(): void {
    this.#away = true
    for (const consumer of this.#consumers) {
      this.#clock.schedule(this.#options.random.next() * noticeMs, () => this.#away && consumer.fail(unreachable()))
    }
  }

  comeBack(): void {
    this.#away = false
    this.#wakeConsumers()
  }

  /** A process stands still or is dead: its members are expelled when their session has run out. */
  silence(process: string): void {
    const since = this.#clock.now()
    this.#silent.set(process, since)
    this.#clock.schedule(this.#options.sessionTimeoutMs, () => {
      if (this.#silent.get(process) === since) {
        for (const group of this.#groups.values()) {
          group.expel(process)
        }
      }
    })
  }

  /** A process that stood still goes on. */
  answers(process: string): void {
    this.#silent.delete(process)
    for (const consumer of this.#consumers) {
      if (consumer.process === process) {
        consumer.answersAgain()
      }
    }
  }

  /** Deals the partitions of a group out anew. */
  rebalance(groupId: string): void {
    this.#group(groupId).rebalance()
  }

  /** The client of one process; its members live by the clock of that process. */
  client(process: string, clock: Clock = this.#clock): KafkaClient {
    const reached = async <T>(call: () => T): Promise<T> => {
      if (this.#away) {
        throw unreachable()
      }
      return call()
    }
    return {
      ping: () => reached(() => undefined),
      ensureTopics: (topics) => reached(() => this.#topics.ensure(topics)),
      partitionsOf: (topic) => reached(() => this.#topics.partitionsOf(topic)),
      ends: (topic) => reached(() => this.#topics.ends(topic)),
      committed: (groupId, topic) => reached(() => this.#committed(groupId, topic)),
      send: (records) => reached(() => this.#send(records, clock)),
      consumer: (options) => {
        const consumer = new MemoryConsumer({
          ...options,
          ...this.#options,
          process,
          clock,
          topicsOf: this.#topics,
          group: this.#group(options.groupId),
          isAway: () => this.#away,
          onStopped: (stopped) => this.#consumers.delete(stopped),
        })
        this.#consumers.add(consumer)
        return consumer
      },
      close: async () => {},
    }
  }

  #send(records: readonly NewRecord[], clock: Clock) {
    const placed = records.map((record) => this.#topics.append(record, clock.now()))
    this.#wakeConsumers()
    return placed.map(({ partition, offset }) => ({ partition, offset }))
  }

  #committed(groupId: string, topic: string): ReadonlyMap<number, number> {
    const { committed } = this.#group(groupId)
    const rows = this.#topics.ends(topic).flatMap(({ partition }) => {
      const offset = committed.get(`${topic}/${partition}`)
      return offset === undefined ? [] : [[partition, offset] as const]
    })
    return new Map(rows)
  }

  #group(groupId: string): MemoryGroup {
    const group =
      this.#groups.get(groupId) ??
      new MemoryGroup({
        ...this.#options,
        clock: this.#clock,
        isSilent: (process) => this.#silent.has(process),
        isAway: () => this.#away,
        partitionsOf: (topic) => this.#topics.partitionsOf(topic),
      })
    this.#groups.set(groupId, group)
    return group
  }

  #wakeConsumers(): void {
    for (const consumer of this.#consumers) {
      consumer.wake()
    }
  }
}
