// forbidden: imports-of-machines
export { createHash } from 'node:crypto'
