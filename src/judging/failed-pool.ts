import type { Slot } from './comparison.ts'
import type { Policy } from './policy.ts'

export type Outcome = { readonly winner: 'a' | 'b' } | { readonly errorCode: string }

/** Errors that may pass (domain 9). Codes not named here, and unknown ones, are taken for permanent. */
const transientCodes: ReadonlySet<string> = new Set([
  'RATE_LIMIT',
  'TIMEOUT',
  'CONNECTION_ERROR',
  'SERVICE_UNAVAILABLE',
  'EXTERNAL_SERVICE_ERROR',
  'CIRCUIT_BREAKER_OPEN',
  'INVALID_RESPONSE',
  'PARSING_ERROR',
])

/** The domain names the whole family, so a code it does not list yet may pass too. */
const ofProvider = 'LLM_PROVIDER_'

export function isRetryableCode(code: string): boolean {
  return transientCodes.has(code) || code.startsWith(ofProvider)
}

/**
 * A slot after an outcome. A success settles it whatever its state, unless it has a verdict (rules 44). An error sends it to
 * the pool while retries are left (attempts - 1 < maxRetryAttempts), else it has failed for good.
 */
export function settle(slot: Slot, outcome: Outcome, policy: Policy): Slot {
  if (slot.state === 'won_a' || slot.state === 'won_b') {
    return slot
  }
  if ('winner' in outcome) {
    return { ...slot, state: outcome.winner === 'a' ? 'won_a' : 'won_b' }
  }
  const retries = slot.attempts - 1
  return { ...slot, state: isRetryableCode(outcome.errorCode) && retries < policy.maxRetryAttempts ? 'retryable' : 'failed' }
}
