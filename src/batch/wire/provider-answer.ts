import { z } from 'zod'

/** Body of a 202 that accepts a post. One without a queue id accepts nothing, whatever its status says (domain 4.6). */
export const providerAccepted = z.object({
  queue_id: z.string().trim().min(1),
  status: z.string().nullish(),
  message: z.string().nullish(),
  estimated_wait_minutes: z.number().nullish(),
})

const details = z.record(z.string(), z.unknown())

export const structuredError = z.object({
  code: z.string().min(1),
  message: z.string().nullish(),
  correlation_id: z.string().nullish(),
  service: z.string().nullish(),
  timestamp: z.string().nullish(),
  details: details.nullish().describe('Of a full queue: retry_after_seconds stands in details.details.'),
  is_retryable: z.boolean().nullish(),
})

/** Body of every other answer: a sentence, or a structured error. */
export const providerError = z.object({
  error: z.union([z.string(), structuredError]),
  details: z.unknown().optional(),
  correlation_id: z.string().nullish(),
  is_retryable: z.boolean().nullish(),
})

/** One field by its own schema, whatever stands beside it; undefined where it is missing or wrong. */
export function fieldOf<S extends Readonly<Record<string, z.ZodType>>, N extends keyof S & string>(
  schema: z.ZodObject<S>,
  name: N,
  body: unknown,
): z.output<S[N]> | undefined {
  const value: unknown = typeof body === 'object' && body !== null && Object.hasOwn(body, name) ? Reflect.get(body, name) : undefined
  return (schema.shape[name] as z.ZodType<z.output<S[N]>>).safeParse(value).data
}
