import { type RawBuilder, sql } from 'kysely'

/** Columns of a set of rows: SQL name -> SQL type, and how a row gives its value. */
export interface Column<Row> {
  readonly name: string
  readonly type: 'int4' | 'int8' | 'text' | 'bool' | 'float8'
  readonly of: (row: Row) => string | number | boolean | null
}

/**
 * Many rows as parameters of one statement: `unnest($1::int4[], $2::text[], ...)`. The text is the same for any number of
 * rows, so it is prepared once.
 */
export function unnest<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): RawBuilder<unknown> {
  const arrays = columns.map((column) => sql`${rows.map(column.of)}::${sql.raw(column.type)}[]`)
  return sql`unnest(${sql.join(arrays)})`
}

/** The columns' names, as a list. */
export function names<Row>(columns: readonly Column<Row>[]): RawBuilder<unknown> {
  return sql.join(columns.map((column) => sql.id(column.name)))
}

/** A column whose SQL name is the field's in snake case. */
export function field<Row>(name: keyof Row & string, type: Column<Row>['type']): Column<Row> {
  return { name: snakeCase(name), type, of: (row) => row[name] as string | number | boolean | null }
}

export function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

/** Stored rows of snake-case columns as rows of camel-case fields. */
export function camelRows<Row>(rows: readonly unknown[]): Row[] {
  return rows.map((row) => Object.fromEntries(Object.entries(row as object).map(([name, value]) => [camelCase(name), value])) as Row)
}

const camelNames = new Map<string, string>()

function camelCase(name: string): string {
  const known = camelNames.get(name) ?? name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
  camelNames.set(name, known)
  return known
}
