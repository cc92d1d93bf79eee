import { z } from 'zod'

/** Body of an operator's act: why, for the journal. */
export const order = z.object({ reason: z.string().min(1).max(500).optional() }).nullish()
