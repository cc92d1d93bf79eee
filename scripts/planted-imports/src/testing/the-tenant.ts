// forbidden: imports-of-testing
export { tables } from '../batch/tables.ts'
