import { QuireError } from '../runtime/errors.ts'
import type { Json, TableDefinition, TenantRow } from '../runtime/define-actor.ts'
import type { Clock, CommitOutcome, Store } from '../runtime/ports.ts'
import type { Turn } from '../runtime/turn-rows.ts'
import type { MemoryDatabase, MemoryPartition } from './memory-database.ts'

const copy = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T

export function createMemoryStore(db: MemoryDatabase, clock: Clock): Store {
  const of = (ids: readonly number[]) => new Set(ids)
  const partition = (id: number): MemoryPartition =>
    db.partitions.get(id) ?? { partition: id, epoch: 0, owner: null, nextOffset: 0, nextEntry: 1, lastTurnAt: 0 }
  return {
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
        const row = { ...partition(id), epoch: partition(id).epoch + 1, owner }
        db.partitions.set(id, row)
        return copy(row)
      })
    },
    async release(claims) {
      for (const { partition: id, epoch } of claims) {
        if (partition(id).epoch === epoch) {
          db.partitions.set(id, { ...partition(id), owner: null })
        }
      }
    },
    async claims(ids) {
      return ids.map((id) => copy(partition(id)))
    },
    async commit(turn) {
      return commit(db, copy(turn), partition)
    },
    async load({ addresses, messageIds }) {
      return {
        actors: addresses.flatMap(({ address }) => db.actors.get(address) ?? []),
        seen: messageIds.flatMap(({ partition: id, messageId }) => db.inbox.get(`${id}/${messageId}`) ?? []),
      }
    },
    async timers(ids, before, limit) {
      const owned = of(ids)
      return [...db.timers.values()]
        .filter((row) => owned.has(row.partition) && row.due < before)
        .sort((a, b) => a.due - b.due)
        .slice(0, limit)
    },
    async tasks(ids, limit) {
      const owned = of(ids)
      return [...db.tasks.values()]
        .filter((row) => owned.has(row.partition))
        .sort((a, b) => a.notBefore - b.notBefore)
        .slice(0, limit)
    },
    async outbox(from, limit) {
      const lows = new Map(from.map((low) => [low.partition, low.entry]))
      return [...db.outbox.values()]
        .filter((row) => !row.delivered && row.entry >= (lows.get(row.partition) ?? Number.POSITIVE_INFINITY))
        .sort((a, b) => a.partition - b.partition || a.entry - b.entry)
        .slice(0, limit)
    },
    async outboxDelivered(rows, { keep }) {
      for (const { partition: id, entry } of rows) {
        const row = db.outbox.get(`${id}/${entry}`)
        keep && row !== undefined ? (row.delivered = true) : db.outbox.delete(`${id}/${entry}`)
      }
    },
    async held(_id, address, limit) {
      return [...db.held.values()]
        .filter((row) => row.address === address)
        .sort((a, b) => a.offset - b.offset)
        .slice(0, limit)
    },
    async heldAddresses(ids) {
      const owned = of(ids)
      const found = new Map([...db.held.values()].filter((row) => owned.has(row.partition)).map((row) => [row.address, row.partition]))
      return [...found].map(([address, id]) => ({ partition: id, address }))
    },
    async actor(_id, address) {
      return copy(db.actors.get(address) ?? null) ?? undefined
    },
    async actors({ type, runStatus, state, limit, after }) {
      return [...db.actors.values()]
        .filter(
          (row) =>
            (type ?? row.type) === row.type &&
            (runStatus ?? row.runStatus) === row.runStatus &&
            (state ?? row.state) === row.state &&
            row.address > (after ?? ''),
        )
        .sort((a, b) => (a.address < b.address ? -1 : 1))
        .slice(0, limit)
    },
    async journal({ partition: id, address, afterEntry, limit }) {
      return (db.journal.get(id) ?? []).filter((row) => row.entry > afterEntry && (address ?? row.address) === row.address).slice(0, limit)
    },
    async feed(after, limit) {
      return after.flatMap(({ partition: id, entry }) => (db.journal.get(id) ?? []).filter((row) => row.entry > entry)).slice(0, limit)
    },
    async journalEnds(ids) {
      return ids.map((id) => db.journal.get(id)?.at(-1)?.entry ?? 0)
    },
    async outputs(_id, address) {
      return [...db.outbox.values()].filter((row) => row.address === address)
    },
    async actorTimers(_id, address) {
      return [...db.timers.values()].filter((row) => row.address === address)
    },
    async actorTasks(_id, address) {
      return [...db.tasks.values()].filter((row) => row.address === address)
    },
    async readRow(table: TableDefinition, key: TenantRow['key']) {
      const text = db.rows.get(table.name)?.get(JSON.stringify(Object.keys(table.key).map((name) => key[name])))
      return text === undefined ? undefined : (JSON.parse(text) as Record<string, Json>)
    },
    async stuck(ids, limit) {
      const owned = of(ids)
      const busy = new Set([...db.timers.values(), ...db.tasks.values()].map((row) => row.address))
      for (const [id, records] of db.mailbox) {
        for (const record of records) {
          if (record.offset >= partition(id).nextOffset) {
            busy.add(record.address)
          }
        }
      }
      for (const row of db.outbox.values()) {
        if (!row.delivered && row.target === 'mailbox') {
          busy.add(row.key)
        }
      }
      return [...db.actors.values()]
        .filter(
          (row) =>
            owned.has(row.partition) && row.runStatus === 'active' && row.parked === null && !row.waitsOutside && !busy.has(row.address),
        )
        .slice(0, limit)
    },
    async counts(ids) {
      const owned = of(ids)
      const rows = [...db.actors.values()].filter((row) => owned.has(row.partition))
      const active = rows.filter((row) => row.runStatus === 'active')
      return {
        active: active.length,
        waiting: active.length,
        failed: rows.filter((row) => row.parked !== null).length,
        oldestActiveAt: active.length === 0 ? null : Math.min(...active.map((row) => row.createdAt)),
      }
    },
    async deadLetters({ id, address, limit }) {
      return [...db.deadLetters.values()]
        .filter((row) => (id ?? row.id) === row.id && (address ?? row.address) === row.address)
        .slice(0, limit)
    },
    async deadLetterReplayed() {},
    async trim() {},
    subscribe(wake) {
      db.onCommit.add(wake)
      return () => db.onCommit.delete(wake)
    },
  }
}

