import { sql } from 'kysely'
import type { Json, TableDefinition, TenantRow } from '../../runtime/define-actor.ts'
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
