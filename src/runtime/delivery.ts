import type { AnyEventObject } from 'xstate'
import type { Json, TenantRow } from './define-actor.ts'
import { QuireError } from './errors.ts'
import type { MailboxRecord } from './message.ts'
import type { LiveActor } from './snapshot.ts'
import { mayBeIllFormed, repairStrings } from './strict-json.ts'
import type { Traceparent } from './tracing.ts'
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
  readonly traceparent: Traceparent | null
  /** Of a message: its place in the log. Of a held one: where it was held. */
  readonly offset?: number
  readonly task?: TaskRow
  readonly timer?: TimerRow
  /** Tenant rows a task's outcome brings. */
  readonly rows?: readonly TenantRow[]
}

/** A timer whose time has come; with a trace context of its own while its firing is traced. */
export interface DueTimer extends TimerRow {
  readonly traceparent?: Traceparent | null
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
  const { partition, address, kind, id, body, offset, traceparent = null } = record
  const delivery = { partition, address, kind, messageId: id, body, offset, traceparent }
  return record.replayOf === undefined ? delivery : { ...delivery, replayOf: record.replayOf }
}

export function deliveryOfHeld(row: HeldRow): Delivery {
  const { partition, address, kind, messageId, body, offset, traceparent } = row
  return { partition, address, kind, messageId, body, offset, traceparent }
}

export function deliveryOfTimer(timer: DueTimer, actor: LiveActor): Delivery {
  const body = actor.armed.timers[timer.id]?.event ?? JSON.stringify({ type: timer.id })
  const { partition, address, traceparent = actor.traceparent } = timer
  return { partition, address, kind: 'timer', messageId: messageIdOfTimer(timer), body, timer, traceparent }
}

/** Names the firing of a timer in the journal. */
export function messageIdOfTimer({ address, id, arming }: TimerRow): string {
  return `${address}!${id}!${arming}`
}

/** Names the end of a task in the journal. */
export function messageIdOfOutcome({ task }: TaskOutcome): string {
  return `${task.address}!${task.id}!${task.opened}`
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
    messageId: messageIdOfOutcome(outcome),
    body: JSON.stringify(event),
    task,
    rows: outcome.rows,
    traceparent: task.traceparent,
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
