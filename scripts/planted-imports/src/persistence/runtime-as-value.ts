// forbidden: types-only-in-persistence
export { rows } from '../runtime/turn-rows.ts'
