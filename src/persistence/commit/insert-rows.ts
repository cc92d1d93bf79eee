import { type RawBuilder, sql } from 'kysely'
import type { Database } from '../database.ts'
import { type Column, names, unnest } from '../rowset.ts'

/** A part of the commit's one statement; none for no rows. */
export type Part = RawBuilder<unknown>

/** Inserts many rows; `onConflict` is the last clause. */
export function insertRows<Row>(
  database: Database,
  insertion: {
    readonly table: string
    readonly columns: readonly Column<Row>[]
    readonly rows: readonly Row[]
    readonly onConflict?: Part
  },
): Part[] {
  const { table, columns, rows, onConflict } = insertion
  return rows.length === 0
    ? []
    : [sql`insert into ${database.table(table)} (${names(columns)}) select * from ${unnest(rows, columns)} ${onConflict ?? sql``}`]
}

/** Deletes the rows whose key columns equal one of `keys`. */
export function deleteRows<Key>(
  database: Database,
  deletion: { readonly table: string; readonly columns: readonly Column<Key>[]; readonly keys: readonly Key[] },
): Part[] {
  const { table, columns, keys } = deletion
  const same = columns.map((column) => sql`stored.${sql.id(column.name)} = gone.${sql.id(column.name)}`)
  return keys.length === 0
    ? []
    : [
        sql`delete from ${database.table(table)} stored using ${unnest(keys, columns)} as gone(${names(columns)}) where ${sql.join(same, sql` and `)}`,
      ]
}

/** `on conflict (key) do update set` every other column. */
export function replacing(columns: readonly { readonly name: string }[], key: readonly string[]): Part {
  const others = columns.filter((column) => !key.includes(column.name))
  const set = others.map((column) => sql`${sql.id(column.name)} = excluded.${sql.id(column.name)}`)
  const target = sql.join(key.map((name) => sql.id(name)))
  return others.length === 0 ? sql`on conflict (${target}) do nothing` : sql`on conflict (${target}) do update set ${sql.join(set)}`
}
