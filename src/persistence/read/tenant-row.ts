import { sql } from 'kysely'
import type { Json, TableDefinition, TenantRow } from '../../runtime/define-actor.ts'
import type { Total } from '../../runtime/ports.ts'
import type { Database } from '../database.ts'

/** One row of a tenant's table by its key columns; undefined when there is none. */
export async function readTenantRow(
  database: Database,
  table: TableDefinition,
  key: TenantRow['key'],
): Promise<Readonly<Record<string, Json>> | undefined> {
  const conditions = Object.keys(table.key).map((column) => sql`${sql.id(column)} = ${key[column] ?? null}`)
  const { rows } = await sql<Record<string, Json>>`
    select * from ${database.table(table.name)} where ${sql.join(conditions, sql` and `)}`.execute(database.kysely)
  return rows[0]
}

/** The sum of a column over the rows since a time; 0 when there are none. */
export async function totalOf(database: Database, table: TableDefinition, { column, time, from }: Total): Promise<number> {
  const { rows } = await sql<{ total: number }>`
    select coalesce(sum(${sql.id(column)}), 0)::float8 as total from ${database.table(table.name)} where ${sql.id(time)} >= ${from}`.execute(
    database.kysely,
  )
  return rows[0]?.total ?? 0
}
