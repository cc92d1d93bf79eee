// forbidden: no-cycle
export type { Round } from './round.ts'
export type About = number
