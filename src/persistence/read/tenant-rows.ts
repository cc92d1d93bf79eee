import { type RawBuilder, sql } from 'kysely'
import type { RowFilter, StoredRow, TableDefinition, TenantRow } from '../../runtime/define-actor.ts'
import type { RowPage, Total } from '../../runtime/tenant-row-store.ts'
import type { Database } from '../database.ts'

/** One row of a tenant's table by its key columns; undefined when there is none. */
export async function readTenantRow(database: Database, table: TableDefinition, key: TenantRow['key']): Promise<StoredRow | undefined> {
  const conditions = Object.keys(table.key).map((column) => sql`${sql.id(column)} = ${key[column] ?? null}`)
  const { rows } = await sql<StoredRow>`
    select * from ${database.table(table.name)} where ${sql.join(conditions, sql` and `)}`.execute(database.kysely)
  return rows[0]
}

/** Ordered by code point, as every other place sorts: the collation of the database is its own matter. */
export async function readTenantRows(
  database: Database,
  table: TableDefinition,
  where: RowFilter,
  { limit, offset }: RowPage,
): Promise<readonly StoredRow[]> {
  const order = Object.entries(table.key).map(([column, type]) =>
    type === 'text' ? sql`${sql.id(column)} collate "C"` : sql`${sql.id(column)}`,
  )
  const { rows } = await sql<StoredRow>`
    select * from ${database.table(table.name)} where ${matching(where)}
    order by ${sql.join(order)} limit ${limit}::int8 offset ${offset}::int8`.execute(database.kysely)
  return rows
}

export async function countTenantRows(database: Database, table: TableDefinition, where: RowFilter): Promise<number> {
  const { rows } = await sql<{ readonly count: number }>`
    select count(*)::int8 as count from ${database.table(table.name)} where ${matching(where)}`.execute(database.kysely)
  return rows[0]?.count ?? 0
}

/** True for rows that have these values. */
export function matching(where: RowFilter): RawBuilder<unknown> {
  return sql.join([sql`true`, ...Object.entries(where).map(([column, value]) => sql`${sql.id(column)} = ${value}`)], sql` and `)
}

/** The sum of a column over the rows since a time; 0 when there are none. */
export async function totalOf(database: Database, table: TableDefinition, { column, time, from }: Total): Promise<number> {
  const { rows } = await sql<{ total: number }>`
    select coalesce(sum(${sql.id(column)}), 0)::float8 as total from ${database.table(table.name)} where ${sql.id(time)} >= ${from}`.execute(
    database.kysely,
  )
  return rows[0]?.total ?? 0
}
