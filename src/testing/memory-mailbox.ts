import { partitionOf } from '../runtime/message.ts'
import type { Clock, Mailbox } from '../runtime/ports.ts'
import type { MemoryDatabase } from './memory-database.ts'

export function createMemoryMailbox(db: MemoryDatabase, clock: Clock): Mailbox {
  return {
    async append(messages) {
      const positions = messages.map((message) => {
        const partition = partitionOf(message.address, db.partitionCount ?? 1)
        const records = db.mailbox.get(partition) ?? []
        db.mailbox.set(partition, records)
        const known = records.find((record) => record.id === message.id && record.address === message.address)
        if (known !== undefined) return { partition, offset: known.offset }
        const offset = (records.at(-1)?.offset ?? -1) + 1
        records.push({ ...message, partition, offset, appendedAt: clock.now() })
        return { partition, offset }
      })
      for (const wake of db.onAppend) wake()
      return positions
    },
    async poll(from, limit) {
      return from
        .flatMap(({ partition, offset }) => (db.mailbox.get(partition) ?? []).filter((record) => record.offset >= offset))
        .slice(0, limit)
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
