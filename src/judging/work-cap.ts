import type { Policy } from './policy.ts'

/** Number of unordered pairs of n items, nC2. */
export function coverageCap(n: number): number {
  return (n * (n - 1)) / 2
}

/** Resampling passes allowed: a small net gets them only for an explicit budget (domain 8.2). */
export function passesAllowed(n: number, policy: Policy): number {
  if (n > policy.smallNetSize) {
    return policy.passesForRegularNet
  }
  return policy.explicitBudget ? policy.passesForSmallNet : 0
}

/** Slots a batch may plan: min(total_budget, nC2 x (1 + passes)). 4 essays with a default budget of 350: 6. */
export function workCap(n: number, policy: Policy): number {
  return Math.min(policy.totalBudget, coverageCap(n) * (1 + passesAllowed(n, policy)))
}
