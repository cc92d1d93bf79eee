// allowed
import { sql } from 'kysely'
import type { Table } from '../../batch/tables.ts'
export const query = (table: Table): unknown => sql.table(table)
