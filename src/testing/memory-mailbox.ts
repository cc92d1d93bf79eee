import { type Message, partitionOf, type Position } from '../runtime/message.ts'
import type { Clock, Mailbox } from '../runtime/ports.ts'
import type { MemoryDatabase } from './memory-database.ts'

/** The mailbox in memory: offsets in the order of the appends, an id keeps its first position. */
export function createMemoryMailbox(db: MemoryDatabase, clock: Clock): Mailbox {
  const append = (message: Message): Position => {
    const partition = partitionOf(message.address, db.partitionCount ?? 1)
    const records = db.mailbox.get(partition) ?? []
    db.mailbox.set(partition, records)
    const known = records.find((record) => record.id === message.id && record.address === message.address)
    if (known !== undefined) {
      return { partition, offset: known.offset }
    }
    const offset = (records.at(-1)?.offset ?? -1) + 1
    records.push({ ...message, partition, offset, appendedAt: clock.now() })
    return { partition, offset }
  }
  return {
    async append(messages) {
      const positions = messages.map(append)
      for (const wake of db.onAppend) {
        wake()
      }
      return positions
    },
    async poll(from, limit) {
      const news = from.map(({ partition, offset }) => (db.mailbox.get(partition) ?? []).filter((record) => record.offset >= offset))
      const waiting = news.filter((records) => records.length > 0)
      const share = Math.max(1, Math.floor(limit / Math.max(1, waiting.length)))
      return waiting.flatMap((records) => records.slice(0, share)).slice(0, limit)
    },
    async ends(partitions) {
      return partitions.map((partition) => (db.mailbox.get(partition)?.at(-1)?.offset ?? -1) + 1)
    },
    subscribe(wake) {
      db.onAppend.add(wake)
      return () => db.onAppend.delete(wake)
    },
  }
}
