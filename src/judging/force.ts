import type { Net } from './net.ts'
import { numbersOf } from './net.ts'
import type { Policy } from './policy.ts'

/** Whether a batch may be finished as it is, and the numbers it was judged by. */
export interface ForceVerdict {
  readonly allowed: boolean
  /** Settled slots / work cap. */
  readonly progress: number
  readonly settled: number
  readonly successes: number
  readonly successRate: number
  readonly workCap: number
  readonly reason: string
}

/** Share of the work cap that must be settled. */
const requiredProgress = 0.8

/** Recovery or an operator: 80.0 % of the work cap settled, at least one success, and the success rate reached (domain 10). */
export function forceVerdict(net: Net, policy: Policy): ForceVerdict {
  const { settled, successes, successRate, workCap } = numbersOf(net, policy)
  const progress = workCap === 0 ? 0 : settled / workCap
  const allowed = progress >= requiredProgress && successes >= 1 && successRate >= policy.minSuccessRate
  const numbers = `${settled} of ${workCap} comparisons settled (${(100 * progress).toFixed(1)} %), ${successes} succeeded (rate ${successRate.toFixed(2)})`
  const reason = allowed ? numbers : `${numbers}; required are 80.0 % and a rate of ${policy.minSuccessRate.toFixed(2)}`
  return { allowed, progress, settled, successes, successRate, workCap, reason }
}
