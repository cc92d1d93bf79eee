import { QuireError } from '../runtime/errors.ts'
import type { Clock, InboundProgress, Store } from '../runtime/ports.ts'
import type { OutboxRow } from '../runtime/turn-rows.ts'
import { commitInMemory } from './memory-commit.ts'
import { type MemoryDatabase, partitionRow } from './memory-database.ts'
import { trimMailbox } from './memory-mailbox.ts'
import { memoryPartitions } from './memory-partitions.ts'
import { memoryQueries } from './memory-queries.ts'

/** The Store in memory. It serialises like the real ones: what goes in is copied as plain JSON, what comes out is frozen. */
export function createMemoryStore(db: MemoryDatabase, clock: Clock): Store {
  return {
    ...memoryQueries(db),
    async open({ partitions, tables, log }) {
      assertSame(db, partitions, log)
      db.tables = tables
      for (let partition = 0; partition < partitions; partition++) {
        db.partitions.set(partition, partitionRow(db, partition))
      }
    },
    async close() {},
    async ping() {
      return clock.now()
    },
    ...memoryPartitions(db),
    async commit(turn) {
      return commitInMemory(db, turn)
    },
    ...memoryOutbox(db),
    async shareProgress(own) {
      return shareInMemory(db, own, clock.now())
    },
    async deadLetterReplayed(id, times) {
      db.replayed.add(id)
      db.replays.set(id, Math.max(times, db.replays.get(id) ?? 0))
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

/** @throws QuireError `partitions-mismatch`, `log-mismatch` */
function assertSame(db: MemoryDatabase, partitions: number, log: string | undefined): void {
  db.partitionCount ??= partitions
  if (db.partitionCount !== partitions) {
    throw new QuireError(
      'partitions-mismatch',
      `the database has ${db.partitionCount} mailbox partitions, this process is configured for ${partitions}; configure ${db.partitionCount}`,
    )
  }
  db.log ??= log
  if (log !== undefined && db.log !== log) {
    throw new QuireError(
      'log-mismatch',
      `the mailbox of this database is ${db.log}, this process is configured for ${log}; configure ${db.log}`,
    )
  }
}

function memoryOutbox(db: MemoryDatabase): Pick<Store, 'outboxDelivered' | 'outboxRefused' | 'outboxAgain'> {
  return {
    async outboxDelivered(rows, { keep }) {
      for (const { partition, entry } of rows) {
        const stored = db.outbox.get(`${partition}/${entry}`)
        const isGone = stored !== undefined && db.actors.get(stored.row.address)?.tombstone != null
        if (stored !== undefined && keep && !isGone) {
          stored.delivered = true
        } else if (stored !== undefined) {
          db.outbox.delete(`${partition}/${entry}`)
          db.outputIds.delete(`${partition}/${stored.row.id}`)
        }
      }
    },
    async outboxRefused(letters) {
      for (const letter of letters) {
        db.deadLetters.set(letter.id, Object.freeze({ ...letter }))
        db.replayed.delete(letter.id)
        setDelivered(db, { partition: letter.partition, id: letter.messageId }, true)
      }
    },
    async outboxAgain(output) {
      setDelivered(db, output, false)
    },
  }
}

function setDelivered(db: MemoryDatabase, { partition, id }: Pick<OutboxRow, 'partition' | 'id'>, delivered: boolean): void {
  const stored = [...db.outbox.values()].find(({ row }) => row.partition === partition && row.id === id)
  if (stored !== undefined) {
    stored.delivered = delivered
  }
}

function shareInMemory(db: MemoryDatabase, own: readonly InboundProgress[], now: number) {
  for (const row of own) {
    const key = `${row.topic}/${row.partition}`
    const known = db.inboundProgress.get(key) ?? { ...row, at: 0 }
    const readUpTo = row.readUpTo === null ? known.readUpTo : Math.max(row.readUpTo, known.readUpTo ?? row.readUpTo)
    db.inboundProgress.set(key, { ...row, readUpTo, at: row.readUpTo === null ? known.at : now })
  }
  const topics = new Set(own.map((row) => row.topic))
  const rows = [...db.inboundProgress.values()].filter((row) => topics.has(row.topic))
  return rows.map(({ at, ...row }) => ({ ...row, ageMs: now - at }))
}

function trimMemory(db: MemoryDatabase, olderThan: number): void {
  trimMailbox(db, (partition) => partitionRow(db, partition).nextOffset, olderThan)
  for (const [key, row] of db.inbox) {
    if (row.at < olderThan) {
      db.inbox.delete(key)
    }
  }
}
