import type { AnyMachineSnapshot } from 'xstate'
import type { OpenedTask } from './consequences.ts'
import type { Delivery } from './delivery.ts'
import type { LiveActor } from './snapshot.ts'
import type { Armed } from './turn-rows.ts'

/**
 * What an actor in these states should wait for, derived again from its active states: a timer for every `after`
 * (due = now + delay) and a task for every invoke. Spawned tasks cannot be derived; the machine's own delays stand in for them.
 * Used for an actor whose rows were lost (rules 20), found by the proof query.
 */
export function rearmed(
  actor: LiveActor,
  delivery: Delivery,
  now: number,
): { readonly armed: Armed; readonly opened: readonly OpenedTask[] } {
  const { snapshot } = actor
  const event = { type: 'WAKE', at: now, id: delivery.messageId }
  const arming = `${actor.seq}.wake.${now}`
  const delays = snapshot._nodes.flatMap((node) => node.after)
  const raised = Object.entries(actor.armed.timers).filter(([id]) => !id.startsWith('xstate.after.'))
  const derived = Object.fromEntries(
    delays.flatMap((transition) => {
      const delay = delayOf(transition.delay, snapshot, event)
      return delay === undefined ? [] : [[transition.eventType, { due: Math.ceil(now + Math.max(0, delay)), arming }]]
    }),
  )
  const timers = { ...Object.fromEntries(raised.map(([id, timer]) => [id, { ...timer, arming }])), ...derived }
  const invokes = snapshot._nodes.flatMap((node) => node.invoke)
  const opened = invokes.map((invoke) => ({
    id: invoke.id,
    source: String(invoke.src),
    input: inputText(invoke.input, snapshot, event),
  }))
  return { armed: { timers, tasks: Object.fromEntries(invokes.map((invoke) => [invoke.id, actor.seq + 1])) }, opened }
}

function delayOf(delay: unknown, snapshot: AnyMachineSnapshot, event: object): number | undefined {
  const known: unknown = typeof delay === 'string' ? snapshot.machine.implementations.delays[delay] : delay
  const value: unknown = typeof known === 'function' ? known({ context: snapshot.context, event }, undefined) : known
  return typeof value === 'number' ? value : undefined
}

function inputText(input: unknown, snapshot: AnyMachineSnapshot, event: object): string | null {
  const value: unknown = typeof input === 'function' ? input({ context: snapshot.context, event, self: undefined }) : input
  return value === undefined ? null : JSON.stringify(value)
}
