// forbidden: imports-of-batch no-unresolvable
export { nothing } from './nowhere-at-all.ts'
