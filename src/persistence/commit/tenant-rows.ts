import type { Kysely } from 'kysely'
import type { TableDefinition, TenantRow } from '../../runtime/define-actor.ts'
import type { Database } from '../database.ts'
import type { Column } from '../rowset.ts'
import { insertRows, replacing } from './insert-rows.ts'

/** One statement a table, whatever the tenant; of rows with the same key the last one counts. */
export async function writeTenantRows(
  database: Database,
  executor: Kysely<unknown>,
  rows: readonly TenantRow[],
  tables: ReadonlyMap<string, TableDefinition>,
): Promise<void> {
  for (const [name, definition] of tables) {
    const own = latestByKey(rows.filter((row) => row.table === name))
    const keyNames = Object.keys(definition.key)
    const columns: Column<TenantRow>[] = [
      ...Object.entries(definition.key).map(([column, type]) => ({ name: column, type, of: (row: TenantRow) => row.key[column] ?? null })),
      ...Object.entries(definition.columns).map(([column, type]) => ({
        name: column,
        type,
        of: (row: TenantRow) => scalar(row.values[column]),
      })),
    ]
    await insertRows(database, executor, { table: name, columns, rows: own, onConflict: replacing(columns, keyNames) })
  }
}

function latestByKey(rows: readonly TenantRow[]): TenantRow[] {
  return [...new Map(rows.map((row) => [JSON.stringify(row.key), row])).values()]
}

/** Nested values go into a text column as JSON. */
function scalar(value: TenantRow['values'][string] | undefined): string | number | boolean | null {
  return value === undefined ? null : typeof value === 'object' && value !== null ? JSON.stringify(value) : value
}
