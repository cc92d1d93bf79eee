// allowed
import { codes } from '../runtime/errors.ts'
import type { Rows } from '../runtime/turn-rows.ts'
export const known: Rows = codes.length
