import { sql } from 'kysely'
import type { Json, TableDefinition } from '../../runtime/define-actor.ts'
import type { ArchivedRow } from '../../runtime/archive.ts'
import type { DoneActor } from '../../runtime/ports.ts'
import type { Database } from '../database.ts'
import { camelRows } from '../rowset.ts'

/** Actors of a type that are done since before a time and have nothing under way; they leave first who were born first. */
export async function readOver(
  database: Database,
  type: string,
  partitions: readonly number[],
  endedBefore: number,
  limit: number,
): Promise<readonly DoneActor[]> {
  const { rows } = await sql`
    select partition, address, seq, state_since from ${database.table('actors')} a
    where partition = any(${partitions}::int4[]) and type = ${type} and run_status <> 'active' and tombstone is null and parked is null
      and created_at < ${endedBefore} and state_since < ${endedBefore}
      and not exists (
        select 1 from ${database.table('outbox')} o where o.partition = a.partition and o.address = a.address and o.delivered_at is null
      )
    order by created_at, address limit ${limit}`.execute(database.kysely)
  return camelRows(rows)
}

/** Of the tables that Quire keeps for every actor: all that an archive should hold. */
const kept = ['actors', 'journal', 'outbox', 'dead_letters', 'held_messages'] as const

/** Every row stored of an actor, as it is stored, table by table. */
export async function readStoredOf(
  database: Database,
  place: { readonly partition: number; readonly address: string },
  tables: Iterable<TableDefinition>,
): Promise<readonly ArchivedRow[]> {
  const rows: ArchivedRow[] = []
  const take = async (table: string, ofPartition = sql``): Promise<void> => {
    const found = await sql<Record<string, Json>>`
      select * from ${database.table(table)} where address = ${place.address} ${ofPartition}`.execute(database.kysely)
    rows.push(...found.rows.map((row) => ({ table, row })))
  }
  for (const table of kept) {
    await take(table, sql`and partition = ${place.partition}`)
  }
  for (const { name, key } of tables) {
    await (key['address'] === 'text' ? take(name) : undefined)
  }
  return rows
}
