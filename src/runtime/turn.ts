import { stateNameOf, type LiveActor } from './snapshot.ts'
import type { ActorDefinition } from './define-actor.ts'
import { type FailureStreaks, isTooLong, withMessage } from './failure-streaks.ts'
import { bodyOf, type Delivery, deliveryOfHeld, deliveryOfRecord } from './delivery.ts'
import type { Output } from './effects.ts'
import { isHashAddress } from './message.ts'
import type { Claim } from './ports.ts'
import type { Registry } from './registry.ts'
import { answerAtOnce } from './answer-at-once.ts'
import { act, comeLate } from './turn-acts.ts'
import { create, fire, settle, step, wake } from './turn-steps.ts'
import { digestOf, inboxKey } from './inbox-key.ts'
import { TurnDraft } from './turn-draft.ts'
import type { ActorRow, HeldRow, InboxRow, TaskRow, Turn } from './turn-rows.ts'
import type { Work } from './work.ts'

/** All the work of a poll, and what is known of its actors. */
export interface TurnInput extends Work {
  readonly owner: string
  readonly now: number
  readonly registry: Registry
  readonly claims: ReadonlyMap<number, Claim>
  /** Why the database refused these deliveries for good, when they stand alone: they become dead letters. */
  readonly refusal?: unknown
  /** Living actors among the addressees. */
  readonly actors: ReadonlyMap<string, LiveActor>
  /** Addressees that cannot be stepped now, with the cause: unreadable snapshots, or a backlog of held messages. */
  readonly standing: ReadonlyMap<string, string>
  /** Rows of addressees whose snapshot cannot be read. */
  readonly unreadable: ReadonlyMap<string, ActorRow>
  /** Tombstones among the addressees. */
  readonly buried: ReadonlyMap<string, ActorRow>
  /** Message ids handled by earlier turns, by `inboxKey`. */
  readonly seen: ReadonlyMap<string, InboxRow>
  /** Failures in a row that earlier turns left. */
  readonly streaks: FailureStreaks
}

/** A decided turn, and what becomes true in memory when it is committed. */
export interface DecidedTurn {
  readonly turn: Turn
  readonly actors: ReadonlyMap<string, LiveActor>
  readonly duplicates: number
  readonly conflicts: number
  /** Ids of messages for an actor known by its hash alone that was never born here: they may be for somebody else, and are not kept. */
  readonly strays: readonly string[]
  /** Addressees that stood still before this turn. */
  readonly wereParked: ReadonlySet<string>
  readonly streaks: FailureStreaks
}

/** Messages + snapshots + now -> Turn. Pure: the same input gives the same turn. Messages come first, then outcomes, then timers by due time. */
export function decideTurn(input: TurnInput): DecidedTurn {
  const draft = new TurnDraft(input)
  const tally = { duplicates: 0, conflicts: 0 }
  let { streaks } = input
  for (const row of input.held) {
    if (draft.actors.get(row.address)?.parked === null) {
      draft.released.push({ partition: row.partition, address: row.address, offset: row.offset })
      draft.touch(row.partition)
      route(deliveryOfHeld(row), draft, input)
    }
  }
  for (const record of input.records) {
    if (!isTooLong(streaks, record.partition)) {
      const { stepped, failed } = draft
      draft.passed(record)
      if (draft.buried.has(record.address) && record.kind !== 'act') {
        draft.withheld.push({ partition: record.partition, offset: record.offset })
      }
      receive(deliveryOfRecord(record), draft, input, tally)
      streaks = withMessage(streaks, record, { stepped: draft.stepped > stepped, failed: draft.failed > failed })
    }
  }
  for (const outcome of input.outcomes) {
    settle(outcome, draft, input.refusal)
  }
  for (const timer of [...input.timers].sort((one, other) => one.due - other.due)) {
    fire(timer, draft, input.refusal)
  }
  answerAtOnce(draft)
  for (const update of input.taskUpdates) {
    draft.touch(update.partition)
    draft.tasksUpdated.push(update)
  }
  const { strays } = draft
  const turn = draft.build((task) => firstCallAt(task, draft.actors.get(task.address)?.kind.definition))
  const wereParked = new Set([...input.actors.values()].filter((actor) => actor.parked !== null).map((actor) => actor.address))
  return { turn, actors: draft.actors, wereParked, streaks, strays, ...tally }
}

/** The first call of a task waits for the definition's `delayMs`. */
function firstCallAt(task: TaskRow, definition: ActorDefinition | undefined): number {
  const delay = definition?.tasks?.[task.source]?.delayMs
  return delay === undefined ? task.notBefore : task.notBefore + delay(JSON.parse(task.input ?? 'null') as never)
}

