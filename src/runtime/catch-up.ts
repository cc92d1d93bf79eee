import type { MailboxRecord } from './message.ts'
import type { Claim } from './ports.ts'

/**
 * How far each partition has been read, in time: everything appended before `readUpTo(p)` has been polled.
 * A due timer is stepped only when the log was read to the end that was seen after its due time (rules 18).
 */
export class CatchUp {
  readonly #readUpTo = new Map<number, number>()
  readonly #targets = new Map<number, { readonly at: number; readonly end: number }>()

  /** A poll that was not cut off by its limit read every partition to its end. */
  readAll(partitions: Iterable<number>, polledAt: number): void {
    for (const partition of partitions) {
      this.#readUpTo.set(partition, polledAt)
    }
    this.#targets.clear()
  }

  /** A poll that was cut off: a partition has been read up to the time at which an end was seen that is now passed. */
  readPart(claims: readonly Claim[], records: readonly MailboxRecord[], ends: readonly number[], polledAt: number): void {
    const next = new Map(claims.map((claim) => [claim.partition, claim.nextOffset]))
    for (const record of records) {
      next.set(record.partition, record.offset + 1)
    }
    claims.forEach(({ partition }, index) => {
      const target = this.#targets.get(partition) ?? { at: polledAt, end: ends[index] ?? Number.POSITIVE_INFINITY }
      if ((next.get(partition) ?? 0) >= target.end) {
        this.#readUpTo.set(partition, target.at)
        this.#targets.delete(partition)
      } else {
        this.#targets.set(partition, target)
      }
    })
  }

  /** True while a partition has not been read to its end once since it was claimed. */
  isBehind(partitions: readonly number[]): boolean {
    return partitions.some((partition) => !this.#readUpTo.has(partition))
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
}
