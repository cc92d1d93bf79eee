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
  if (before.runStatus !== 'active') {
    throw over(batch, before.state)
  }
  const event = { type: act.toUpperCase(), by, ...(reason === undefined ? {} : { reason }) }
  const state = await stored.act(address, event, id)
  const progress = state.progress as BatchProgress
  if (!isDone(act, state, progress)) {
    const refusal = act === 'force' ? await refusalOf(stored, address, id) : undefined
    throw refusal === undefined ? over(batch, state.state) : new ActRefused(`${batch} cannot be forced in ${state.state}: ${refusal}`)
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

function over(batch: string, state: string): ActRefused {
  return new ActRefused(`${batch} is ${state} already; nothing was changed`)
}

const pageSize = 1_000

/** The note of a refused act in the journal. */
interface Refusal {
  readonly refused: string
  readonly reason: string
}

/** Why the step of this message refused to force, if it did. */
async function refusalOf(stored: Pick<Stored, 'journal'>, address: string, messageId: string): Promise<string | undefined> {
  for (let after = -1; ; ) {
    const page = await stored.journal(address, { after, limit: pageSize })
    const notes = page.find((entry) => entry.messageId === messageId)?.notes as readonly Partial<Refusal>[] | undefined
    const refusal = notes?.find((note) => note.refused === 'FORCE')
    if (refusal !== undefined || page.length < pageSize) {
      return refusal?.reason
    }
    after = (page.at(-1) as Transition).position.entry
  }
}
