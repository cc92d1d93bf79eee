import { type MailboxRecord, type Message, partitionOf, type Position } from '../runtime/message.ts'
import type { Clock, Mailbox } from '../runtime/ports.ts'
import type { MemoryDatabase } from './memory-database.ts'

export interface MemoryMailboxOptions {
  /** Offsets left out before a record, as a compacted or transactional log leaves them. Default: none. */
  readonly gap?: () => number
  /** False: a log that knows no ids and takes a repeated message as another record, as a broker does. Default true. */
  readonly knowsIds?: boolean
}

/** The mailbox in memory: offsets in the order of the appends, an id keeps its first position. */
export function createMemoryMailbox(db: MemoryDatabase, clock: Clock, options: MemoryMailboxOptions = {}): Mailbox {
  const { gap = () => 0, knowsIds = true } = options
  const append = (message: Message): Position => {
    const partition = partitionOf(message.address, db.partitionCount ?? 1)
    const known = knowsIds ? db.mailboxIds.get(keyOf(message)) : undefined
    if (known !== undefined) {
      return { partition, offset: known }
    }
    const offset = (db.mailboxHeads.get(partition) ?? 0) + gap()
    const record: MailboxRecord = Object.freeze({ ...message, partition, offset, appendedAt: clock.now() })
    db.mailboxHeads.set(partition, offset + 1)
    db.mailboxIds.set(keyOf(message), db.mailboxIds.get(keyOf(message)) ?? offset)
    const records = db.mailbox.get(partition)
    records === undefined ? db.mailbox.set(partition, [record]) : records.push(record)
    return { partition, offset }
  }
  return {
    log: 'a table of the database',
    async append(messages) {
      const positions = messages.map(append)
      for (const wake of db.onAppend) {
        wake()
      }
      return positions
    },
    async poll(from, limit) {
      const news = from.map(({ partition, offset }) => {
        const records = db.mailbox.get(partition) ?? []
        return { records, first: firstAtOrAbove(records, offset) }
      })
      const waiting = news.filter(({ records, first }) => first < records.length)
      const share = Math.max(1, Math.floor(limit / Math.max(1, waiting.length)))
      const records = waiting.flatMap(({ records, first }) => records.slice(first, first + share)).slice(0, limit)
      return { records, isWhole: records.length === 0, faults: [] }
    },
    async ends(partitions) {
      return partitions.map((partition) => db.mailboxHeads.get(partition) ?? 0)
    },
    subscribe(wake) {
      db.onAppend.add(wake)
      return () => db.onAppend.delete(wake)
    },
  }
}

/** Deletes records that every owner has passed and that were appended before a time, ms. */
export function trimMailbox(db: MemoryDatabase, nextOffset: (partition: number) => number, olderThan: number): void {
  for (const partition of db.mailbox.keys()) {
    dropRecords(db, partition, (record) => record.offset < nextOffset(partition) && record.appendedAt < olderThan)
  }
}

/** Deletes records of a partition; their ids may be used again. */
export function dropRecords(db: MemoryDatabase, partition: number, isGone: (record: MailboxRecord) => boolean): void {
  const records = db.mailbox.get(partition) ?? []
  for (const record of records.filter(isGone)) {
    db.mailboxIds.delete(keyOf(record))
  }
  db.mailbox.set(
    partition,
    records.filter((record) => !isGone(record)),
  )
}

/** Ids are unique for an address. */
function keyOf(message: Message): string {
  return `${message.address}#${message.id}`
}

/** Index of the first record at or above an offset, by bisection. */
function firstAtOrAbove(records: readonly MailboxRecord[], offset: number): number {
  let low = 0
  let high = records.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((records[middle] as MailboxRecord).offset < offset) {
      low = middle + 1
    } else {
      high = middle
    }
  }
  return low
}
