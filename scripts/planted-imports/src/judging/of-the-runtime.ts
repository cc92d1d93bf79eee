// forbidden: imports-of-judging
export type { Code } from '../runtime/errors.ts'
