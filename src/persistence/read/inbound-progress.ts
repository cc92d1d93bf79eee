import { sql } from 'kysely'
import type { InboundProgress } from '../../runtime/ports.ts'
import type { Database } from '../database.ts'
import { camelRows } from '../rowset.ts'

/**
 * Writes how far this process read its partitions of the outside, makes rows for those of others, and reads them all. Ages are
 * by the database's clock, so that nodes need not agree on the time.
 */
export async function shareInboundProgress(
  database: Database,
  own: readonly InboundProgress[],
): Promise<readonly (InboundProgress & { readonly ageMs: number })[]> {
  const now = sql`(extract(epoch from clock_timestamp()) * 1000)::int8`
  const table = database.table('inbound_progress')
  await sql`
    insert into ${table} as stored (topic, partition, read_up_to, at)
    select topic, partition, read_up_to, case when read_up_to is null then 0 else ${now} end
    from unnest(${own.map((row) => row.topic)}::text[], ${own.map((row) => row.partition)}::int4[], ${own.map((row) => row.readUpTo)}::int8[])
      as own(topic, partition, read_up_to)
    on conflict (topic, partition) do update
      set read_up_to = greatest(stored.read_up_to, excluded.read_up_to), at = excluded.at where excluded.read_up_to is not null`.execute(
    database.kysely,
  )
  const topics = [...new Set(own.map((row) => row.topic))]
  const { rows } = await sql`
    select topic, partition, read_up_to, (${now} - at)::int8 as age_ms from ${table} where topic = any(${topics}::text[])`.execute(
    database.kysely,
  )
  return camelRows(rows)
}
