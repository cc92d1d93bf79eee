// forbidden: imports-of-batch
export { query } from '../persistence/batch/query.ts'
