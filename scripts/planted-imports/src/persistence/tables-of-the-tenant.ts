// forbidden: tables-of-the-tenant-only-for-its-queries
export type { Table } from '../batch/tables.ts'
