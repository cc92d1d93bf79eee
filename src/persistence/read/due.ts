import { sql } from 'kysely'
import type { HeldRow, TaskRow, TimerRow } from '../../runtime/turn-rows.ts'
import type { Database } from '../database.ts'
import { camelRows } from '../rowset.ts'

/** Timers due before a time, earliest first: one index scan a partition. */
export async function readTimers(
  database: Database,
  partitions: readonly number[],
  before: number,
  limit: number,
): Promise<readonly TimerRow[]> {
  const { rows } = await sql`
    select due.* from unnest(${partitions}::int4[]) as own(partition)
    cross join lateral (
      select partition, address, id, due, arming from ${database.table('timers')} stored
      where stored.partition = own.partition and stored.due < ${before} order by stored.due limit ${limit}
    ) due order by due.due limit ${limit}`.execute(database.kysely)
  return camelRows(rows)
}

export async function readTasks(database: Database, partitions: readonly number[], limit: number): Promise<readonly TaskRow[]> {
  const { rows } = await sql`
    select * from ${database.table('tasks')} where partition = any(${partitions}::int4[]) order by not_before limit ${limit}`.execute(
    database.kysely,
  )
  return camelRows(rows)
}

export async function readActorTimers(database: Database, partition: number, address: string): Promise<readonly TimerRow[]> {
  const { rows } = await sql`
    select * from ${database.table('timers')} where partition = ${partition} and address = ${address} order by due`.execute(database.kysely)
  return camelRows(rows)
}

export async function readActorTasks(database: Database, partition: number, address: string): Promise<readonly TaskRow[]> {
  const { rows } = await sql`
    select * from ${database.table('tasks')} where partition = ${partition} and address = ${address} order by opened, id`.execute(
    database.kysely,
  )
  return camelRows(rows)
}

export async function readHeld(database: Database, partition: number, address: string, limit: number): Promise<readonly HeldRow[]> {
  const { rows } = await sql`
    select * from ${database.table('held_messages')} where partition = ${partition} and address = ${address}
    order by "offset" limit ${limit}`.execute(database.kysely)
  return camelRows(rows)
}

export async function readHeldAddresses(
  database: Database,
  partitions: readonly number[],
): Promise<readonly { readonly partition: number; readonly address: string }[]> {
  const { rows } = await sql`
    select distinct partition, address from ${database.table('held_messages')} where partition = any(${partitions}::int4[])`.execute(
    database.kysely,
  )
  return camelRows(rows)
}
