import type { Connection } from './connection.ts'
import type { RowChange, RowFilter, RowReads, StoredRow, TableDefinition } from './define-actor.ts'
import { QuireError } from './errors.ts'
import type { Store } from './ports.ts'
import type { RowPage } from './tenant-row-store.ts'
import type { Registry } from './registry.ts'

/** Rows of declared tables that belong to no actor: read and changed from outside, at once and not through a turn. */
export interface TenantRows extends RowReads {
  /** In order of the key; by default the first 1,000. */
  list(table: string, where: RowFilter, page?: Partial<RowPage>): Promise<readonly StoredRow[]>
  count(table: string, where: RowFilter): Promise<number>
  /** Resolves when all of it is durable. */
  change(change: RowChange): Promise<void>
}

const mostRows = 1_000

/** Every call waits for the database, and is repeated when an outage interrupts it. @throws QuireError `invalid-definition` for a table nobody declares */
export function tenantRows(parts: { readonly store: Store; readonly connection: Connection; readonly registry: Registry }): TenantRows {
  const { store, connection } = parts
  const tables = new Map(parts.registry.tables.map((table) => [table.name, table]))
  const named = (name: string): TableDefinition => {
    const table = tables.get(name)
    if (table === undefined) {
      throw new QuireError('invalid-definition', `no actor type declares a table '${name}'`)
    }
    return table
  }
  return {
    one: async (table, key) => await connection.use(() => store.readRow(named(table), key)),
    list: async (table, where, { limit = mostRows, offset = 0 } = {}) =>
      await connection.use(() => store.readRows(named(table), where, { limit, offset })),
    count: async (table, where) => await connection.use(() => store.countRows(named(table), where)),
    async change({ remove = [], write = [] }) {
      const removed = remove.map(({ table, where }) => ({ table: named(table), where }))
      for (const { table } of write) {
        named(table)
      }
      await connection.use(() => store.changeRows({ remove: removed, write }))
    },
  }
}
