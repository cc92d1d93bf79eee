import { judgementsOf } from './comparison.ts'
import { earlyFailure } from './early-failure.ts'
import { maySubmitMore, type Net, type NetNumbers, numbersOf, type ScoringRecord } from './net.ts'
import type { Policy } from './policy.ts'
import { fitBradleyTerry } from './scoring/bradley-terry.ts'
import { reliability } from './scoring/reliability.ts'
import { type Scoring, type Stability, stabilityOf } from './scoring/stability.ts'
import { standardErrors } from './scoring/standard-errors.ts'

/** What is to be done next, why, and the numbers it was decided by. Plain JSON. */
export type Decision = {
  /** Row of the table in domain 8.4; `early` for a failure that cannot be averted any more. */
  readonly row: 3 | 4 | 5 | 6 | 7 | 8 | 9 | 'early'
  readonly action: 'wait' | 'retry' | 'submit' | 'finish' | 'fail'
  readonly status: 'COMPLETE_STABLE' | 'COMPLETE_MAX_COMPARISONS' | null
  /** A stable short name. */
  readonly code: string
  /** One sentence with the numbers. */
  readonly reason: string
  /** Slot numbers to submit again, for `retry`. */
  readonly retry: readonly number[]
  readonly numbers: NetNumbers & { readonly stability: Stability | null; readonly comparisonsForReliability: number | null }
  /** The scoring made for this decision, to be remembered for the next. */
  readonly scoring: ScoringRecord | null
}

/** Fits of more items than this take so long that they must run as a task. */
export const heavyNet = 150

export function isHeavy(n: number): boolean {
  return n > heavyNet
}

/** Rows 3-9 of the decision table (domain 8.4; rules 39-45), early failure before them. O(slots) while anything is outstanding. */
export function decide(net: Net, policy: Policy): Decision {
  const numbers = numbersOf(net, policy)
  const plain = decider(numbers, null, null)
  if (numbers.outstanding > 0) {
    return plain(3, 'wait', 'outstanding', `${numbers.outstanding} comparisons are under way`)
  }
  const hopeless = earlyFailure(net, numbers, policy)
  if (hopeless !== undefined) {
    return plain('early', 'fail', 'low_success_rate', hopeless)
  }
  const retry = retriesNow(net, numbers, policy)
  if (retry.length > 0) {
    return { ...plain(4, 'retry', 'retry_wave', `${retry.length} failed comparisons are tried again`), retry }
  }
  const more = maySubmitMore(net, numbers, policy)
  const scoring = isScoringDue(net, numbers, more) ? scoringOf(net, numbers) : undefined
  const stability = scoring === undefined ? null : stabilityOf(net, numbers, scoring, policy, more)
  const scored = decider(numbers, stability, scoring?.record ?? null)
  if (stability?.stable === true) {
    return { ...scored(5, 'finish', `stable_${stability.rule}`, stableSentence(stability, numbers)), status: 'COMPLETE_STABLE' }
  }
  return more ? scored(6, 'submit', 'more_comparisons', submitSentence(numbers, stability)) : atTheEnd(numbers, policy, scored)
}

type Decider = (row: Decision['row'], action: Decision['action'], code: string, reason: string) => Decision

function decider(numbers: NetNumbers, stability: Stability | null, scoring: ScoringRecord | null): Decider {
  const comparisonsForReliability = stability === null || stability.stable ? null : comparisonsNeeded(numbers, stability)
  return (row, action, code, reason) => ({
    row,
    action,
    status: null,
    code,
    reason,
    retry: [],
    numbers: { ...numbers, stability, comparisonsForReliability },
    scoring,
  })
}

/** Error shrinks with the root of the comparisons: how many it would take for a reliability of 0.80, at the present spread. */
function comparisonsNeeded(numbers: NetNumbers, { reliability: reached }: Stability): number | null {
  return reached <= 0 || reached >= 0.8 ? null : Math.ceil((numbers.successes * (1 - reached) * 0.8) / (reached * 0.2))
}

/** All retryable failures at once, as far as the budget goes (rules 42). */
function retriesNow(net: Net, numbers: NetNumbers, policy: Policy): number[] {
  const left = Math.max(0, policy.totalBudget - numbers.attempts)
  return net.slots.flatMap((slot, number) => (slot.state === 'retryable' ? [number] : [])).slice(0, left)
}

/** A scoring is made for at least floor(n/2) new successes, or when nothing more may be submitted (rules 40). */
function isScoringDue(net: Net, numbers: NetNumbers, more: boolean): boolean {
  const fresh = numbers.successes - (net.previous?.successes ?? 0)
  return numbers.successes > 0 && (!more || fresh >= Math.max(1, Math.floor(net.n / 2)))
}

function scoringOf(net: Net, numbers: NetNumbers): Scoring {
  const judgements = judgementsOf(net.slots)
  const { theta } = fitBradleyTerry(net.n, judgements)
  const errors = standardErrors(net.n, judgements, theta)
  const record = {
    theta: theta.map(rounded),
    se: errors.seMap.map(rounded),
    successes: numbers.successes,
    reliability: reliability(theta, errors.seMap),
  }
  return { record, differenceSe: errors.differenceSe }
}

function rounded(value: number): number {
  return Math.round(value * 1e9) / 1e9
}

/** Rows 7-9: nothing more can be submitted. Failures that the budget leaves without a retry count as failed. */
function atTheEnd(numbers: NetNumbers, policy: Policy, scored: Decider): Decision {
  const settled = numbers.settled + numbers.retryable
  const rate = settled === 0 ? 0 : numbers.successes / settled
  if (numbers.successes === 0 || rate < policy.minSuccessRate) {
    return scored(
      7,
      'fail',
      'low_success_rate',
      `${numbers.successes} of ${settled} comparisons succeeded; ${policy.minSuccessRate.toFixed(2)} required`,
    )
  }
  const end = `nothing more may be submitted after ${numbers.planned} comparisons (${numbers.successes} succeeded)`
  const joined = numbers.components === 1
  return {
    ...(joined
      ? scored(8, 'finish', 'cap_reached', end)
      : scored(9, 'finish', 'cap_reached_disconnected', `${end}; they fall into ${numbers.components} unconnected parts`)),
    status: 'COMPLETE_MAX_COMPARISONS',
  }
}

function stableSentence({ rule, maxChange, reliability: reached }: Stability, numbers: NetNumbers): string {
  switch (rule) {
    case 'no_cycle':
      return `all ${numbers.coverageCap} pairs are decided and their verdicts form no cycle`
    case 'both_orientations':
      return `every pair was judged in both orientations and the order is the same in the last two scorings`
    case 'scores_settled':
      return `no score moved by more than ${(maxChange ?? 0).toFixed(3)} since the last scoring`
    default:
      return `the order is the same in the last two scorings beyond its error, with a reliability of ${reached.toFixed(2)}`
  }
}

function submitSentence(numbers: NetNumbers, stability: Stability | null): string {
  const left = `${numbers.planned} of at most ${numbers.workCap} comparisons are planned`
  return stability === null ? left : `${left}; ${stability.because}`
}
