import type { ColumnType, Json, RowFilter, StoredRow, TableDefinition, TenantRow } from '../runtime/define-actor.ts'
import { refusal } from './memory-constraints.ts'
import type { MemoryDatabase } from './memory-database.ts'

/** A tenant's row as it will be stored. */
export interface PreparedRow {
  readonly table: string
  readonly key: string
  /** JSON of all declared columns; a nested value is kept as its own JSON text. */
  readonly text: string
}

/**
 * Rows of declared tables, ready to be written.
 * @throws PortFailure `permanent` for an unknown table, a key without a value, or a value of another type than its column
 */
export function prepareTenantRows(db: MemoryDatabase, rows: readonly TenantRow[]): readonly PreparedRow[] {
  return rows.map((row) => {
    const table = db.tables.find((known) => known.name === row.table)
    if (table === undefined) {
      throw refusal('42P01', `the table ${row.table} is not declared`)
    }
    return { table: table.name, key: keyOf(table, row.key), text: JSON.stringify(columnsOf(table, row)) }
  })
}

/** Writes prepared rows; the last one of a key counts. */
export function writeTenantRows(db: MemoryDatabase, rows: readonly PreparedRow[]): void {
  for (const { table, key, text } of rows) {
    const stored = db.rows.get(table) ?? new Map<string, string>()
    db.rows.set(table, stored)
    stored.set(key, text)
  }
}

/** One row by its key columns; undefined when there is none. */
export function readTenantRow(db: MemoryDatabase, table: TableDefinition, key: TenantRow['key']): StoredRow | undefined {
  const text = db.rows.get(table.name)?.get(keyOf(table, key))
  return text === undefined ? undefined : (JSON.parse(text) as StoredRow)
}

/** Rows that have these values, in order of their key. */
export function readTenantRows(db: MemoryDatabase, table: TableDefinition, where: RowFilter): StoredRow[] {
  const rows = [...(db.rows.get(table.name)?.values() ?? [])].map((text) => JSON.parse(text) as StoredRow)
  return rows.filter((row) => matches(row, where)).sort((one, other) => byKey(table, one, other))
}

/** Deletes rows that have these values. */
export function removeTenantRows(db: MemoryDatabase, table: TableDefinition, where: RowFilter): void {
  for (const [key, text] of db.rows.get(table.name) ?? []) {
    if (matches(JSON.parse(text) as StoredRow, where)) {
      db.rows.get(table.name)?.delete(key)
    }
  }
}

function matches(row: StoredRow, where: RowFilter): boolean {
  return Object.entries(where).every(([column, value]) => row[column] === value)
}

function byKey(table: TableDefinition, one: StoredRow, other: StoredRow): number {
  const column = Object.keys(table.key).find((name) => one[name] !== other[name])
  return column === undefined ? 0 : (one[column] as string | number) < (other[column] as string | number) ? -1 : 1
}

function keyOf(table: TableDefinition, key: TenantRow['key']): string {
  return JSON.stringify(Object.keys(table.key).map((name) => key[name] ?? null))
}

function columnsOf(table: TableDefinition, { key, values }: TenantRow): Record<string, Json> {
  const ofKey = Object.entries(table.key).map(([name, type]) => [name, column(table, name, type, key[name] ?? null)])
  const others = Object.entries(table.columns).map(([name, type]) => [name, column(table, name, type, scalar(values[name]))])
  const missing = Object.keys(table.key).find((name) => key[name] === undefined)
  if (missing !== undefined) {
    throw refusal('23502', `${table.name}.${missing} is part of the key and has no value`)
  }
  return Object.fromEntries([...ofKey, ...others]) as Record<string, Json>
}

type Scalar = string | number | boolean | null

function scalar(value: Json | undefined): Scalar {
  return value === undefined ? null : typeof value === 'object' && value !== null ? JSON.stringify(value) : (value as Scalar)
}

function column({ name: table }: TableDefinition, name: string, type: ColumnType, value: Scalar): Scalar {
  if (value !== null && !fits[type](value)) {
    throw refusal('22P02', `${table}.${name} is ${type} and cannot hold ${JSON.stringify(value)}`)
  }
  return type === 'text' && value !== null ? String(value) : value
}

const fits: Readonly<Record<ColumnType, (value: Exclude<Scalar, null>) => boolean>> = {
  text: () => true,
  int4: (value) => typeof value === 'number' && Math.trunc(value) === value && Math.abs(value) < 2 ** 31,
  int8: (value) => Number.isSafeInteger(value),
  float8: (value) => typeof value === 'number',
  bool: (value) => typeof value === 'boolean',
}
