import type { TableDefinition, TenantRow } from '../../runtime/define-actor.ts'
import type { Database } from '../database.ts'
import type { Column } from '../rowset.ts'
import { insertRows, type Part, replacing } from './insert-rows.ts'

/** One insert a table, whatever the tenant; of rows with the same key the last one counts. */
export function writeTenantRows(database: Database, rows: readonly TenantRow[], tables: ReadonlyMap<string, TableDefinition>): Part[] {
  return [...tables].flatMap(([name, definition]) => {
    const columns: Column<TenantRow>[] = [
      ...Object.entries(definition.key).map(([column, type]) => ({ name: column, type, of: (row: TenantRow) => row.key[column] ?? null })),
      ...Object.entries(definition.columns).map(([column, type]) => ({
        name: column,
        type,
        of: (row: TenantRow) => scalar(row.values[column]),
      })),
    ]
    const own = latestByKey(rows.filter((row) => row.table === name))
    return insertRows(database, { table: name, columns, rows: own, onConflict: replacing(columns, Object.keys(definition.key)) })
  })
}

function latestByKey(rows: readonly TenantRow[]): TenantRow[] {
  return [...new Map(rows.map((row) => [JSON.stringify(row.key), row])).values()]
}

/** Nested values go into a text column as JSON. */
function scalar(value: TenantRow['values'][string] | undefined): string | number | boolean | null {
  return value === undefined ? null : typeof value === 'object' && value !== null ? JSON.stringify(value) : value
}
