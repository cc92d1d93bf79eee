import { QuireError } from '../runtime/errors.ts'
import type { Clock, Store } from '../runtime/ports.ts'
import { commitInMemory } from './memory-commit.ts'
import { type MemoryDatabase, partitionRow } from './memory-database.ts'
import { memoryQueries } from './memory-queries.ts'

/** The Store in memory. It serialises like the real ones: what goes in and out are copies of plain JSON. */
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
    },
    async close() {},
    async ping() {
      return clock.now()
    },
    async claim(ids, owner) {
      return ids.map((id) => {
        const row = { ...partitionRow(db, id), epoch: partitionRow(db, id).epoch + 1, owner }
        db.partitions.set(id, row)
        return { ...row }
      })
    },
    async release(claims) {
      for (const { partition, epoch } of claims) {
        if (partitionRow(db, partition).epoch === epoch) {
          db.partitions.set(partition, { ...partitionRow(db, partition), owner: null })
        }
      }
    },
    async commit(turn) {
      return commitInMemory(db, copy(turn))
    },
    async outboxDelivered(rows, { keep }) {
      for (const { partition, entry } of rows) {
        const stored = db.outbox.get(`${partition}/${entry}`)
        if (keep && stored !== undefined) {
          stored.delivered = true
        } else {
          db.outbox.delete(`${partition}/${entry}`)
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

/** The last record of a partition stays: its offset is the end of the log. */
function trimMemory(db: MemoryDatabase, olderThan: number): void {
  for (const [partition, records] of db.mailbox) {
    const { nextOffset } = partitionRow(db, partition)
    const kept = records.filter(
      (record, index) => record.offset >= nextOffset || record.appendedAt >= olderThan || index === records.length - 1,
    )
    db.mailbox.set(partition, kept)
  }
  for (const [key, row] of db.inbox) {
    if (row.at < olderThan) {
      db.inbox.delete(key)
    }
  }
}

function copy<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T
}
