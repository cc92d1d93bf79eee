import { sql } from 'kysely'
import type { JournalRow } from '../../runtime/turn-rows.ts'
import type { Database } from '../database.ts'
import { camelRows } from '../rowset.ts'

type StoredEntry = Omit<JournalRow, 'transitions'> & { readonly transitions: string }

function entries(rows: readonly unknown[]): readonly JournalRow[] {
  return camelRows<StoredEntry>(rows).map((row) => ({ ...row, transitions: JSON.parse(row.transitions) as string[] }))
}

export interface JournalQuery {
  readonly partition: number
  readonly address?: string
  readonly afterEntry: number
  readonly limit: number
}

export async function readJournal(
  database: Database,
  { partition, address, afterEntry, limit }: JournalQuery,
): Promise<readonly JournalRow[]> {
  const ofAddress = address === undefined ? sql`` : sql`and address = ${address}`
  const { rows } = await sql`
    select * from ${database.table('journal')} where partition = ${partition} and entry > ${afterEntry} ${ofAddress}
    order by entry limit ${limit}`.execute(database.kysely)
  return entries(rows)
}

/** Joined with the partitions' own positions first, so that a look without news costs no journal page. */
export async function readFeed(
  database: Database,
  after: readonly { readonly partition: number; readonly entry: number }[],
  limit: number,
): Promise<readonly JournalRow[]> {
  const { rows } = await sql`
    select news.* from unnest(${after.map((low) => low.partition)}::int4[], ${after.map((low) => low.entry)}::int8[]) as low(partition, entry)
    join ${database.table('partitions')} stored on stored.id = low.partition and stored.next_entry > low.entry + 1
    cross join lateral (
      select * from ${database.table('journal')} line where line.partition = low.partition and line.entry > low.entry
      order by line.entry limit ${limit}
    ) news order by news.partition, news.entry limit ${limit}`.execute(database.kysely)
  return entries(rows)
}

export async function readJournalEnds(database: Database, partitions: readonly number[]): Promise<readonly number[]> {
  const { rows } = await sql<{ end: number }>`
    select stored.next_entry - 1 as "end" from unnest(${partitions}::int4[]) with ordinality as own(partition, place)
    join ${database.table('partitions')} stored on stored.id = own.partition order by own.place`.execute(database.kysely)
  return rows.map((row) => row.end)
}
