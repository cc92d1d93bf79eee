// forbidden: types-only-in-kafka
export { rows } from '../runtime/turn-rows.ts'
