import { z } from 'zod'
import { inboundMessage } from './envelope.ts'
import { errorDetail } from './error-detail.ts'
import { timeIn, uuidIn } from './formats.ts'

const tokens = z.int().nonnegative()

const outcome = {
  correlation_id: uuidIn.describe('The id the post carried: the only key to the comparison.'),
  winner: z.enum(['Essay A', 'Essay B']).nullish().describe('The slot that won, not an essay id.'),
  justification: z.string().nullish().describe('Cut at 500 characters.'),
  confidence: z.number().min(1).max(5).nullish(),
  provider: z.string().describe('anthropic, openai, google, openrouter or mock; a guess on an error, and then not counted.'),
  model: z.string(),
  token_usage: z.object({ prompt_tokens: tokens.nullish(), completion_tokens: tokens.nullish(), total_tokens: tokens }).nullish(),
  request_metadata: z
    .object({ essay_a_id: z.string().nullish(), essay_b_id: z.string().nullish() })
    .nullish()
    .describe('Echo of what was posted; other essays than the comparison’s make the callback an uncorrelated one.'),
}

const milliseconds = z.number().nonnegative().max(Number.MAX_SAFE_INTEGER)
const dollars = z.number().nonnegative()

interface Outcome {
  readonly winner?: string | null | undefined
  readonly error_detail?: object | null | undefined
  readonly justification?: string | null | undefined
  readonly confidence?: number | null | undefined
}

const exactlyOne = 'exactly one of winner and error_detail is needed'
const complete = 'a winner needs justification and confidence'

function isOneOutcome(data: Outcome): boolean {
  return (data.winner != null) !== (data.error_detail != null)
}

function isComplete(data: Outcome): boolean {
  return data.winner == null || (data.justification != null && data.confidence != null)
}

/** What a judge in this process answers: the outcome of a callback, without what only a service far away can know. */
export const judgeAnswer = z
  .object({
    ...outcome,
    error_detail: errorDetail.pick({ error_code: true, message: true, details: true }).nullish(),
    response_time_ms: milliseconds.default(0),
    cost_estimate: dollars.default(0),
  })
  .refine(isOneOutcome, exactlyOne)
  .refine(isComplete, complete)

export type JudgeAnswer = z.output<typeof judgeAnswer>

/** LLMComparisonResultV1 (domain 4.7). Further fields are ignored. */
export const callbackData = z
  .object({
    ...outcome,
    request_id: z.string().describe('The provider’s queue id.'),
    error_detail: errorDetail.nullish(),
    response_time_ms: milliseconds,
    cost_estimate: dollars.describe('USD'),
    requested_at: timeIn,
    completed_at: timeIn,
    trace_id: z.string().nullish(),
  })
  .refine(isOneOutcome, exactlyOne)
  .refine(isComplete, complete)

/** The whole record of the callback topic. */
export const callbackMessage = inboundMessage(callbackData, z.record(z.string(), z.unknown()).nullish())
