import { sql } from 'kysely'
import type { DeadLetterRow, OutboxRow } from '../../runtime/turn-rows.ts'
import { deadLetterColumns } from '../commit/logs.ts'
import { insertRows } from '../commit/insert-rows.ts'
import type { Database } from '../database.ts'
import { camelRows } from '../rowset.ts'

const columns = sql`partition, entry, id, address, target, key, payload, traceparent, created_at`

/** Outputs not delivered yet, in order per partition. */
export async function readOutbox(
  database: Database,
  from: readonly { readonly partition: number; readonly entry: number }[],
  limit: number,
): Promise<readonly OutboxRow[]> {
  const { rows } = await sql`
    select open.* from unnest(${from.map((low) => low.partition)}::int4[], ${from.map((low) => low.entry)}::int8[]) as low(partition, entry)
    cross join lateral (
      select ${columns} from ${database.table('outbox')} stored
      where stored.delivered_at is null and stored.partition = low.partition and stored.entry >= low.entry
      order by stored.entry limit ${limit}
    ) open order by open.partition, open.entry limit ${limit}`.execute(database.kysely)
  return camelRows(rows)
}

export async function settleOutbox(
  database: Database,
  rows: readonly Pick<OutboxRow, 'partition' | 'entry'>[],
  options: { readonly keep: boolean; readonly now: number },
): Promise<void> {
  const done = sql`unnest(${rows.map((row) => row.partition)}::int4[], ${rows.map((row) => row.entry)}::int8[]) as done(partition, entry)`
  const same = sql`stored.partition = done.partition and stored.entry = done.entry`
  const outbox = database.table('outbox')
  if (!options.keep) {
    await sql`delete from ${outbox} stored using ${done} where ${same}`.execute(database.kysely)
    return
  }
  // The last outputs of an actor that is gone were waited for; now they go too. Two parts of one statement: no row is in both.
  const isGone = sql`exists (select 1 from ${database.table('actors')} a
    where a.partition = stored.partition and a.address = stored.address and a.tombstone is not null)`
  await sql`
    with gone as (delete from ${outbox} stored using ${done} where ${same} and ${isGone})
    update ${outbox} stored set delivered_at = ${options.now} from ${done} where ${same} and not ${isGone}`.execute(database.kysely)
}

/** One statement: an output is never both a dead letter and still on offer, nor neither. */
export async function refuseOutputs(database: Database, letters: readonly DeadLetterRow[], now: number): Promise<void> {
  const [letter] = insertRows(database, {
    table: 'dead_letters',
    columns: deadLetterColumns,
    rows: letters,
    onConflict: sql`on conflict (partition, id) do update set replayed = false, at = excluded.at, cause = excluded.cause, message = excluded.message`,
  })
  if (letter !== undefined) {
    await sql`
      with letters as (${letter})
      update ${database.table('outbox')} stored set delivered_at = ${now}
      from unnest(${letters.map((row) => row.partition)}::int4[], ${letters.map((row) => row.messageId)}::text[]) as refused(partition, id)
      where stored.partition = refused.partition and stored.id = refused.id`.execute(database.kysely)
  }
}

export async function offerOutputAgain(database: Database, { partition, id }: Pick<OutboxRow, 'partition' | 'id'>): Promise<void> {
  await sql`update ${database.table('outbox')} set delivered_at = null where partition = ${partition} and id = ${id}`.execute(
    database.kysely,
  )
}

export async function readOutputs(database: Database, partition: number, address: string): Promise<readonly OutboxRow[]> {
  const { rows } = await sql`
    select ${columns} from ${database.table('outbox')} where partition = ${partition} and address = ${address} order by entry`.execute(
    database.kysely,
  )
  return camelRows(rows)
}
