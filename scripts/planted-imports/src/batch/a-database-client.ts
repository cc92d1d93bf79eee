// forbidden: imports-of-batch
export { sql } from 'kysely'
