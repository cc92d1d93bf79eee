import type { Claim } from './ports.ts'

/** An end of the log that was seen; what was known of the outside before it was asked for. */
interface Target {
  readonly end: number
  readonly mark: number
}

/**
 * How far each partition has been read, in time: every message that came from outside before `readUpTo(p)` has been polled.
 * A due timer is stepped only when the log was read to the end that was seen after its due time (rules 18).
 */
export class CatchUp {
  readonly #readUpTo = new Map<number, number>()
  readonly #targets = new Map<number, Target>()

  /** A poll read these partitions to their ends; `mark` (ms) was known before it was made. */
  readAll(partitions: Iterable<number>, mark: number): void {
    for (const partition of partitions) {
      this.#reach(partition, mark)
    }
  }

  /** The ends of these partitions, asked for after `mark` was known. One that is aimed at already keeps its aim, or it would never be reached under load. */
  aim(partitions: readonly number[], ends: readonly number[], mark: number): void {
    partitions.forEach((partition, index) => {
      if (!this.#targets.has(partition)) {
        this.#targets.set(partition, { end: ends[index] ?? Number.POSITIVE_INFINITY, mark })
      }
    })
  }

  /** Takes in how far the partitions have been polled. */
  advance(claims: readonly Claim[], polled: readonly { readonly partition: number; readonly offset: number }[]): void {
    const next = new Map(claims.map((claim) => [claim.partition, claim.nextOffset]))
    for (const record of polled) {
      next.set(record.partition, record.offset + 1)
    }
    for (const [partition, target] of this.#targets) {
      if ((next.get(partition) ?? 0) >= target.end) {
        this.#reach(partition, target.mark)
      }
    }
  }

  /** Partitions of these that were not read to an end once since they were claimed. */
  unread(partitions: readonly number[]): readonly number[] {
    return partitions.filter((partition) => !this.wasRead(partition))
  }

  wasRead(partition: number): boolean {
    return this.#readUpTo.has(partition)
  }

  readUpTo(partition: number): number {
    return this.#readUpTo.get(partition) ?? Number.NEGATIVE_INFINITY
  }

  drop(partitions: ReadonlySet<number>): void {
    for (const partition of partitions) {
      this.#readUpTo.delete(partition)
      this.#targets.delete(partition)
    }
  }

  #reach(partition: number, mark: number): void {
    this.#readUpTo.set(partition, Math.max(mark, this.readUpTo(partition)))
    this.#targets.delete(partition)
  }
}
