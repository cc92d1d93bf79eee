import type { RowFilter, StoredRow, TableDefinition, TenantRow } from './define-actor.ts'

/** What is summed of a tenant's table: a column of numbers, since a time (ms) in another column. */
export interface Total {
  readonly column: string
  readonly time: string
  readonly from: number
}

/** A part of a list of rows. */
export interface RowPage {
  readonly limit: number
  /** Rows before it. */
  readonly offset: number
}

/** Rows of the tables that actor types declare. */
export interface TenantRowStore {
  readRow(table: TableDefinition, key: TenantRow['key']): Promise<StoredRow | undefined>
  /** Rows of a tenant's table in order of their key, texts by code point. */
  readRows(table: TableDefinition, where: RowFilter, page: RowPage): Promise<readonly StoredRow[]>
  countRows(table: TableDefinition, where: RowFilter): Promise<number>
  /** The sum of a column over the rows whose `time` column is at or after `from`. */
  total(table: TableDefinition, sum: Total): Promise<number>
  /** Deletes, then writes rows of tenants' tables outside of any turn, all or nothing. */
  changeRows(change: {
    readonly remove: readonly { readonly table: TableDefinition; readonly where: RowFilter }[]
    readonly write: readonly TenantRow[]
  }): Promise<void>
}