function commit(db: MemoryDatabase, turn: Turn, partition: (id: number) => MemoryPartition): CommitOutcome {
  const isOwn = turn.partitions.every(({ partition: id, epoch, fromOffset, fromEntry }) => {
    const row = partition(id)
    return row.epoch === epoch && row.nextOffset === fromOffset && row.nextEntry === fromEntry
  })
  if (!isOwn) {
    return { kind: 'fenced', stored: turn.partitions.map((advance) => copy(partition(advance.partition))) }
  }
  for (const { partition: id, toOffset, toEntry } of turn.partitions) {
    db.partitions.set(id, { ...partition(id), nextOffset: toOffset, nextEntry: toEntry, lastTurnAt: turn.now })
  }
  for (const row of turn.actors) db.actors.set(row.address, row)
  for (const row of turn.timersDropped) db.timers.delete(`${row.address} ${row.id}`)
  for (const row of turn.timersArmed) db.timers.set(`${row.address} ${row.id}`, row)
  for (const row of turn.tasksClosed) db.tasks.delete(`${row.address} ${row.id} ${row.opened}`)
  for (const row of turn.tasksOpened) db.tasks.set(`${row.address} ${row.id} ${row.opened}`, row)
  for (const { attempt, failures, notBefore, lastError, ...key } of turn.tasksUpdated) {
    const row = db.tasks.get(`${key.address} ${key.id} ${key.opened}`)
    if (row !== undefined) db.tasks.set(`${key.address} ${key.id} ${key.opened}`, { ...row, attempt, failures, notBefore, lastError })
  }
  for (const row of turn.outbox) db.outbox.set(`${row.partition}/${row.entry}`, { ...row, delivered: false })
  for (const row of turn.journal) db.journal.set(row.partition, [...(db.journal.get(row.partition) ?? []), row])
  for (const row of turn.inbox) db.inbox.set(`${row.partition}/${row.messageId}`, row)
  for (const row of turn.deadLetters) db.deadLetters.set(row.id, row)
  for (const row of turn.released) db.held.delete(`${row.address} ${row.offset}`)
  for (const row of turn.held) db.held.set(`${row.address} ${row.offset}`, row)
  for (const { table, key, values } of turn.rows) {
    const rows = db.rows.get(table) ?? new Map<string, string>()
    db.rows.set(table, rows)
    const definition = db.tables.find((known) => known.name === table)
    rows.set(JSON.stringify(Object.keys(definition?.key ?? key).map((name) => key[name])), JSON.stringify({ ...key, ...values }))
  }
  for (const wake of db.onCommit) wake()
  return { kind: 'committed' }
}
