import { z } from 'zod'
import type { VerdictEvent } from '../machines/batch.machine.ts'
import { parseComparisonId } from './comparison-id.ts'

const identified = z.object({ correlation_id: z.uuid() })

const metadata = z.object({ essay_a_id: z.string().optional(), essay_b_id: z.string().optional() }).nullish()

/** LLMComparisonResultV1 (domain 4.7): exactly one of winner and error_detail; extra fields are tolerated. */
const callback = z
  .object({
    correlation_id: z.uuid(),
    winner: z.enum(['Essay A', 'Essay B']).nullish(),
    justification: z.string().nullish(),
    confidence: z.number().min(1).max(5).nullish(),
    error_detail: z.object({ error_code: z.string().min(1), message: z.string() }).nullish(),
    provider: z.string(),
    model: z.string(),
    response_time_ms: z.number().nonnegative().default(0),
    token_usage: z.object({ total_tokens: z.number().nonnegative() }).nullish(),
    cost_estimate: z.number().nonnegative().default(0),
    request_metadata: metadata,
  })
  .refine((data) => (data.winner != null) !== (data.error_detail != null), 'exactly one of winner and error_detail is needed')
  .refine(
    (data) => data.winner == null || (data.justification != null && data.confidence != null),
    'a winner needs justification and confidence',
  )

/** A decoded callback: the event, or why it can be joined with nothing. */
export type DecodedCallback = { readonly event: VerdictEvent } | { readonly problem: string }

/**
 * Turns the data of a callback into the batch's event. One that is malformed but names a comparison becomes an error outcome
 * INVALID_RESPONSE, so that its wave does not hang (domain 14).
 */
export function decodeCallback(data: unknown): DecodedCallback {
  const known = identified.safeParse(data)
  const place = known.success ? parseComparisonId(known.data.correlation_id) : undefined
  if (!known.success || place === undefined) {
    return { problem: 'correlation_id is no comparison id' }
  }
  const base = { type: 'VERDICT' as const, comparison: known.data.correlation_id.toLowerCase(), slot: place.slot, attempt: place.attempt }
  const parsed = callback.safeParse(data)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    const message = `${issue?.path.join('.') ?? ''} ${issue?.message ?? 'is malformed'}`.trim()
    return { event: { ...base, winner: null, errorCode: 'INVALID_RESPONSE', details: { message } } }
  }
  return { event: { ...base, ...outcomeOf(parsed.data) } }
}

function outcomeOf(data: z.output<typeof callback>): Pick<VerdictEvent, 'winner' | 'errorCode' | 'details'> {
  return {
    winner: data.winner == null ? null : data.winner === 'Essay A' ? 'a' : 'b',
    errorCode: data.error_detail?.error_code ?? null,
    details: {
      message: data.error_detail?.message ?? null,
      justification: data.justification?.slice(0, 500) ?? null,
      confidence: data.confidence ?? null,
      provider: data.provider,
      model: data.model,
      responseTimeMs: Math.round(data.response_time_ms),
      tokens: data.token_usage?.total_tokens ?? null,
      cost: data.cost_estimate,
      essayA: data.request_metadata?.essay_a_id ?? null,
      essayB: data.request_metadata?.essay_b_id ?? null,
    },
  }
}
