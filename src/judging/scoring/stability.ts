import { judgementsOf } from '../comparison.ts'
import type { Net, NetNumbers, ScoringRecord } from '../net.ts'
import type { Policy } from '../policy.ts'
import { strictOrder } from './reliability.ts'

/** The tests of stability and their numbers (domain 8.3, rules 41). `rule` names the one that passed. */
export type Stability = {
  readonly stable: boolean
  readonly rule: 'scores_settled' | 'order_settled' | 'no_cycle' | 'both_orientations' | null
  /** Why not, when not stable. */
  readonly because: string
  /** Largest change of a score since the last scoring, in logits; null without one. */
  readonly maxChange: number | null
  readonly reliability: number
}

export interface Scoring {
  readonly record: ScoringRecord
  readonly differenceSe: (one: number, other: number) => number
}

/** Least reliability under which rule (i) counts: scores that hardly move may still be noise. */
const reliabilityFloor = 0.5

export function stabilityOf(net: Net, numbers: NetNumbers, scoring: Scoring, policy: Policy, moreMaySubmit: boolean): Stability {
  const maxChange = net.previous === undefined ? null : largestChange(scoring.record.theta, net.previous.theta)
  const verdict = (rule: Stability['rule'], because: string): Stability => ({
    stable: rule !== null,
    rule,
    because,
    maxChange,
    reliability: scoring.record.reliability,
  })
  const unmet = firstUnmet(net, numbers, policy)
  if (unmet !== undefined) {
    return verdict(null, unmet)
  }
  if (noCycle(net, numbers, policy, moreMaySubmit)) {
    return verdict('no_cycle', '')
  }
  if (strictOrder(scoring.record.theta) === undefined && numbers.n <= policy.smallNetSize) {
    return verdict(null, 'some scores are tied, which is no order')
  }
  if (scoresSettled(scoring, maxChange, policy)) {
    return verdict('scores_settled', '')
  }
  if (orderSettled(net, numbers, scoring, policy)) {
    return verdict('order_settled', '')
  }
  if (bothOrientations(net, numbers, scoring, policy)) {
    return verdict('both_orientations', '')
  }
  return verdict(null, 'the order or the scores have not settled yet')
}

/** What must hold whatever the rule. */
function firstUnmet(net: Net, numbers: NetNumbers, policy: Policy): string | undefined {
  const failedPairs = numbers.covered - numbers.decidedPairs
  const floor = Math.min(policy.minComparisonsForStability, numbers.coverageCap - failedPairs)
  if (numbers.successes === 0 || numbers.successRate < policy.minSuccessRate) {
    return `the success rate is ${numbers.successRate.toFixed(2)}, ${policy.minSuccessRate} is required`
  }
  if (numbers.successes < floor) {
    return `${numbers.successes} successes, ${floor} are required`
  }
  if (numbers.components > 1) {
    return `the comparisons fall into ${numbers.components} unconnected parts`
  }
  if (net.n <= policy.smallNetSize && numbers.covered < numbers.coverageCap) {
    return `${numbers.covered} of ${numbers.coverageCap} pairs are covered`
  }
  return undefined
}

/** (iii), first form: a small net, every pair decided, the verdicts as arrows make no cycle, and nothing more is permitted. */
function noCycle(net: Net, numbers: NetNumbers, policy: Policy, moreMaySubmit: boolean): boolean {
  return net.n <= policy.smallNetSize && !moreMaySubmit && numbers.decidedPairs === numbers.coverageCap && !hasCycle(net)
}

/** A complete set of verdicts without a cycle gives every item another number of wins; a pair judged both ways is a cycle. */
function hasCycle(net: Net): boolean {
  const beats = new Set(judgementsOf(net.slots).map(({ a, b, winner }) => (winner === 'a' ? a * 4_096 + b : b * 4_096 + a)))
  const wins = new Array<number>(net.n).fill(0)
  for (const arrow of beats) {
    const winner = Math.floor(arrow / 4_096)
    wins[winner] = (wins[winner] ?? 0) + 1
  }
  return beats.size !== (net.n * (net.n - 1)) / 2 || new Set(wins).size !== net.n
}

/** (i) The scores hardly moved, in a strict order of some reliability. */
function scoresSettled({ record }: Scoring, maxChange: number | null, policy: Policy): boolean {
  return (
    maxChange !== null &&
    maxChange <= policy.scoreStabilityThreshold &&
    record.reliability >= reliabilityFloor &&
    strictOrder(record.theta) !== undefined
  )
}

/** Comparisons an item needs on average before (ii) is looked at. */
const comparisonsPerItem = 10

/** (ii) A larger net: twice the same order wherever the gap exceeds its standard error, and enough reliability. */
function orderSettled(net: Net, numbers: NetNumbers, scoring: Scoring, policy: Policy): boolean {
  const { record } = scoring
  const needed = policy.highStakes ? 0.9 : 0.8
  if (
    net.n <= policy.smallNetSize ||
    net.previous === undefined ||
    record.reliability < needed ||
    (2 * numbers.successes) / net.n < comparisonsPerItem
  ) {
    return false
  }
  const before = net.previous.theta
  for (let one = 0; one < net.n; one++) {
    for (let other = one + 1; other < net.n; other++) {
      const gap = (record.theta[one] as number) - (record.theta[other] as number)
      const gapBefore = (before[one] as number) - (before[other] as number)
      if (Math.abs(gap) > scoring.differenceSe(one, other) && Math.sign(gap) !== Math.sign(gapBefore)) {
        return false
      }
    }
  }
  return true
}

/** (iii), second form: a small net, every pair seen in both orientations, and twice the same strict order. */
function bothOrientations(net: Net, numbers: NetNumbers, { record }: Scoring, policy: Policy): boolean {
  const before = net.previous === undefined ? undefined : strictOrder(net.previous.theta)
  const now = strictOrder(record.theta)
  if (net.n > policy.smallNetSize || before === undefined || now === undefined || before.some((item, place) => item !== now[place])) {
    return false
  }
  const oriented = new Set(judgementsOf(net.slots).map(({ a, b }) => a * 4_096 + b))
  return oriented.size === 2 * numbers.coverageCap
}

function largestChange(theta: readonly number[], before: readonly number[]): number {
  return theta.reduce((most, score, item) => Math.max(most, Math.abs(score - (before[item] ?? 0))), 0)
}
