import type { AnyEventObject } from 'xstate'
import type { Json, TenantRow } from './define-actor.ts'
import { QuireError } from './errors.ts'
import type { MailboxRecord } from './message.ts'
import type { LiveActor } from './snapshot.ts'
import { mayBeIllFormed, repairStrings } from './strict-json.ts'
import type { EntryKind, HeldRow, TaskRow, TimerRow } from './turn-rows.ts'

/** What reaches an actor, whatever its source: a message, a held message, a due timer, the outcome of a task. */
export interface Delivery {
  readonly partition: number
  readonly address: string
  readonly kind: EntryKind
  /** Names the delivery in journal and dead letters. */
  readonly messageId: string
  /** JSON text as it is kept in the journal. */
  readonly body: string
  readonly replayOf?: string
  /** Of a message: its place in the log. Of a held one: where it was held. */
  readonly offset?: number
  readonly task?: TaskRow
  readonly timer?: TimerRow
  /** Tenant rows a task's outcome brings. */
  readonly rows?: readonly TenantRow[]
}

/** How a task ended for good. */
export interface TaskOutcome {
  readonly task: TaskRow
  readonly result: { readonly ok: true; readonly output: Json | undefined } | { readonly ok: false; readonly error: Json }
  readonly rows: readonly TenantRow[]
  /** Why the task itself is a danger: it was leased again and again and never came to an end. */
  readonly poison?: string
}

export function deliveryOfRecord(record: MailboxRecord): Delivery {
  const { partition, address, kind, id, body, offset } = record
  return { partition, address, kind, messageId: id, body, offset, ...(record.replayOf === undefined ? {} : { replayOf: record.replayOf }) }
}

export function deliveryOfHeld(row: HeldRow): Delivery {
  return { partition: row.partition, address: row.address, kind: row.kind, messageId: row.messageId, body: row.body, offset: row.offset }
}

export function deliveryOfTimer(timer: TimerRow, actor: LiveActor | undefined): Delivery {
  const event = actor?.armed.timers[timer.id]?.event ?? JSON.stringify({ type: timer.id })
  const { partition, address } = timer
  return { partition, address, kind: 'timer', messageId: `${address}!${timer.id}!${timer.arming}`, body: event, timer }
}

/** The event carries `taskId`, and `output` or `error`; its type is the definition's, or XState's own. */
export function deliveryOfOutcome(outcome: TaskOutcome, actor: LiveActor | undefined): Delivery {
  const { task, result } = outcome
  const names = actor?.kind.definition.tasks?.[task.source]
  const event = result.ok
    ? { type: names?.done ?? `xstate.done.actor.${task.id}`, actorId: task.id, taskId: task.id, output: result.output }
    : { type: names?.failed ?? `xstate.error.actor.${task.id}`, actorId: task.id, taskId: task.id, error: result.error }
  return {
    partition: task.partition,
    address: task.address,
    kind: result.ok ? 'done' : 'error',
    messageId: `${task.address}!${task.id}!${task.opened}`,
    body: JSON.stringify(event),
    task,
    rows: outcome.rows,
  }
}

/** The event as it is stepped: `at` and `id` added. `repaired` says that strings were made well-formed. */
export function eventOf(delivery: Delivery, at: number): { readonly event: AnyEventObject; readonly repaired: boolean } {
  const { value, repaired } = bodyOf(delivery)
  const type: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, 'type') : undefined
  if (typeof type !== 'string' || type === '' || type === '*') {
    throw new QuireError('invalid-message', `message ${delivery.messageId} for ${delivery.address} has no event type; send {"type": "..."}`)
  }
  if (type.startsWith('xstate.') && delivery.kind === 'event' && delivery.replayOf === undefined) {
    throw new QuireError('invalid-message', `message ${delivery.messageId} for ${delivery.address} uses the reserved event type '${type}'`)
  }
  return { event: { ...(value as object), type, at, id: delivery.messageId }, repaired }
}

/** The input of a birth, with `at` and `id` added. */
export function inputOf(delivery: Delivery, at: number): { readonly input: object; readonly repaired: boolean } {
  const { value, repaired } = bodyOf(delivery)
  return { input: { ...(typeof value === 'object' ? value : { value }), at, id: delivery.messageId }, repaired }
}

/** The parsed body. @throws QuireError `invalid-message` when it is not JSON */
export function bodyOf(delivery: Delivery): { readonly value: Json; readonly repaired: boolean } {
  try {
    const value = JSON.parse(delivery.body) as Json
    return mayBeIllFormed(delivery.body) ? repair(value) : { value, repaired: false }
  } catch (cause) {
    throw new QuireError('invalid-message', `message ${delivery.messageId} for ${delivery.address} is not JSON`, { cause })
  }
}

function repair(value: Json): { readonly value: Json; readonly repaired: boolean } {
  const better = repairStrings(value)
  return { value: better, repaired: JSON.stringify(better) !== JSON.stringify(value) }
}
