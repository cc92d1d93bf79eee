import { sql } from 'kysely'
import type { TableDefinition } from '../runtime/define-actor.ts'
import type { Store } from '../runtime/ports.ts'
import { writeTenantRows } from './commit/tenant-rows.ts'
import type { Database } from './database.ts'
import { matching } from './read/tenant-rows.ts'

/** Deletes, then writes rows of tenants' tables in one transaction that is no turn's: what it holds belongs to no actor. */
export async function changeTenantRows(
  database: Database,
  { remove, write }: Parameters<Store['changeRows']>[0],
  tables: ReadonlyMap<string, TableDefinition>,
): Promise<void> {
  await database.kysely.transaction().execute(async (transaction) => {
    for (const { table, where } of remove) {
      await sql`delete from ${database.table(table.name)} where ${matching(where)}`.execute(transaction)
    }
    for (const part of writeTenantRows(database, write, tables)) {
      await sql`${part}`.execute(transaction)
    }
  })
}
