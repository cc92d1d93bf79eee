import type { ActorSummary, Store } from '../runtime/ports.ts'
import type { ActorRow } from '../runtime/turn-rows.ts'
import { type MemoryDatabase, partitionRow } from './memory-database.ts'
import { retentionReads } from './memory-retention.ts'
import { standingReads } from './memory-standing.ts'
import { readTenantRow, readTenantRows } from './memory-tenant-rows.ts'

type Reads =
  | 'claims'
  | 'load'
  | 'timers'
  | 'tasks'
  | 'outbox'
  | 'held'
  | 'heldAddresses'
  | 'actor'
  | 'actors'
  | 'journal'
  | 'feed'
  | 'journalEnds'
  | 'outputs'
  | 'actorTimers'
  | 'actorTasks'
  | 'readRow'
  | 'readRows'
  | 'countRows'
  | 'total'
  | 'stuck'
  | 'counts'
  | 'activeStates'
  | 'writtenBy'
  | 'deadLetters'
  | 'over'
  | 'storedOf'

/** What the Store reads, over the maps of a memory database. */
export function memoryQueries(db: MemoryDatabase): Pick<Store, Reads> {
  return { ...turnReads(db), ...rowReads(db), ...peopleReads(db), ...healthReads(db), ...standingReads(db), ...retentionReads(db) }
}

/** What the loop and the relay read. */
function turnReads(db: MemoryDatabase): Pick<Store, 'claims' | 'load' | 'timers' | 'tasks' | 'outbox' | 'held' | 'heldAddresses'> {
  return {
    async claims(ids) {
      return [...ids].sort(ascending).flatMap((id) => db.partitions.get(id) ?? [])
    },
    async load({ addresses, hashes, messageIds }) {
      const hashed = new Set(hashes.map(({ hash }) => hash))
      return {
        actors: [
          ...addresses.flatMap(({ address }) => db.actors.get(address) ?? []),
          ...(hashed.size === 0 ? [] : [...db.actors.values()].filter((row) => hashed.has(row.addressHash))),
        ],
        seen: messageIds.flatMap(({ partition, messageId }) => db.inbox.get(`${partition}/${messageId}`) ?? []),
      }
    },
    async timers(ids, before, limit) {
      const rows = [...db.timers.values()].filter((row) => ids.includes(row.partition) && row.due < before)
      return rows.sort((one, other) => one.due - other.due).slice(0, limit)
    },
    async tasks(ids, limit) {
      const rows = [...db.tasks.values()].filter((row) => ids.includes(row.partition))
      return rows.sort((one, other) => one.notBefore - other.notBefore).slice(0, limit)
    },
    async outbox(from, limit) {
      const lows = new Map(from.map((low) => [low.partition, low.entry]))
      const open = [...db.outbox.values()].filter(
        ({ row, delivered }) => !delivered && row.entry >= (lows.get(row.partition) ?? Number.POSITIVE_INFINITY),
      )
      const rows = open.map(({ row }) => row)
      return rows.sort((one, other) => one.partition - other.partition || one.entry - other.entry).slice(0, limit)
    },
    async held(_partition, address, limit) {
      const rows = [...db.held.values()].filter((row) => row.address === address)
      return rows.sort((one, other) => one.offset - other.offset).slice(0, limit)
    },
    async heldAddresses(ids) {
      const found = new Map([...db.held.values()].filter((row) => ids.includes(row.partition)).map((row) => [row.address, row.partition]))
      return [...found].map(([address, partition]) => ({ partition, address }))
    },
  }
}

/** Rows of the tenants' tables. */
function rowReads(db: MemoryDatabase): Pick<Store, 'readRow' | 'readRows' | 'countRows' | 'total'> {
  return {
    async readRow(table, key) {
      return readTenantRow(db, table, key)
    },
    async readRows(table, where, { limit, offset }) {
      return readTenantRows(db, table, where).slice(offset, offset + limit)
    },
    async countRows(table, where) {
      return readTenantRows(db, table, where).length
    },
    async total({ name }, { column, time, from }) {
      const rows = [...(db.rows.get(name)?.values() ?? [])].map((text) => JSON.parse(text) as Record<string, number>)
      return rows.filter((row) => (row[time] ?? 0) >= from).reduce((sum, row) => sum + (row[column] ?? 0), 0)
    },
  }
}

