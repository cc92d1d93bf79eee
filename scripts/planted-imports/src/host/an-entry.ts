// forbidden: entries-are-imported-by-nothing
export { empty } from '../index.ts'
