// allowed
export { rows } from '../runtime/turn-rows.ts'
export { tables } from '../batch/tables.ts'
