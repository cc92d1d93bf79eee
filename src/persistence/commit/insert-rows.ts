import { type Kysely, sql } from 'kysely'
import type { Database } from '../database.ts'
import { type Column, names, unnest } from '../rowset.ts'

/** Inserts many rows by one statement; `onConflict` is its last clause. Does nothing for no rows. */
export async function insertRows<Row>(
  database: Database,
  executor: Kysely<unknown>,
  insertion: {
    readonly table: string
    readonly columns: readonly Column<Row>[]
    readonly rows: readonly Row[]
    readonly onConflict?: ReturnType<typeof sql>
  },
): Promise<void> {
  const { table, columns, rows, onConflict } = insertion
  if (rows.length > 0) {
    await sql`insert into ${database.table(table)} (${names(columns)}) select * from ${unnest(rows, columns)} ${onConflict ?? sql``}`.execute(
      executor,
    )
  }
}

/** Deletes the rows whose key columns equal one of `keys`. */
export async function deleteRows<Key>(
  database: Database,
  executor: Kysely<unknown>,
  deletion: { readonly table: string; readonly columns: readonly Column<Key>[]; readonly keys: readonly Key[] },
): Promise<void> {
  const { table, columns, keys } = deletion
  if (keys.length > 0) {
    const same = columns.map((column) => sql`stored.${sql.id(column.name)} = gone.${sql.id(column.name)}`)
    await sql`delete from ${database.table(table)} stored using ${unnest(keys, columns)} as gone(${names(columns)}) where ${sql.join(same, sql` and `)}`.execute(
      executor,
    )
  }
}

/** `on conflict (key) do update set` every other column. */
export function replacing(columns: readonly { readonly name: string }[], key: readonly string[]): ReturnType<typeof sql> {
  const others = columns.filter((column) => !key.includes(column.name))
  const set = others.map((column) => sql`${sql.id(column.name)} = excluded.${sql.id(column.name)}`)
  const target = sql.join(key.map((name) => sql.id(name)))
  return others.length === 0 ? sql`on conflict (${target}) do nothing` : sql`on conflict (${target}) do update set ${sql.join(set)}`
}
