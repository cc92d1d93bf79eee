import { slotAt } from '../judging/comparison.ts'
import type { BatchContext, BatchEvent } from '../machines/batch.machine.ts'
import type { Effect, EffectScope } from '../runtime/define-actor.ts'
import { isCorrelated } from './steps/outcomes.ts'
import { comparisons } from './tables.ts'

/**
 * The row people read about an answered comparison. Only an answer that counted makes one: the first stays, a duplicate or
 * a contradiction is in the journal alone.
 */
export function comparisonEffect(before: BatchContext, after: BatchContext, event: BatchEvent, scope: EffectScope): Effect | undefined {
  if (event.type !== 'VERDICT') {
    return undefined
  }
  if (!isCorrelated(before, event)) {
    return { kind: 'note', note: { uncorrelated: event.comparison, reason: event.uncorrelated ?? 'no such comparison, or other essays' } }
  }
  if (before.slots === after.slots) {
    return { kind: 'note', note: { ignored: event.comparison, reason: 'the comparison was answered before, or has a later attempt' } }
  }
  const slot = slotAt(after.slots, event.slot)
  const { details } = event
  return {
    kind: 'row',
    table: comparisons.name,
    key: { address: scope.address, id: event.comparison },
    values: {
      slot: event.slot,
      attempt: event.attempt,
      essay_a: after.items[slot.a] ?? null,
      essay_b: after.items[slot.b] ?? null,
      winner: event.winner === null ? null : event.winner === 'a' ? 'essay_a' : 'essay_b',
      error_code: event.errorCode,
      confidence: details['confidence'] ?? null,
      justification: details['justification'] ?? null,
      provider: details['provider'] ?? null,
      model: details['model'] ?? null,
      response_time_ms: details['responseTimeMs'] ?? null,
      tokens: details['tokens'] ?? null,
      cost: details['cost'] ?? null,
      answered_at: scope.at,
    },
  }
}