function receive(delivery: Delivery, draft: TurnDraft, input: TurnInput, tally: { duplicates: number; conflicts: number }): void {
  const before = input.seen.get(inboxKey(delivery))
  if (before !== undefined || !draft.receive(delivery)) {
    tally.duplicates += 1
    tally.conflicts += before !== undefined && before.digest !== digestOf(delivery.body) ? 1 : 0
    return
  }
  deliver(delivery, draft, input)
}

/** A message for an actor that cannot be stepped now is held, in order; its neighbours go on. */
function deliver(delivery: Delivery, draft: TurnDraft, input: TurnInput): void {
  const stands = input.standing.has(delivery.address) && !draft.buried.has(delivery.address)
  if (stands && delivery.kind !== 'refused' && delivery.kind !== 'act') {
    hold(delivery, draft)
  } else {
    route(delivery, draft, input)
  }
}

/** Decides where a message goes: to the actor, to its held messages, to the journal as ignored, or to the dead letters. */
function route(delivery: Delivery, draft: TurnDraft, input: TurnInput): void {
  const actor = draft.actors.get(delivery.address)
  const buried = draft.buried.get(delivery.address)
  if (delivery.kind === 'act' && input.refusal === undefined) {
    act(delivery, actor ?? buried ?? input.unreadable.get(delivery.address), draft)
  } else if (delivery.kind === 'refused' && buried !== undefined) {
    refuseLate(delivery, draft)
  } else if (buried !== undefined) {
    comeLate(delivery, buried, input.registry, draft)
  } else if (input.refusal !== undefined) {
    draft.deadLetter(wellFormed(delivery), 'commit-refused', input.refusal)
  } else if (delivery.kind === 'refused') {
    refuse(delivery, actor, draft)
  } else if (actor?.parked != null && delivery.replayOf === undefined) {
    hold(delivery, draft)
  } else if (delivery.kind === 'create') {
    create(delivery, actor, input.registry.typeOf(delivery.address), draft)
  } else if (actor === undefined && isHashAddress(delivery.address)) {
    draft.strays.push(delivery.messageId)
  } else if (actor === undefined) {
    draft.deadLetter(delivery, 'unknown-address', new Error(`no actor was born at ${delivery.address}`))
  } else if (actor.snapshot.status !== 'active') {
    draft.journal(delivery, { seq: actor.seq, state: stateNameOf(actor.snapshot), ignored: 'the actor is done' })
  } else if (delivery.kind === 'wake') {
    wake(delivery, actor, draft)
  } else {
    step(delivery, { ...actor, parked: null }, draft)
  }
}

/** A refused body may be what the database refused: its dead letter must not be refused again. */
function wellFormed(delivery: Delivery): Delivery {
  return { ...delivery, body: delivery.body.toWellFormed().replaceAll('\u0000', '\ufffd') }
}

/** Body of a `refused` message: why, the request as it came, and the outputs that answer it. */
export interface Refusal {
  readonly cause: string
  readonly message: string
  readonly body: string
  readonly outputs: readonly Output[]
}

/**
 * A request that bears no actor: its dead letter and its answers, ready made by whoever refused it. Where an actor was born before
 * there is no answer: the outside would take it for the end of that one (rules 3).
 */
function refuse(delivery: Delivery, actor: LiveActor | undefined, draft: TurnDraft): void {
  const refusal = bodyOf(delivery).value as object as Refusal
  draft.deadLetter({ ...delivery, body: refusal.body }, refusal.cause, new Error(refusal.message))
  const stands = actor === undefined ? { seq: 0, state: '' } : { seq: actor.seq, state: stateNameOf(actor.snapshot) }
  draft.journal(delivery, { ...stands, ignored: refusal.message })
  for (const output of actor === undefined ? refusal.outputs : []) {
    draft.send(delivery, output)
  }
}

/** The answers leave, but of the request nothing is kept: its batch was archived or forgotten. */
function refuseLate(delivery: Delivery, draft: TurnDraft): void {
  const { message, outputs } = bodyOf(delivery).value as object as Refusal
  draft.journal({ ...delivery, body: '{}' }, { seq: 0, state: '', ignored: message })
  outputs.forEach((output) => draft.send(delivery, output))
}

function hold(delivery: Delivery, draft: TurnDraft): void {
  const { partition, address, messageId, kind, body, offset = 0, traceparent } = delivery
  draft.touch(partition)
  draft.held.push({ partition, address, offset, messageId, kind: kind as HeldRow['kind'], body, traceparent })
}
