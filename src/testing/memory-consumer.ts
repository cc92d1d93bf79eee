import type { ConsumerOptions, KafkaConsumer } from '../kafka/client.ts'
import type { Clock, Random } from '../runtime/ports.ts'
import type { GroupMember, MemoryGroup } from './memory-group.ts'
import type { MemoryTopics } from './memory-topics.ts'

export interface MemoryConsumerParts extends ConsumerOptions {
  readonly process: string
  /** Of the process: it stands still while the process does. */
  readonly clock: Clock
  readonly random: Random
  readonly topicsOf: MemoryTopics
  readonly group: MemoryGroup
  readonly isAway: () => boolean
  readonly fetchMs: number
  /** How far beside its position a fetch begins; 0 = where it should. */
  readonly stray: (topic: string) => number
  readonly onStopped: (consumer: MemoryConsumer) => void
}

/** Where a partition is read. */
interface Place {
  readonly topic: string
  readonly partition: number
  position: number
  paused: boolean
  fetching: boolean
  strayed: boolean
  /** Times the place was set anew: a fetch that ends later must not move it. */
  seeks: number
}

/** Records of one fetch at most. */
const fetchSize = 50

/** A group member over topics in memory. It fetches when something is there, each partition by itself. */
export class MemoryConsumer implements KafkaConsumer, GroupMember {
  readonly process: string
  readonly topics: readonly string[]
  readonly ended: Promise<unknown>
  readonly #parts: MemoryConsumerParts
  #end: (cause: unknown) => void = () => {}
  #places = new Map<string, Place>()
  #generation = -1
  #life: 'new' | 'member' | 'expelled' | 'over' = 'new'

  constructor(parts: MemoryConsumerParts) {
    this.#parts = parts
    this.process = parts.process
    this.topics = parts.topics
    this.ended = new Promise((resolve) => {
      this.#end = resolve
    })
  }

  async start(): Promise<void> {
    this.#assertReachable()
    if (this.#life === 'new') {
      this.#life = 'member'
      this.#parts.group.join(this)
    }
  }

  seek(topic: string, partition: number, offset: number): void {
    const place = this.#places.get(keyOf(topic, partition))
    if (place !== undefined) {
      place.position = offset
      place.seeks += 1
      this.#fetch(place)
    }
  }

  pause(topic: string, partitions: readonly number[]): void {
    this.#setPaused(topic, partitions, true)
  }

  resume(topic: string, partitions: readonly number[]): void {
    this.#setPaused(topic, partitions, false)
  }

  async commit(offsets: readonly { readonly topic: string; readonly partition: number; readonly offset: number }[]): Promise<void> {
    this.#assertReachable()
    const { group } = this.#parts
    if (!group.isCurrent(this, this.#generation)) {
      throw Object.assign(new Error('Specified group generation id is not valid'), { type: 'ILLEGAL_GENERATION' })
    }
    for (const { topic, partition, offset } of offsets) {
      group.committed.set(keyOf(topic, partition), offset)
    }
  }

  async stop(): Promise<void> {
    this.#leave()
  }

  /** The member met a failure it does not mend. */
  fail(cause: unknown): void {
    if (this.#life !== 'over') {
      this.#leave()
      this.#end(cause)
    }
  }

  /** The process answers again: a member whose session ran out joins anew. */
  answersAgain(): void {
    if (this.#life === 'expelled') {
      this.#life = 'member'
      this.#parts.group.join(this)
    }
  }

  /** Something may be there to fetch. */
  wake(): void {
    for (const place of this.#places.values()) {
      this.#fetch(place)
    }
  }

  joined(generation: number, assignment: ReadonlyMap<string, readonly number[]>): void {
    const { clock, random } = this.#parts
    // Members learn of their assignment one after the other: for a moment two may believe that they own a partition.
    clock.schedule(random.next() * this.#parts.fetchMs, () => {
      if (this.#life === 'member' && generation > this.#generation) {
        this.#begin(generation, assignment)
      }
    })
  }

  expelled(): void {
    if (this.#life === 'member') {
      this.#life = 'expelled'
    }
  }

  #begin(generation: number, assignment: ReadonlyMap<string, readonly number[]>): void {
    this.#generation = generation
    const all = [...assignment].flatMap(([topic, partitions]) => partitions.map((partition) => ({ topic, partition })))
    this.#places = new Map(
      all.map((at) => {
        const position = this.#parts.group.committed.get(keyOf(at.topic, at.partition)) ?? 0
        return [keyOf(at.topic, at.partition), { ...at, position, paused: false, fetching: false, strayed: false, seeks: 0 }]
      }),
    )
    this.#parts.onJoined(assignment)
    this.wake()
  }

  #setPaused(topic: string, partitions: readonly number[], paused: boolean): void {
    for (const partition of partitions) {
      const place = this.#places.get(keyOf(topic, partition))
      if (place !== undefined) {
        place.paused = paused
        this.#fetch(place)
      }
    }
  }

  #fetch(place: Place): void {
    const { clock, random, fetchMs } = this.#parts
    if (this.#mayFetch(place) && !place.fetching && this.#parts.topicsOf.high(place.topic, place.partition) > place.position) {
      place.fetching = true
      clock.schedule(random.next() * fetchMs, () => void this.#hand(place))
    }
  }

  /** A fetch that was asked for under another assignment, or while the partition was paused since, is thrown away. */
  #mayFetch(place: Place): boolean {
    const isMine = this.#places.get(keyOf(place.topic, place.partition)) === place
    return this.#life !== 'over' && isMine && !place.paused && !this.#parts.isAway()
  }

  async #hand(place: Place): Promise<void> {
    const { topic, partition, position, seeks } = place
    const stray = place.strayed ? 0 : this.#parts.stray(topic)
    const records = this.#parts.topicsOf.read(topic, partition, Math.max(0, position + stray), fetchSize)
    const last = records.at(-1)
    if (this.#mayFetch(place) && last !== undefined) {
      place.strayed = stray !== 0
      try {
        await this.#parts.onRecords(topic, partition, records)
      } catch (error) {
        this.fail(error)
      }
      place.position = place.seeks === seeks ? last.offset + 1 : place.position
    }
    place.fetching = false
    if (this.#mayFetch(place)) {
      this.#fetch(place)
    }
  }

  #leave(): void {
    this.#life = 'over'
    this.#parts.group.leave(this)
    this.#parts.onStopped(this)
  }

  #assertReachable(): void {
    if (this.#parts.isAway()) {
      throw unreachable()
    }
  }
}

/** What a client meets while no broker answers. */
export function unreachable(): Error {
  return Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
}

function keyOf(topic: string, partition: number): string {
  return `${topic}/${partition}`
}
