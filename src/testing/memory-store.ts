import { QuireError } from '../runtime/errors.ts'
import type { Clock, Store } from '../runtime/ports.ts'
import { commitInMemory } from './memory-commit.ts'
import { type MemoryDatabase, partitionRow } from './memory-database.ts'
import { trimMailbox } from './memory-mailbox.ts'
import { memoryQueries } from './memory-queries.ts'

/** The Store in memory. It serialises like the real ones: what goes in is copied as plain JSON, what comes out is frozen. */
export function createMemoryStore(db: MemoryDatabase, clock: Clock): Store {
  return {
    ...memoryQueries(db),
    async open({ partitions, tables }) {
      db.partitionCount ??= partitions
      if (db.partitionCount !== partitions) {
        throw new QuireError(
          'partitions-mismatch',
          `the database has ${db.partitionCount} mailbox partitions, this process is configured for ${partitions}; configure ${db.partitionCount}`,
        )
      }
      db.tables = tables
      for (let partition = 0; partition < partitions; partition++) {
        db.partitions.set(partition, partitionRow(db, partition))
      }
    },
    async close() {},
    async ping() {
      return clock.now()
    },
    ...memoryClaims(db),
    async commit(turn) {
      return commitInMemory(db, turn)
    },
    async outboxDelivered(rows, { keep }) {
      for (const { partition, entry } of rows) {
        const stored = db.outbox.get(`${partition}/${entry}`)
        if (stored !== undefined && keep) {
          stored.delivered = true
        } else if (stored !== undefined) {
          db.outbox.delete(`${partition}/${entry}`)
          db.outputIds.delete(`${partition}/${stored.row.id}`)
        }
      }
    },
    async deadLetterReplayed(id) {
      db.replayed.add(id)
    },
    async trim(olderThan) {
      trimMemory(db, olderThan)
    },
    subscribe(wake) {
      db.onCommit.add(wake)
      return () => db.onCommit.delete(wake)
    },
  }
}

function memoryClaims(db: MemoryDatabase): Pick<Store, 'claim' | 'release'> {
  return {
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

function trimMemory(db: MemoryDatabase, olderThan: number): void {
  trimMailbox(db, (partition) => partitionRow(db, partition).nextOffset, olderThan)
  for (const [key, row] of db.inbox) {
    if (row.at < olderThan) {
      db.inbox.delete(key)
    }
  }
}
