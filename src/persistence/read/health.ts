import { sql } from 'kysely'
import type { Store, StuckActor } from '../../runtime/ports.ts'
import type { Database } from '../database.ts'
import { camelRows } from '../rowset.ts'

/**
 * The proof query (design, promise 5): active actors that nothing will ever move on. An actor has a next cause if it has a
 * timer, a task, a message that was not handled yet or is on its way, or waits for the outside.
 */
export async function readStuck(database: Database, partitions: readonly number[], limit: number): Promise<readonly StuckActor[]> {
  const of = (table: string, more = sql``) =>
    sql`not exists (select 1 from ${database.table(table)} t where t.partition = a.partition and t.address = a.address ${more})`
  const { rows } = await sql`
    select a.partition, a.address, a.state, a.state_since from ${database.table('actors')} a
    join ${database.table('partitions')} p on p.id = a.partition
    where a.partition = any(${partitions}::int4[]) and a.run_status = 'active' and a.parked is null and not a.waits_outside
      and ${of('timers')} and ${of('tasks')} and ${of('held_messages')} and ${of('mailbox', sql`and t.position >= p.next_offset`)}
      and not exists (select 1 from ${database.table('outbox')} o where o.target = 'mailbox' and o.key = a.address and o.delivered_at is null)
    order by a.address limit ${limit}`.execute(database.kysely)
  return camelRows(rows)
}

export async function readCounts(database: Database, partitions: readonly number[]): ReturnType<Store['counts']> {
  const { rows } = await sql<{ active: number; waiting: number; failed: number; oldest: number | null }>`
    select
      count(*) filter (where run_status = 'active') as active,
      count(*) filter (where run_status = 'active' and parked is null) as waiting,
      count(*) filter (where run_status = 'error' or parked is not null) as failed,
      min(created_at) filter (where run_status = 'active') as oldest
    from ${database.table('actors')} where partition = any(${partitions}::int4[]) and (run_status <> 'done' or parked is not null)`.execute(
    database.kysely,
  )
  const [row] = rows
  return { active: row?.active ?? 0, waiting: row?.waiting ?? 0, failed: row?.failed ?? 0, oldestActiveAt: row?.oldest ?? null }
}

/** Deletes what every owner has passed and no sender will repeat. */
export async function trimLogs(database: Database, olderThan: number): Promise<void> {
  await sql`
    delete from ${database.table('mailbox')} m using ${database.table('partitions')} p
    where p.id = m.partition and m.position < p.next_offset and m.appended_at < ${olderThan}`.execute(database.kysely)
  await sql`delete from ${database.table('inbox')} where at < ${olderThan}`.execute(database.kysely)
}
