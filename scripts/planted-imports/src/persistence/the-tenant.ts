// forbidden: imports-of-persistence
export { query } from '../batch/its-store.ts'
