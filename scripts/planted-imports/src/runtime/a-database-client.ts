// forbidden: imports-of-runtime
export { sql } from 'kysely'
