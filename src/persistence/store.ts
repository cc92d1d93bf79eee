import { sql } from 'kysely'
import type { TableDefinition } from '../runtime/define-actor.ts'
import type { Clock, Store } from '../runtime/ports.ts'
import { changeTenantRows } from './change-rows.ts'
import { commitTurn } from './commit/commit-turn.ts'
import type { Database } from './database.ts'
import { classified } from './errors.ts'
import { migrate } from './migrate.ts'
import { announceElsewhere } from './notify.ts'
import {
  acceptGap,
  claimPartitions,
  markBegun,
  markHalted,
  markStarted,
  readHalted,
  readPartitions,
  releasePartitions,
} from './partitions.ts'
import { listActors, loadForTurn, readActiveStates, readActor, readWrittenBy } from './read/actors.ts'
import { readActorTasks, readActorTimers, readHeld, readHeldAddresses, readTasks, readTimers } from './read/due.ts'
import { markReplayed, readDeadLetters } from './read/dead-letters.ts'
import { readCounts, readStuck, trimLogs } from './read/health.ts'
import { readFeed, readJournal, readJournalEnds } from './read/journal.ts'
import { shareInboundProgress } from './read/inbound-progress.ts'
import { offerOutputAgain, readOutbox, readOutputs, refuseOutputs, settleOutbox } from './read/outbox.ts'
import { readOver, readStoredOf } from './read/stored-of.ts'
import { countTenantRows, readTenantRow, readTenantRows, totalOf } from './read/tenant-rows.ts'

/** The Store on a database. Every failure it throws is a `PortFailure` or a `QuireError`. */
export function createStore(db: Database, clock: Clock): Store {
  const tables = new Map<string, TableDefinition>()
  const announce = announceElsewhere(db, 'commit', clock)
  const store: Store = {
    async open(setup) {
      await migrate(db, setup)
      setup.tables.forEach((table) => tables.set(table.name, table))
    },
    close: () => db.close(),
    ping: () => readClock(db),
    claim: (partitions, owner) => claimPartitions(db, partitions, owner),
    release: (claims) => releasePartitions(db, claims),
    claims: (partitions) => readPartitions(db, partitions),
    markBegun: (claims) => markBegun(db, claims),
    markStarted: (claim, started) => markStarted(db, claim, started),
    markHalted: (claim, why) => markHalted(db, claim, why),
    halted: () => readHalted(db),
    acceptGap: (gap) => acceptGap(db, gap),
    async commit(turn) {
      const outcome = await commitTurn(db, turn, tables)
      announce()
      return outcome
    },
    load: (request) => loadForTurn(db, request),
    timers: (partitions, before, limit) => readTimers(db, partitions, before, limit),
    tasks: (partitions, limit) => readTasks(db, partitions, limit),
    outbox: (from, limit) => readOutbox(db, from, limit),
    outboxDelivered: (rows, { keep }) => settleOutbox(db, rows, { keep, now: clock.now() }),
    outboxRefused: (letters) => refuseOutputs(db, letters, clock.now()),
    outboxAgain: (output) => offerOutputAgain(db, output),
    shareProgress: (own) => shareInboundProgress(db, own),
    held: (partition, address, limit) => readHeld(db, partition, address, limit),
    heldAddresses: (partitions) => readHeldAddresses(db, partitions),
    actor: (partition, address) => readActor(db, partition, address),
    actors: (filter) => listActors(db, filter),
    journal: (query) => readJournal(db, query),
    feed: (after, limit) => readFeed(db, after, limit),
    journalEnds: (partitions) => readJournalEnds(db, partitions),
    outputs: (partition, address) => readOutputs(db, partition, address),
    actorTimers: (partition, address) => readActorTimers(db, partition, address),
    actorTasks: (partition, address) => readActorTasks(db, partition, address),
    readRow: (table, key) => readTenantRow(db, table, key),
    total: (table, sum) => totalOf(db, table, sum),
    readRows: (table, where, page) => readTenantRows(db, table, where, page),
    countRows: (table, where) => countTenantRows(db, table, where),
    changeRows: (change) => changeTenantRows(db, change, tables),
    stuck: (partitions, limit) => readStuck(db, partitions, limit),
    counts: (partitions) => readCounts(db, partitions),
    activeStates: (type) => readActiveStates(db, type),
    writtenBy: () => readWrittenBy(db),
    deadLetters: (query) => readDeadLetters(db, query),
    deadLetterReplayed: (id, times) => markReplayed(db, id, times),
    over: (type, partitions, endedBefore, limit) => readOver(db, type, partitions, endedBefore, limit),
    storedOf: (place) => readStoredOf(db, place, tables.values()),
    trim: (olderThan) => trimLogs(db, olderThan),
    subscribe: (wake) => db.listener.subscribe('commit', wake),
  }
  return classifying(store)
}

async function readClock(db: Database): Promise<number> {
  const { rows } = await sql<{ now: string }>`select (extract(epoch from clock_timestamp()) * 1000)::float8::text as now`.execute(db.kysely)
  return Number(rows[0]?.now)
}

/** Every asynchronous method throws classified failures only. */
function classifying(store: Store): Store {
  const wrapped = Object.entries(store).map(([name, method]) =>
    name === 'subscribe'
      ? [name, method]
      : [name, (...args: never[]) => classified(() => (method as (...given: never[]) => Promise<unknown>)(...args))],
  )
  return Object.fromEntries(wrapped) as Store
}
