import { sql } from 'kysely'
import type { DeadLetterQuery, StoredDeadLetter } from '../../runtime/ports.ts'
import type { Database } from '../database.ts'
import { camelRows } from '../rowset.ts'

export async function readDeadLetters(
  database: Database,
  { id, address, replayed, after, limit }: DeadLetterQuery,
): Promise<readonly StoredDeadLetter[]> {
  const conditions = [
    sql`true`,
    ...(id === undefined ? [] : [sql`id = ${id}`]),
    ...(address === undefined ? [] : [sql`address = ${address}`]),
    ...(replayed === undefined ? [] : [sql`replayed = ${replayed}`]),
    ...(after === undefined ? [] : [sql`(at, id) > (${after.at}, ${after.id})`]),
  ]
  const { rows } = await sql`
    select partition, id, address, message_id, kind, body, cause, message, at, replayed, replays from ${database.table('dead_letters')}
    where ${sql.join(conditions, sql` and `)} order by at, id limit ${limit}`.execute(database.kysely)
  return camelRows(rows)
}

export async function markReplayed(database: Database, id: string, times: number): Promise<void> {
  await sql`
    update ${database.table('dead_letters')} set replayed = true, replays = greatest(replays, ${times}) where id = ${id}`.execute(
    database.kysely,
  )
}
