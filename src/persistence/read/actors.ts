import { sql } from 'kysely'
import type { ActorFilter, ActorSummary, Loaded, LoadRequest, WrittenBy } from '../../runtime/ports.ts'
import type { ActorRow, InboxRow } from '../../runtime/turn-rows.ts'
import type { Database } from '../database.ts'
import { camelRows } from '../rowset.ts'

const summary = sql`partition, address, address_hash, type, machine, version, xstate, codec, seq, state, run_status, tags, progress, output,
  waits_outside, parked, tombstone, traceparent, created_at, state_since, updated_at`
const whole = sql`${summary}, snapshot, armed`

/** What a turn needs to know before it is decided: its actors, and which of its message ids were handled before. */
export async function loadForTurn(database: Database, { addresses, hashes, messageIds }: LoadRequest): Promise<Loaded> {
  const [named, hashed, seen] = await Promise.all([
    loadActors(database, addresses),
    loadByHash(database, hashes),
    loadSeen(database, messageIds),
  ])
  return { actors: [...named, ...hashed], seen }
}

async function loadByHash(database: Database, hashes: LoadRequest['hashes']): Promise<ActorRow[]> {
  if (hashes.length === 0) {
    return []
  }
  const { rows } = await sql`
    select ${whole} from ${database.table('actors')}
    where (partition, address_hash) in (select * from unnest(${hashes.map((key) => key.partition)}::int4[], ${hashes.map((key) => key.hash)}::text[]))`.execute(
    database.kysely,
  )
  return camelRows(rows)
}

async function loadActors(database: Database, addresses: LoadRequest['addresses']): Promise<ActorRow[]> {
  if (addresses.length === 0) {
    return []
  }
  const { rows } = await sql`
    select ${whole} from ${database.table('actors')}
    where (partition, address) in (select * from unnest(${addresses.map((key) => key.partition)}::int4[], ${addresses.map((key) => key.address)}::text[]))`.execute(
    database.kysely,
  )
  return camelRows(rows)
}

async function loadSeen(database: Database, messageIds: LoadRequest['messageIds']): Promise<InboxRow[]> {
  if (messageIds.length === 0) {
    return []
  }
  const { rows } = await sql`
    select partition, message_id, digest, at from ${database.table('inbox')}
    where (partition, message_id) in (select * from unnest(${messageIds.map((key) => key.partition)}::int4[], ${messageIds.map((key) => key.messageId)}::text[]))`.execute(
    database.kysely,
  )
  return camelRows(rows)
}

export async function readActor(database: Database, partition: number, address: string): Promise<ActorRow | undefined> {
  const [actor] = await loadActors(database, [{ partition, address }])
  return actor
}

export async function listActors(
  database: Database,
  { type, runStatus, state, createdBefore, after, limit }: ActorFilter,
): Promise<readonly ActorSummary[]> {
  const conditions = [
    sql`tombstone is null`,
    ...(type === undefined ? [] : [sql`type = ${type}`]),
    ...(runStatus === undefined ? [] : [sql`run_status = ${runStatus}`]),
    ...(state === undefined ? [] : [sql`state = ${state}`]),
    ...(createdBefore === undefined ? [] : [sql`created_at < ${createdBefore}`]),
    ...(after === undefined ? [] : [sql`address > ${after}`]),
  ]
  const { rows } = await sql`
    select ${summary} from ${database.table('actors')} where ${sql.join(conditions, sql` and `)}
    order by address limit ${limit}`.execute(database.kysely)
  return camelRows(rows)
}

export async function readActiveStates(database: Database, type: string): Promise<Readonly<Record<string, number>>> {
  const { rows } = await sql<{ state: string; count: number }>`
    select state, count(*) as count from ${database.table('actors')} where run_status = 'active' and type = ${type} group by state`.execute(
    database.kysely,
  )
  return Object.fromEntries(rows.map(({ state, count }) => [state, count]))
}

export async function readWrittenBy(database: Database): Promise<readonly WrittenBy[]> {
  const { rows } = await sql`
    select type, version, codec, xstate, count(*)::int4 as actors, (count(*) filter (where parked is not null))::int4 as parked
    from ${database.table('actors')} where run_status = 'active' and tombstone is null
    group by type, version, codec, xstate order by type, version, codec, xstate`.execute(database.kysely)
  return camelRows(rows)
}
