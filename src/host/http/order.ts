import { z } from 'zod'
import { parameters } from './parameters.ts'

/** Body of an operator's act: why, for the journal. */
export const order = parameters({ reason: z.string().min(1).max(500).optional() }).nullish()
