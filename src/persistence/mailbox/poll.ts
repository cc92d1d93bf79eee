import { sql } from 'kysely'
import type { MailboxRecord, Position } from '../../runtime/message.ts'
import type { Database } from '../database.ts'
import { camelRows } from '../rowset.ts'

interface Stored extends Omit<MailboxRecord, 'offset' | 'replayOf' | 'traceparent'> {
  readonly position: number
  readonly replayOf: string | null
  readonly traceparent: string | null
}

/**
 * Records from each offset on. Partitions without news cost one row of the heads; those with news get equal shares of the
 * limit, so that a busy one does not starve the others. Empty only when everything has been read.
 */
export async function pollMailbox(database: Database, from: readonly Position[], limit: number): Promise<readonly MailboxRecord[]> {
  const { rows } = await sql`
    with news as (
      select low.partition, low.position
      from unnest(${from.map((low) => low.partition)}::int4[], ${from.map((low) => low.offset)}::int8[]) as low(partition, position)
      join ${database.table('mailbox_heads')} head on head.partition = low.partition and head.next_position > low.position
    ),
    share as (select greatest(1, ${limit}::int8 / greatest(1, count(*))) as size from news)
    select record.* from news cross join lateral (
      select * from ${database.table('mailbox')} m where m.partition = news.partition and m.position >= news.position
      order by m.position limit (select size from share)
    ) record order by record.partition, record.position limit ${limit}`.execute(database.kysely)
  return camelRows<Stored>(rows).map(recordOf)
}

function recordOf({ position, replayOf, traceparent, ...message }: Stored): MailboxRecord {
  return {
    ...message,
    offset: position,
    ...(replayOf === null ? {} : { replayOf }),
    ...(traceparent === null ? {} : { traceparent }),
  }
}

export async function readEnds(database: Database, partitions: readonly number[]): Promise<readonly number[]> {
  const { rows } = await sql<{ next_position: number }>`
    select head.next_position from unnest(${partitions}::int4[]) with ordinality as own(partition, place)
    join ${database.table('mailbox_heads')} head on head.partition = own.partition order by own.place`.execute(database.kysely)
  return rows.map((row) => row.next_position)
}
