import { QuireError } from './errors.ts'
import type { Claim } from './ports.ts'
import type { PartitionAdvance } from './turn-rows.ts'

/** Where a partition of the database stands, and under which epoch. */
export type StoredPosition = Pick<Claim, 'partition' | 'epoch' | 'nextOffset' | 'nextEntry'>

/** What became of a turn that the fence refused. */
export interface FenceAnswer {
  /** Partitions that belong to another owner now. */
  readonly lost: readonly number[]
  /** True when it was this very commit that moved the partitions, and only its answer had been lost. */
  readonly isMade: boolean
}

/**
 * Reads where the partitions of a refused turn stand (rules 9). A higher epoch: it belongs to another. Own epoch and own target: this
 * commit was made before, and since it is one for all (rules 8), for those too that went to another meanwhile. Own epoch and own
 * origin: another's fence rolled this one back too.
 * @throws QuireError `fence-broken` when another position stands under the own epoch
 */
export function readFence(advances: readonly PartitionAdvance[], stored: readonly StoredPosition[]): FenceAnswer {
  const rows = new Map(stored.map((row) => [row.partition, row]))
  const kept = advances.flatMap((advance) => {
    const row = rows.get(advance.partition)
    return row === undefined || row.epoch > advance.epoch ? [] : [{ advance, row }]
  })
  const isMade = kept.some(({ advance, row }) => moves(advance) && isTarget(row, advance))
  for (const { advance, row } of kept) {
    if (isMade ? !isTarget(row, advance) : !isOrigin(row, advance)) {
      const where = `partition ${advance.partition} stands at ${row.nextOffset}/${row.nextEntry} under the own epoch ${row.epoch}`
      throw new QuireError('fence-broken', where, { details: { stored: row, advance } })
    }
  }
  const own = new Set(kept.map(({ advance }) => advance.partition))
  const lost = advances.flatMap(({ partition }) => (own.has(partition) ? [] : [partition]))
  if (lost.length === 0 && !isMade) {
    throw new QuireError('fence-broken', 'the fence refused a turn that stands where it began', { details: { stored, advances } })
  }
  return { lost, isMade }
}

function moves({ fromOffset, toOffset, fromEntry, toEntry }: PartitionAdvance): boolean {
  return toOffset > fromOffset || toEntry > fromEntry
}

function isTarget(row: StoredPosition, advance: PartitionAdvance): boolean {
  return row.nextOffset === advance.toOffset && row.nextEntry === advance.toEntry
}

function isOrigin(row: StoredPosition, advance: PartitionAdvance): boolean {
  return row.nextOffset === advance.fromOffset && row.nextEntry === advance.fromEntry
}
