// forbidden: the-root-names-no-package
export { sql } from 'kysely'
