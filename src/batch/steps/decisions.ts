import { encodeSlots, slotAt, slotCount, withSlot } from '../../judging/comparison.ts'
import { type Decision, decide, isHeavy } from '../../judging/decide.ts'
import { forceVerdict } from '../../judging/force.ts'
import { numbersOf } from '../../judging/net.ts'
import type { Pair } from '../../judging/pairing/choose-pairs.ts'
import { type BatchContext, costGuard } from '../../machines/batch.machine.ts'
import { capReached, isTooDear } from '../cost-guard.ts'
import { netOf } from '../net.ts'

/** Decides when nothing is outstanding; a paused batch decides nothing, a large net has its decision made by a task. */
export function decideNext(context: BatchContext): Partial<BatchContext> {
  if (context.paused || context.outstanding > 0) {
    return { next: 'none' }
  }
  if (isHeavy(context.items.length)) {
    return { next: 'fit' }
  }
  return takeDecision(context, decide(netOf(context), context.policy))
}

/** Keeps a decision: what comes next, and the scoring for the next one. One that would ask more than may be spent pauses the batch. */
export function takeDecision(context: BatchContext, decision: Decision): Partial<BatchContext> {
  if (context.paused) {
    return { next: 'none' }
  }
  if ((decision.action === 'submit' || decision.action === 'retry') && isTooDear(context)) {
    return { paused: true, pausedBy: { by: costGuard, reason: capReached(context) }, next: 'none' }
  }
  return {
    decision: { ...decision, scoring: null },
    previous: decision.scoring ?? context.previous,
    next: decision.action === 'wait' ? 'none' : decision.action,
  }
}

/**
 * Keeps the decision a task made, unless a late success came while it was made: a retry of the slot that success settled
 * would throw its verdict away, so the decision is made again.
 */
export function takeHeavyDecision(context: BatchContext, decision: Decision): Partial<BatchContext> {
  const { successes } = numbersOf(netOf(context), context.policy)
  return context.paused || successes === decision.numbers.successes ? takeDecision(context, decision) : { next: 'fit' }
}

/** The fit of a large net failed: the batch cannot be scored. */
export function giveUpFit(context: BatchContext): Partial<BatchContext> {
  return { next: context.paused ? 'none' : 'fail', decision: null }
}

/** A chosen wave: its slots are planned and their posts start. */
export function recordWave(context: BatchContext, pairs: readonly Pair[], at: number): Partial<BatchContext> {
  const first = slotCount(context.slots)
  return {
    slots: context.slots + encodeSlots(pairs.map((pair) => ({ ...pair, state: 'outstanding', attempts: 1 }))),
    waveStarts: [...context.waveStarts, first],
    posting: pairs.map((_, index) => first + index),
    outstanding: context.outstanding + pairs.length,
    exhausted: false,
    next: 'none',
    lastActivityAt: at,
  }
}

/** A retry wave: the next attempt of every slot the decision named. */
export function recordRetries(context: BatchContext, at: number): Partial<BatchContext> {
  const numbers = context.decision?.retry ?? []
  let { slots } = context
  for (const number of numbers) {
    const slot = slotAt(slots, number)
    slots = withSlot(slots, number, { ...slot, state: 'outstanding', attempts: slot.attempts + 1 })
  }
  return { slots, posting: numbers, outstanding: context.outstanding + numbers.length, next: 'none', lastActivityAt: at }
}

/** Force and recovery share their thresholds. */
export function mayBeForced(context: BatchContext): boolean {
  return context.items.length > 0 && forceVerdict(netOf(context), context.policy).allowed
}
