import { z } from 'zod'
import { timeIn, uuidIn } from './formats.ts'

/** Why a comparison failed at the provider (domain 4.7). Codes are opaque: a new one is an error like the others. */
export const errorDetail = z.object({
  error_code: z.string().min(1),
  message: z.string(),
  correlation_id: uuidIn,
  timestamp: timeIn,
  service: z.string(),
  operation: z.string(),
  details: z.record(z.string(), z.unknown()).nullish(),
  stack_trace: z.string().nullish(),
  trace_id: z.string().nullish(),
  span_id: z.string().nullish(),
})
