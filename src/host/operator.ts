import { ActRefused } from './act-refused.ts'
import type { BatchProgress } from '../batch/progress.ts'
import { batchAddress } from '../batch/request.ts'
import type { ActorState } from '../runtime/actor-state.ts'
import type { Transition } from '../runtime/watch.ts'
import type { Stored } from './cli/stored.ts'

export const operatorActs = ['cancel', 'force', 'pause', 'resume'] as const
export type OperatorAct = (typeof operatorActs)[number]

export interface OperatorOrder {
  readonly batch: string
  readonly act: OperatorAct
  /** Who acts: kept in the journal with the event, which the runtime gives its time. */
  readonly by: string
  readonly reason?: string
  /** Message id: the same order sent again counts once. */
  readonly id: string
  /** The caller named the order: sent again it gets the answer it got before, whatever became of the batch since. */
  readonly isNamed?: boolean
}

export interface Acted {
  readonly batch: string
  readonly state: string
  readonly status: string
  readonly paused: boolean
}

/**
 * An operator's act on a batch, done when it resolves (rules 46).
 * @throws ActRefused; QuireError `unknown-actor`, `mailbox-unavailable`, `timeout`
 */
export async function operate(stored: Pick<Stored, 'inspect' | 'act' | 'journal'>, order: OperatorOrder): Promise<Acted> {
  const { batch, act, by, reason, id } = order
  const address = batchAddress(batch)
  const before = await stored.inspect(address)
  const known = order.isNamed === true ? await entryOf(stored, address, id) : undefined
  if (known !== undefined) {
    return answerAgain(order, known, before)
  }
  if (before.runStatus !== 'active') {
    throw over(batch, before.state)
  }
  const event = { type: act.toUpperCase(), by, ...(reason === undefined ? {} : { reason }) }
  const state = await stored.act(address, event, id)
  const progress = state.progress as BatchProgress
  if (!isDone(act, state, progress)) {
    throw refused(batch, state.state, await entryOf(stored, address, id))
  }
  return { batch, state: state.state, status: progress.status, paused: progress.paused }
}

/** Whether the act had its effect, as far as the state after it can say. */
function isDone(act: OperatorAct, { state, runStatus }: ActorState, { end }: BatchProgress): boolean {
  switch (act) {
    case 'cancel':
      return state === 'CANCELLED'
    case 'force':
      return end?.code === 'forced'
    default:
      return runStatus === 'active'
  }
}

/** The answer to an order the journal holds already. */
function answerAgain({ batch, act }: OperatorOrder, entry: Transition, now: Pick<ActorState, 'state' | 'progress'>): Acted {
  const { type } = (entry.event ?? {}) as { readonly type?: string }
  if (type !== act.toUpperCase()) {
    throw new ActRefused(`this Idempotency-Key was used for another act on ${batch} (${type}); nothing was changed, take a new one`)
  }
  if (entry.ignored !== null || refusalIn(entry) !== undefined) {
    throw refused(batch, entry.state, entry)
  }
  const { status, paused } = now.progress as BatchProgress
  return {
    batch,
    state: entry.state,
    status: entry.state === now.state ? status : statusThen(entry.state),
    paused: act === 'pause' || (act !== 'resume' && paused),
  }
}

/** The coarse status of a state that was left since (rules 56). */
function statusThen(state: string): string {
  return state === 'INITIALIZING' ? 'FETCHING_CONTENT' : 'PERFORMING_COMPARISONS'
}

function over(batch: string, state: string): ActRefused {
  return new ActRefused(`${batch} is ${state} already; nothing was changed`)
}

function refused(batch: string, state: string, entry: Transition | undefined): ActRefused {
  const refusal = entry === undefined ? undefined : refusalIn(entry)
  return refusal === undefined ? over(batch, state) : new ActRefused(`${batch} cannot be forced in ${state}: ${refusal}`)
}

/** The note of a refused act in the journal. */
interface Refusal {
  readonly refused: string
  readonly reason: string
}

/** Why this step refused to force, if it did. */
function refusalIn({ notes }: Transition): string | undefined {
  return (notes as readonly Partial<Refusal>[]).find((note) => note.refused === 'FORCE')?.reason
}

const pageSize = 1_000

/** What the journal holds of this message. */
async function entryOf(stored: Pick<Stored, 'journal'>, address: string, messageId: string): Promise<Transition | undefined> {
  for (let after = -1; ; ) {
    const page = await stored.journal(address, { after, limit: pageSize })
    const found = page.find((entry) => entry.messageId === messageId)
    if (found !== undefined || page.length < pageSize) {
      return found
    }
    after = (page.at(-1) as Transition).position.entry
  }
}
