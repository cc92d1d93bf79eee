import { judgementsOf, pairKey, type Slot } from './comparison.ts'
import { componentsOf } from './components.ts'
import type { Policy } from './policy.ts'
import { coverageCap, passesAllowed, workCap } from './work-cap.ts'

/** What must be remembered of a scoring for the next one. `theta` and `se` by item, in logits. */
export type ScoringRecord = {
  readonly theta: readonly number[]
  readonly se: readonly number[]
  readonly successes: number
  readonly reliability: number
}

/** All that a decision looks at. */
export interface Net {
  /** Items. */
  readonly n: number
  readonly slots: readonly Slot[]
  /** Number of the first slot of each wave, in order. */
  readonly waveStarts: readonly number[]
  /** The last scoring made. */
  readonly previous: ScoringRecord | undefined
  /** True when the generator has just returned no pair. */
  readonly exhausted: boolean
}

/** The numbers of a decision, for people and for guards. Rates are shares from 0 to 1. */
export type NetNumbers = {
  readonly n: number
  readonly planned: number
  readonly attempts: number
  readonly outstanding: number
  readonly retryable: number
  readonly failed: number
  readonly successes: number
  /** Slots with a verdict or failed for good. */
  readonly settled: number
  readonly successRate: number
  readonly workCap: number
  readonly coverageCap: number
  /** Distinct pairs that were planned, and that have a verdict. */
  readonly covered: number
  readonly decidedPairs: number
  readonly totalBudget: number
  readonly passesUsed: number
  readonly passesAllowed: number
  readonly waves: number
  readonly components: number
  readonly isolated: number
}

/** Counts a net. O(slots). */
export function numbersOf(net: Net, policy: Policy): NetNumbers {
  const count = (state: Slot['state']): number => net.slots.filter((slot) => slot.state === state).length
  const judgements = judgementsOf(net.slots)
  const successes = judgements.length
  const failed = count('failed')
  const settled = successes + failed
  const joined = new Set(judgements.flatMap(({ a, b }) => [a, b]))
  return {
    n: net.n,
    planned: net.slots.length,
    attempts: net.slots.reduce((sum, slot) => sum + slot.attempts, 0),
    outstanding: count('outstanding'),
    retryable: count('retryable'),
    failed,
    successes,
    settled,
    successRate: settled === 0 ? 0 : successes / settled,
    workCap: workCap(net.n, policy),
    coverageCap: coverageCap(net.n),
    covered: new Set(net.slots.map(({ a, b }) => pairKey(a, b))).size,
    decidedPairs: new Set(judgements.map(({ a, b }) => pairKey(a, b))).size,
    totalBudget: policy.totalBudget,
    passesUsed: Math.max(0, ...timesPlanned(net.slots).values()) - (net.slots.length === 0 ? 0 : 1),
    passesAllowed: passesAllowed(net.n, policy),
    waves: net.waveStarts.length,
    components: componentsOf(net.n, judgements).count,
    isolated: net.n - joined.size,
  }
}

/** How often each unordered pair was planned. */
export function timesPlanned(slots: readonly Slot[]): Map<number, number> {
  const times = new Map<number, number>()
  for (const { a, b } of slots) {
    times.set(pairKey(a, b), (times.get(pairKey(a, b)) ?? 0) + 1)
  }
  return times
}

/** True when another wave may be submitted: caps, waves and pairs left (row 6 of domain 8.4; rules 39, 43). */
export function maySubmitMore(net: Net, numbers: NetNumbers, policy: Policy): boolean {
  const withinCaps = numbers.planned < numbers.workCap && numbers.attempts < policy.totalBudget
  const withinWaves =
    (policy.maxIterations === 0 || numbers.waves < policy.maxIterations) && !(policy.singleSubmission && numbers.waves > 0)
  return withinCaps && withinWaves && !net.exhausted && hasPairs(net, numbers)
}

/** Pairs never planned; else pairs with a success that were planned fewer times than the passes allow. */
function hasPairs(net: Net, numbers: NetNumbers): boolean {
  if (numbers.covered < numbers.coverageCap) {
    return true
  }
  const times = timesPlanned(net.slots)
  return judgementsOf(net.slots).some(({ a, b }) => (times.get(pairKey(a, b)) ?? 0) <= numbers.passesAllowed)
}
