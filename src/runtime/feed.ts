import type { Connection } from './connection.ts'
import type { Clock, Store } from './ports.ts'
import { Signal } from './signal.ts'
import type { JournalRow } from './turn-rows.ts'

export interface FeedParts {
  readonly store: Pick<Store, 'feed' | 'journalEnds' | 'subscribe'>
  readonly connection: Pick<Connection, 'use'>
  readonly clock: Clock
  readonly partitions: readonly number[]
}

type Listener = (rows: readonly JournalRow[]) => void

const pageSize = 1_000
/** A look without a notice, ms: commits of this process and NOTIFY make it sooner. */
const pollMs = 1_000

/** Follows the journal of all partitions, whoever writes it, for `watch` and `waitFor`. It reads only while somebody listens. */
export class JournalFeed {
  readonly #parts: FeedParts
  readonly #signal: Signal
  readonly #listeners = new Set<Listener>()
  #positions: Map<number, number> | undefined
  #running: Promise<void> | undefined
  #stopping = false

  constructor(parts: FeedParts) {
    this.#parts = parts
    this.#signal = new Signal(parts.clock)
  }

  /** Rows committed from now on go to `listener`. Resolves with the unsubscriber when the position is fixed. */
  async listen(listener: Listener): Promise<() => void> {
    this.#listeners.add(listener)
    if (this.#running === undefined) {
      this.#positions = undefined
      this.#running = this.#run()
    }
    await this.#located()
    return () => {
      this.#listeners.delete(listener)
      this.#signal.raise()
    }
  }

  wake(): void {
    this.#signal.raise()
  }

  async stop(): Promise<void> {
    this.#stopping = true
    this.#signal.raise()
    await this.#running
  }

  async #located(): Promise<Map<number, number>> {
    if (this.#positions === undefined) {
      const { connection, partitions, store } = this.#parts
      const ends = await connection.use(() => store.journalEnds(partitions))
      this.#positions ??= new Map(partitions.map((partition, index) => [partition, ends[index] ?? 0]))
    }
    return this.#positions
  }

  async #run(): Promise<void> {
    const unsubscribe = this.#parts.store.subscribe(() => this.#signal.raise())
    try {
      while (!this.#stopping && this.#listeners.size > 0) {
        await this.#deliver(await this.#located())
        await this.#signal.wait(this.#parts.clock.now() + pollMs)
      }
    } catch (error) {
      if (!this.#stopping) {
        throw error
      }
    } finally {
      unsubscribe()
      this.#running = undefined
    }
  }

  async #deliver(positions: Map<number, number>): Promise<void> {
    for (;;) {
      const after = [...positions].map(([partition, entry]) => ({ partition, entry }))
      const rows = await this.#parts.connection.use(() => this.#parts.store.feed(after, pageSize))
      for (const row of rows) {
        positions.set(row.partition, row.entry)
      }
      for (const listener of this.#listeners) {
        listener(rows)
      }
      if (rows.length < pageSize) {
        return
      }
    }
  }
}