/** What people look at. */
function peopleReads(
  db: MemoryDatabase,
): Pick<Store, 'actor' | 'actors' | 'journal' | 'feed' | 'journalEnds' | 'outputs' | 'actorTimers' | 'actorTasks'> {
  return {
    async actor(_partition, address) {
      return db.actors.get(address)
    },
    async actors({ type, runStatus, state, createdBefore = Number.POSITIVE_INFINITY, limit, after = '' }) {
      const asked = (row: ActorRow): boolean =>
        row.tombstone === null &&
        (type ?? row.type) === row.type &&
        (runStatus ?? row.runStatus) === row.runStatus &&
        (state ?? row.state) === row.state &&
        row.createdAt < createdBefore &&
        row.address > after
      return [...db.actors.values()]
        .filter(asked)
        .sort((one, other) => (one.address < other.address ? -1 : 1))
        .slice(0, limit)
        .map(summaryOf)
    },
    async journal({ partition, address, afterEntry, limit }) {
      return (db.journal.get(partition) ?? [])
        .filter((row) => row.entry > afterEntry && (address ?? row.address) === row.address)
        .slice(0, limit)
    },
    async feed(after, limit) {
      return [...after]
        .sort((one, other) => one.partition - other.partition)
        .flatMap(({ partition, entry }) => (db.journal.get(partition) ?? []).filter((row) => row.entry > entry))
        .slice(0, limit)
    },
    async journalEnds(ids) {
      return ids.map((id) => partitionRow(db, id).nextEntry - 1)
    },
    async outputs(_partition, address) {
      const rows = [...db.outbox.values()].map(({ row }) => row).filter((row) => row.address === address)
      return rows.sort((one, other) => one.entry - other.entry)
    },
    async actorTimers(_partition, address) {
      return [...db.timers.values()].filter((row) => row.address === address).sort((one, other) => one.due - other.due)
    },
    async actorTasks(_partition, address) {
      const rows = [...db.tasks.values()].filter((row) => row.address === address)
      return rows.sort((one, other) => one.opened - other.opened || (one.id < other.id ? -1 : 1))
    },
  }
}

function healthReads(db: MemoryDatabase): Pick<Store, 'stuck' | 'counts' | 'activeStates' | 'deadLetters'> {
  return {
    async stuck(ids, limit) {
      const busy = busyAddresses(db)
      return [...db.actors.values()]
        .filter(
          (row) =>
            ids.includes(row.partition) && row.runStatus === 'active' && row.parked === null && !row.waitsOutside && !busy.has(row.address),
        )
        .sort((one, other) => (one.address < other.address ? -1 : 1))
        .slice(0, limit)
        .map(({ partition, address, state, stateSince }) => ({ partition, address, state, stateSince }))
    },
    async counts(ids) {
      const rows = [...db.actors.values()].filter((row) => ids.includes(row.partition))
      const active = rows.filter((row) => row.runStatus === 'active')
      return {
        active: active.length,
        waiting: active.filter((row) => row.parked === null).length,
        failed: rows.filter((row) => row.runStatus === 'error' || row.parked !== null).length,
        oldestActiveAt: active.length === 0 ? null : Math.min(...active.map((row) => row.createdAt)),
      }
    },
    async activeStates(type) {
      const states = [...db.actors.values()].filter((row) => row.type === type && row.runStatus === 'active').map((row) => row.state)
      return Object.fromEntries([...new Set(states)].map((state) => [state, states.filter((each) => each === state).length]))
    },
    async deadLetters({ id, address, replayed, after, limit }) {
      return [...db.deadLetters.values()]
        .map((row) => ({ ...row, replayed: db.replayed.has(row.id), replays: db.replays.get(row.id) ?? 0 }))
        .filter((row) => (id ?? row.id) === row.id && (address ?? row.address) === row.address)
        .filter((row) => (replayed ?? row.replayed) === row.replayed)
        .filter((row) => after === undefined || row.at > after.at || (row.at === after.at && row.id > after.id))
        .sort((one, other) => one.at - other.at || (one.id < other.id ? -1 : 1))
        .slice(0, limit)
    },
  }
}

/** Actors with a timer, a task, a held or unread message, or a message on its way. */
function busyAddresses(db: MemoryDatabase): ReadonlySet<string> {
  const unread = [...db.mailbox].flatMap(([partition, records]) =>
    records.filter((record) => record.offset >= partitionRow(db, partition).nextOffset),
  )
  const letters = [...db.outbox.values()].filter(({ row, delivered }) => !delivered && row.target === 'mailbox').map(({ row }) => row.key)
  return new Set([...[...db.timers.values(), ...db.tasks.values(), ...db.held.values(), ...unread].map((row) => row.address), ...letters])
}

function summaryOf({ snapshot: _, armed: __, ...summary }: ActorRow): ActorSummary {
  return summary
}

function ascending(one: number, other: number): number {
  return one - other
}
