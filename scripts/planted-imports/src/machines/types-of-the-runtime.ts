// forbidden: imports-of-machines
export type { Code } from '../runtime/errors.ts'
