import type { OutboxRow } from './turn-rows.ts'

/** Outputs kept in memory at most; above this they are read from the outbox, page by page. */
const mostKept = 1_000

/**
 * Outputs of this process's own commits that wait for the relay, so that it need not read what the process has just written.
 * It gives them only while the outbox can hold no earlier ones: else the relay must look there first.
 */
export class FreshOutputs {
  #rows: OutboxRow[] = []
  #mustLook = true
  /** Entry up to which each partition's rows were read from the outbox. */
  readonly #read = new Map<number, number>()

  /** True while the outbox may hold outputs that are not here: after a claim, a failure, a burst, and at the start. */
  get mustLook(): boolean {
    return this.#mustLook
  }

  /** Outputs of a commit. */
  add(rows: readonly OutboxRow[]): void {
    this.#rows.push(...rows)
    if (this.#rows.length > mostKept) {
      this.missed()
    }
  }

  /** The outbox may hold other outputs than those known here. */
  missed(): void {
    this.#rows = []
    this.#mustLook = true
  }

  /** Before the outbox is read: what is committed from now on is either in that page or added here, or both. */
  looking(): void {
    this.#rows = []
    this.#mustLook = false
  }

  /** A page of the outbox; `isWhole` when it held no more. */
  looked(page: readonly OutboxRow[], isWhole: boolean): void {
    for (const { partition, entry } of page) {
      this.#read.set(partition, Math.max(entry, this.#read.get(partition) ?? 0))
    }
    if (!isWhole) {
      this.missed()
    }
  }

  /** At most so many outputs of owned partitions, in order, without those that the last page held. */
  take(owned: readonly number[], limit: number): readonly OutboxRow[] {
    const mine = new Set(owned)
    const waiting = this.#rows.filter(({ partition, entry }) => mine.has(partition) && entry > (this.#read.get(partition) ?? 0))
    this.#rows = waiting.slice(limit)
    return waiting.slice(0, limit)
  }
}
