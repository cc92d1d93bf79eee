import type { Net, NetNumbers } from './net.ts'
import type { Policy } from './policy.ts'

/**
 * Why the batch can only fail any more, or undefined (rules 42): a whole wave failed with its retries, or the success rate
 * stays below the minimum even if all that is left succeeds. Else a wrong key would cost the whole budget.
 */
export function earlyFailure(net: Net, numbers: NetNumbers, policy: Policy): string | undefined {
  if (isFruitless(net, numbers, policy)) {
    return `a wave of ${net.slots.length - (net.waveStarts.at(-1) ?? 0)} comparisons failed with all its retries`
  }
  const best = bestRate(numbers, policy)
  return best < policy.minSuccessRate
    ? `${numbers.failed} comparisons failed; at best ${best.toFixed(2)} could succeed, ${policy.minSuccessRate.toFixed(2)} is required`
    : undefined
}

/** A last wave that was clipped by a cap says little: it counts only when the rate is below the minimum as it is. */
function isFruitless(net: Net, numbers: NetNumbers, policy: Policy): boolean {
  const wave = net.slots.slice(net.waveStarts.at(-1) ?? 0)
  const isWhole = wave.length >= Math.floor(net.n / 2) || numbers.successRate < policy.minSuccessRate
  return wave.length > 0 && isWhole && wave.every((slot) => slot.state === 'failed')
}

/** The success rate if every retry and every slot that caps still allow succeeds. */
function bestRate(numbers: NetNumbers, policy: Policy): number {
  const attemptsLeft = Math.max(0, policy.totalBudget - numbers.attempts)
  const retries = Math.min(numbers.retryable, attemptsLeft)
  const fresh = Math.min(Math.max(0, numbers.workCap - numbers.planned), attemptsLeft - retries)
  const settled = numbers.settled + numbers.retryable + fresh
  return settled === 0 ? 1 : (numbers.successes + retries + fresh) / settled
}
