// allowed
// A cycle is reported once: in about.ts.
export type { About } from './about.ts'
export type Round = number
