// forbidden: imports-of-runtime
export type { Context } from '../machines/batch.machine.ts'
