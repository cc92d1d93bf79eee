// forbidden: types-only-in-persistence
export { tables } from '../../batch/tables.ts'
