import type { Slot } from '../../src/judging/comparison.ts'
import { type Decision, decide } from '../../src/judging/decide.ts'
import { type Outcome, settle } from '../../src/judging/failed-pool.ts'
import type { Net, ScoringRecord } from '../../src/judging/net.ts'
import { choosePairs } from '../../src/judging/pairing/choose-pairs.ts'
import { createPolicy, type Policy } from '../../src/judging/policy.ts'

export interface Run {
  readonly decision: Decision
  readonly slots: readonly Slot[]
  readonly waves: number
  readonly decisions: readonly Decision[]
}

/** Judges a net to its end: pairs, outcomes, decision, and again. `judge` answers one attempt of an oriented pair. */
export function runJudging(n: number, overrides: Partial<Policy>, judge: (a: number, b: number) => Outcome, seed = 'seed'): Run {
  const policy = createPolicy(overrides)
  let slots: Slot[] = []
  const waveStarts: number[] = []
  let previous: ScoringRecord | undefined
  const decisions: Decision[] = []
  const net = (exhausted: boolean): Net => ({ n, slots, waveStarts, previous, exhausted })
  const answer = (slot: Slot): Slot => settle(slot, judge(slot.a, slot.b), policy)
  let exhausted = false
  for (let round = 0; round < 10_000; round++) {
    const decision = round === 0 ? undefined : decide(net(exhausted), policy)
    if (decision !== undefined) {
      decisions.push(decision)
      previous = decision.scoring ?? previous
      if (decision.action === 'finish' || decision.action === 'fail') {
        return { decision, slots, waves: waveStarts.length, decisions }
      }
    }
    if (decision?.action === 'retry') {
      slots = slots.map((slot, number) =>
        decision.retry.includes(number) ? answer({ ...slot, state: 'outstanding', attempts: slot.attempts + 1 }) : slot,
      )
      continue
    }
    const pairs = choosePairs(net(false), policy, seed)
    exhausted = pairs.length === 0
    if (!exhausted) {
      waveStarts.push(slots.length)
    }
    slots = [...slots, ...pairs.map((pair) => answer({ ...pair, state: 'outstanding', attempts: 1 }))]
  }
  throw new Error('the judging did not come to an end')
}

/** The item of the lower number is better, always. */
export function perfect(a: number, b: number): Outcome {
  return { winner: a < b ? 'a' : 'b' }
}
