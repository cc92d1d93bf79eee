import type { Gap, Store } from '../runtime/ports.ts'
import { type MemoryDatabase, partitionRow } from './memory-database.ts'

type Methods = 'claim' | 'release' | 'markBegun' | 'markStarted' | 'markHalted' | 'halted' | 'acceptGap'

/** What the Store does with the rows of partitions. */
export function memoryPartitions(db: MemoryDatabase): Pick<Store, Methods> {
  return {
    async markHalted({ partition, epoch }, halted) {
      const row = partitionRow(db, partition)
      if (row.epoch === epoch) {
        db.partitions.set(partition, { ...row, halted })
      }
    },
    async halted() {
      return [...db.partitions.values()].flatMap(({ partition, nextOffset, halted }) =>
        halted === null ? [] : [{ partition, nextOffset, why: halted }],
      )
    },
    async acceptGap(gap) {
      return acceptInMemory(db, gap)
    },
    async markBegun(claims) {
      for (const { partition, epoch } of claims) {
        const row = partitionRow(db, partition)
        if (row.epoch === epoch) {
          db.partitions.set(partition, { ...row, attempts: row.attempts + 1 })
        }
      }
    },
    async markStarted({ partition, epoch }, started) {
      const row = partitionRow(db, partition)
      if (row.epoch === epoch) {
        db.partitions.set(partition, { ...row, started })
      }
    },
    async claim(ids, owner) {
      return ids.flatMap((id) => {
        const stored = db.partitions.get(id)
        if (stored === undefined) {
          return []
        }
        const row = { ...stored, epoch: stored.epoch + 1, owner }
        db.partitions.set(id, row)
        return [{ ...row }]
      })
    },
    async release(claims) {
      for (const { partition, epoch } of claims) {
        if (partitionRow(db, partition).epoch === epoch) {
          db.partitions.set(partition, { ...partitionRow(db, partition), owner: null })
        }
      }
    },
  }
}

function acceptInMemory(db: MemoryDatabase, { partition, from, to, by, at }: Gap): boolean {
  const row = partitionRow(db, partition)
  if (row.nextOffset !== from) {
    return false
  }
  const fresh = { nextOffset: to, nextEntry: row.nextEntry + 1, lastRecord: null, halted: null, attempts: 0, started: null }
  db.partitions.set(partition, { ...row, epoch: row.epoch + 1, ...fresh })
  const entries = db.journal.get(partition) ?? []
  db.journal.set(partition, [
    ...entries,
    Object.freeze({
      partition,
      entry: row.nextEntry,
      address: `partition/${partition}`,
      seq: 0,
      kind: 'gap' as const,
      messageId: `gap-${from}-${to}`,
      at,
      event: JSON.stringify({ type: 'GAP_ACCEPTED', from, to, by, at }),
      state: '',
      transitions: [],
      notes: null,
      ignored: null,
    }),
  ])
  return true
}
