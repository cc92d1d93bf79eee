// forbidden: imports-of-runtime
export type { Table } from '../batch/tables.ts'
