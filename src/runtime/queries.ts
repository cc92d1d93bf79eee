import type { Changes } from './changes.ts'
import type { Connection } from './connection.ts'
import { QuireError } from './errors.ts'
import { type Explanation, explain } from './explain.ts'
import { outboundEvent, type OutboundEvent } from './local-publisher.ts'
import { partitionOf } from './message.ts'
import type { ActorFilter, ActorSummary, DeadLetterQuery, Store, StoredDeadLetter, StuckActor } from './ports.ts'
import type { Total } from './tenant-row-store.ts'
import type { Registry } from './registry.ts'
import { type Standing, standingOf } from './standing.ts'
import { epitaph } from './tombstone.ts'
import { type Transition, transitionOf, watch, type WatchOptions } from './watch.ts'

export interface QueryParts {
  readonly store: Store
  readonly connection: Connection
  readonly changes: Changes
  readonly registry: Registry
  readonly partitions: number
  readonly now: () => number
}

/** What callers may look at: actors, their journal, what they wait for and what they put out. */
export class Queries {
  readonly #parts: QueryParts

  constructor(parts: QueryParts) {
    this.#parts = parts
  }

  async inspect(address: string): Promise<Explanation> {
    const { store, connection, registry, now } = this.#parts
    const partition = this.#partitionOf(address)
    const [row, timers, tasks, held] = await connection.use(() =>
      Promise.all([
        store.actor(partition, address),
        store.actorTimers(partition, address),
        store.actorTasks(partition, address),
        store.held(partition, address, 1_000),
      ]),
    )
    if (row === undefined) {
      throw new QuireError('unknown-actor', `no actor was born at ${address}; check its name, or create it first`)
    }
    if (row.tombstone !== null) {
      throw new QuireError('actor-gone', epitaph(row))
    }
    return explain({ row, timers, tasks, held, registry, now: now() })
  }

  async actors(filter: ActorFilter): Promise<readonly ActorSummary[]> {
    return await this.#parts.connection.use(() => this.#parts.store.actors(filter))
  }

  async journal(address: string, options: { readonly after?: number; readonly limit?: number }): Promise<readonly Transition[]> {
    const partition = ofPartition(address) ?? this.#partitionOf(address)
    const query = { partition, address, afterEntry: options.after ?? -1, limit: options.limit ?? 10_000 }
    const rows = await this.#parts.connection.use(() => this.#parts.store.journal(query))
    return rows.map(transitionOf)
  }

  async outputs(address: string): Promise<readonly OutboundEvent[]> {
    const rows = await this.#parts.connection.use(() => this.#parts.store.outputs(this.#partitionOf(address), address))
    return rows.map(outboundEvent)
  }

  watch(pattern: string, options: WatchOptions): AsyncGenerator<Transition, void, void> {
    return watch(pattern, options, this.#parts)
  }

  async journalEnds(): Promise<readonly Transition['position'][]> {
    const ids = this.#allPartitions()
    const ends = await this.#parts.connection.use(() => this.#parts.store.journalEnds(ids))
    return ids.map((partition, index) => ({ partition, entry: ends[index] ?? -1 }))
  }

  async stuck(limit: number): Promise<readonly StuckActor[]> {
    return await this.#parts.connection.use(() => this.#parts.store.stuck(this.#allPartitions(), limit))
  }

  async activeStates(type: string): Promise<Readonly<Record<string, number>>> {
    return await this.#parts.connection.use(() => this.#parts.store.activeStates(type))
  }

  async standing(): Promise<Standing> {
    const { connection, registry, store } = this.#parts
    return standingOf(await connection.use(() => store.writtenBy()), registry.all)
  }

  async deadLetters(query: DeadLetterQuery): Promise<readonly StoredDeadLetter[]> {
    return await this.#parts.connection.use(() => this.#parts.store.deadLetters(query))
  }

  async total(name: string, sum: Total): Promise<number> {
    const table = this.#parts.registry.tables.find((known) => known.name === name)
    if (table === undefined) {
      throw new QuireError('invalid-definition', `no actor type declares a table '${name}'`)
    }
    return await this.#parts.connection.use(() => this.#parts.store.total(table, sum))
  }

  #allPartitions(): readonly number[] {
    return Array.from({ length: this.#parts.partitions }, (_, index) => index)
  }

  #partitionOf(address: string): number {
    return partitionOf(address, this.#parts.partitions)
  }
}

/** What is told of a partition itself stands in its own journal: gaps of its log that were accepted. */
function ofPartition(address: string): number | undefined {
  const [, number] = /^partition\/(\d+)$/.exec(address) ?? []
  return number === undefined ? undefined : Number(number)
}
