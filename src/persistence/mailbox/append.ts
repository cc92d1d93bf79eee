import { sql } from 'kysely'
import type { Message, Position } from '../../runtime/message.ts'
import type { Database } from '../database.ts'
import { type Column, field, names, unnest } from '../rowset.ts'

/** A message with its partition and its place in the call. */
export interface Placed extends Message {
  readonly partition: number
  readonly place: number
}

const columns: readonly Column<Placed>[] = [
  field('place', 'int4'),
  field('partition', 'int4'),
  field('id', 'text'),
  field('address', 'text'),
  field('kind', 'text'),
  field('body', 'text'),
  { name: 'replay_of', type: 'text', of: (message) => message.replayOf ?? null },
  { name: 'traceparent', type: 'text', of: (message) => message.traceparent ?? null },
]

/**
 * Appends by one statement. Positions come from the partition's own head row, taken in the insert: so they are in commit
 * order and without gaps, which a sequence does not give. A message whose id is in the log already is not appended again.
 * Two processes that append the same new id at once: one gets 23505 and tries again.
 */
export async function appendMessages(database: Database, messages: readonly Placed[], now: number): Promise<ReadonlyMap<string, Position>> {
  const { rows } = await sql<StoredPlace>`
    with given as (select * from ${unnest(messages, columns)} as given(${names(columns)})),
    fresh as (
      select given.*, row_number() over (partition by partition order by place) - 1 as step from given
      where not exists (
        select 1 from ${database.table('mailbox')} m where m.partition = given.partition and m.address = given.address and m.id = given.id
      )
    ),
    heads as (
      update ${database.table('mailbox_heads')} head set next_position = head.next_position + news.size
      from (select partition, count(*) as size from fresh group by partition) news
      where head.partition = news.partition
      returning head.partition, head.next_position - news.size as first
    )
    insert into ${database.table('mailbox')} (partition, position, id, address, kind, body, replay_of, traceparent, appended_at)
    select fresh.partition, heads.first + fresh.step, id, address, kind, body, replay_of, traceparent, ${now}::int8
    from fresh join heads on heads.partition = fresh.partition
    returning partition, position, address, id`.execute(database.kysely)
  return positionsOf(rows)
}

interface StoredPlace {
  readonly partition: number
  readonly position: number
  readonly address: string
  readonly id: string
}

function positionsOf(rows: readonly StoredPlace[]): ReadonlyMap<string, Position> {
  return new Map(rows.map((row) => [`${row.address}#${row.id}`, { partition: row.partition, offset: row.position }]))
}

/** Where these messages lie in the log, by `address#id`. */
export async function findPositions(database: Database, messages: readonly Placed[]): Promise<ReadonlyMap<string, Position>> {
  const { rows } = await sql<StoredPlace>`
    select partition, position, address, id from ${database.table('mailbox')}
    where (partition, address, id) in (
      select * from unnest(${messages.map((m) => m.partition)}::int4[], ${messages.map((m) => m.address)}::text[], ${messages.map((m) => m.id)}::text[])
    )`.execute(database.kysely)
  return positionsOf(rows)
}
