import { slotAt, slotCount, type Slot, withSlot } from '../../judging/comparison.ts'
import { type Outcome, settle } from '../../judging/failed-pool.ts'
import type { BatchContext, BatchEvent, Usage, VerdictEvent } from '../../machines/batch.machine.ts'
import { postErrorCode } from '../post-error.ts'

/** An outcome for one attempt of one slot. */
interface Answer {
  readonly slot: number
  readonly attempt: number
  readonly outcome: Outcome
}

/** Takes in a verdict, an error, or a failed post; what belongs to no open question changes nothing but a count (domain 14). */
export function recordOutcome(context: BatchContext, event: BatchEvent): Partial<BatchContext> {
  const answer = answerOf(event)
  if (answer === undefined || !isCorrelated(context, event)) {
    return {}
  }
  const slot = slotAt(context.slots, answer.slot)
  const usage = event.type === 'VERDICT' ? withAnswer(context.usage, event) : context.usage
  if (!counts(slot, answer)) {
    return { duplicates: context.duplicates + 1, usage }
  }
  const after = settle(slot, answer.outcome, context.policy)
  return {
    usage,
    slots: withSlot(context.slots, answer.slot, after),
    outstanding: context.outstanding - (slot.state === 'outstanding' ? 1 : 0),
    accepted: without(context.accepted, answer.slot),
    errors: context.errors + ('errorCode' in answer.outcome ? 1 : 0),
    models: event.type === 'VERDICT' && event.winner !== null ? tallied(context.models, event) : context.models,
    everAccepted: context.everAccepted || event.type === 'VERDICT',
    lastActivityAt: event.at,
    trigger: event.type === 'VERDICT' ? 'callback' : 'task',
  }
}

/** A success counts while its slot has no verdict (rules 44); an error only for the attempt that is under way. */
function counts(slot: Slot, { attempt, outcome }: Answer): boolean {
  if ('winner' in outcome) {
    return slot.state !== 'won_a' && slot.state !== 'won_b'
  }
  return slot.state === 'outstanding' && attempt === slot.attempts
}

/** True for a verdict of a comparison that this batch did submit, of the essays it submitted. */
export function isCorrelated(context: BatchContext, event: BatchEvent): boolean {
  const answer = answerOf(event)
  if (answer === undefined || answer.slot >= slotCount(context.slots)) {
    return false
  }
  const slot = slotAt(context.slots, answer.slot)
  if (answer.attempt < 1 || answer.attempt > slot.attempts) {
    return false
  }
  return event.type !== 'VERDICT' || (event.uncorrelated === undefined && namesEssays(context, slot, event))
}

function namesEssays(context: BatchContext, slot: Slot, { details }: VerdictEvent): boolean {
  const { essayA = null, essayB = null } = details
  return (essayA === null || essayA === context.items[slot.a]) && (essayB === null || essayB === context.items[slot.b])
}

function answerOf(event: BatchEvent): Answer | undefined {
  if (event.type === 'VERDICT') {
    const outcome: Outcome = event.winner === null ? { errorCode: event.errorCode ?? 'UNKNOWN_ERROR' } : { winner: event.winner }
    return { slot: event.slot, attempt: event.attempt, outcome }
  }
  if (event.type === 'SUBMIT_FAILED') {
    return { ...placeOf(event.taskId), outcome: { errorCode: postErrorCode(event.error.code) } }
  }
  return undefined
}

/** Slot and attempt of a submit task, `c<slot>.<attempt>`. */
function placeOf(taskId: string): { readonly slot: number; readonly attempt: number } {
  const [slot, attempt] = taskId.slice(1).split('.').map(Number)
  return { slot: slot ?? 0, attempt: attempt ?? 0 }
}

/** The provider accepted an attempt: its deadline runs from now. */
export function recordAccepted(context: BatchContext, event: BatchEvent): Partial<BatchContext> {
  if (event.type !== 'SUBMITTED') {
    return {}
  }
  const { slot: number, attempt } = placeOf(event.taskId)
  const slot = slotAt(context.slots, number)
  if (slot.state !== 'outstanding' || attempt !== slot.attempts) {
    return { everAccepted: true }
  }
  return { accepted: { ...context.accepted, [number]: event.at }, everAccepted: true, lastActivityAt: event.at }
}

/** Accepted comparisons whose deadline is over become error outcomes TIMEOUT. */
export function expireDue(context: BatchContext, event: { readonly at: number }): Partial<BatchContext> {
  const due = Object.entries(context.accepted).filter(([, at]) => context.deadlineMs > 0 && at + context.deadlineMs <= event.at)
  if (due.length === 0) {
    return {}
  }
  let { slots, accepted } = context
  for (const [name] of due) {
    const number = Number(name)
    slots = withSlot(slots, number, settle(slotAt(slots, number), { errorCode: 'TIMEOUT' }, context.policy))
    accepted = without(accepted, number)
  }
  return {
    slots,
    accepted,
    outstanding: context.outstanding - due.length,
    errors: context.errors + due.length,
    lastActivityAt: event.at,
    trigger: context.trigger === 'monitor' ? 'monitor' : 'deadline',
  }
}

function without(accepted: BatchContext['accepted'], number: number): BatchContext['accepted'] {
  const { [number]: _, ...others } = accepted
  return others
}

/** An answer that comes too late, or twice, was paid all the same. Sums are kept to a millionth of a cent. */
function withAnswer({ tokens, cost }: Usage, { details }: VerdictEvent): Usage {
  return {
    tokens: tokens + Number(details['tokens'] ?? 0),
    cost: Math.round((cost + Number(details['cost'] ?? 0)) * 1e8) / 1e8,
  }
}

function tallied(models: BatchContext['models'], { details }: VerdictEvent): BatchContext['models'] {
  const name = `${details['provider']} ${details['model']}`
  return { ...models, [name]: (models[name] ?? 0) + 1 }
}
