import type { VerdictEvent } from '../machines/batch.machine.ts'
import { parseComparisonId } from './comparison-id.ts'
import { quoted } from './http/quoted.ts'
import { type JudgeAnswer, judgeAnswer } from './wire/callback.ts'
import { complaintOf, sentenceOf } from './wire/complaint.ts'

/** The verdict, or why an answer can be joined with nothing. */
export type JoinedAnswer = { readonly event: VerdictEvent } | { readonly problem: string }

/** The longest justification that is kept, in characters (domain 4.7). */
const justificationLength = 500

/**
 * Turns what a judge in this process answered into the batch's event. A malformed answer that names a comparison becomes an error
 * outcome INVALID_RESPONSE, so that its wave does not hang (domain 14).
 */
export function verdictOf(answer: unknown): JoinedAnswer {
  const id: unknown = typeof answer === 'object' && answer !== null ? Reflect.get(answer, 'correlation_id') : undefined
  if (typeof id !== 'string' || parseComparisonId(id) === undefined) {
    return { problem: 'correlation_id is no comparison id' }
  }
  const parsed = judgeAnswer.safeParse(answer)
  return { event: parsed.success ? verdict(id, parsed.data) : malformedVerdict(id, sentenceOf(complaintOf(parsed.error))) }
}

/** @param id a comparison id */
export function verdict(id: string, answer: Omit<JudgeAnswer, 'correlation_id'>): VerdictEvent {
  const error = answer.error_detail ?? null
  return {
    ...placed(id),
    winner: answer.winner == null ? null : answer.winner === 'Essay A' ? 'a' : 'b',
    errorCode: error?.error_code ?? null,
    details: {
      message: error === null ? null : quoted(error.message, []),
      justification: answer.justification?.slice(0, justificationLength) ?? null,
      confidence: answer.confidence ?? null,
      ...(error === null ? { provider: answer.provider, model: answer.model } : failedProvider(error, answer.model)),
      responseTimeMs: Math.round(answer.response_time_ms),
      tokens: answer.token_usage?.total_tokens ?? null,
      cost: answer.cost_estimate,
      essayA: answer.request_metadata?.essay_a_id ?? null,
      essayB: answer.request_metadata?.essay_b_id ?? null,
    },
  }
}

/** An error outcome for the comparison of this id, in place of an answer that makes no sense. */
export function malformedVerdict(id: string, message: string): VerdictEvent {
  return { ...placed(id), winner: null, errorCode: 'INVALID_RESPONSE', details: { message } }
}

function placed(id: string): Pick<VerdictEvent, 'type' | 'comparison' | 'slot' | 'attempt'> {
  const { slot, attempt } = parseComparisonId(id) ?? { slot: 0, attempt: 0 }
  return { type: 'VERDICT', comparison: id.toLowerCase(), slot, attempt }
}

/** On an error the provider's name is a guess, unless the error's details give it (domain 4.7). */
function failedProvider(error: NonNullable<JudgeAnswer['error_detail']>, model: string) {
  const named = error.details?.['provider']
  return { provider: typeof named === 'string' ? named : null, model: model === 'unknown' ? null : model }
}
