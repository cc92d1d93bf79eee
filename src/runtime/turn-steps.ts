import { bodyOf, type Delivery, deliveryOfOutcome, deliveryOfTimer, type DueTimer, eventOf, inputOf, type TaskOutcome } from './delivery.ts'
import { type Consequences, consequencesOf } from './consequences.ts'
import { appliedEffects } from './effects.ts'
import { isQuireError, messageOf, QuireError } from './errors.ts'
import type { RegisteredActor } from './registry.ts'
import { assertStorable, type LiveActor, stateNameOf } from './snapshot.ts'
import { type Stepped, withChildren } from './step.ts'
import type { TurnDraft } from './turn-draft.ts'
import type { Armed } from './turn-rows.ts'
import { rearmed } from './wake.ts'

const unarmed: Armed = { timers: {}, tasks: {} }

/** The birth of an actor; a second one of the same address is recorded and ignored, but its type may answer it. */
export function create(delivery: Delivery, actor: LiveActor | undefined, kind: RegisteredActor | undefined, draft: TurnDraft): void {
  if (actor !== undefined) {
    attempt(delivery, draft, () => createAgain(delivery, actor, draft))
  } else if (kind === undefined) {
    draft.deadLetter(
      delivery,
      'unknown-actor-type',
      new QuireError('unknown-actor-type', `no actor type is registered for ${delivery.address}`),
    )
  } else {
    attempt(delivery, draft, () => {
      const { input: given, repaired } = inputOf(delivery, draft.now)
      const { partition, address } = delivery
      const unborn = {
        partition,
        address,
        kind,
        armed: unarmed,
        seq: 0,
        parked: null,
        traceparent: delivery.traceparent,
        createdAt: draft.now,
        stateSince: draft.now,
        updatedAt: draft.now,
      }
      accept(delivery, unborn, kind.stepper.birth(given), undefined, { type: 'xstate.init' }, repaired, draft)
    })
  }
}

/** The actor is not stepped. Everything that can throw comes before the first write. */
function createAgain(delivery: Delivery, actor: LiveActor, draft: TurnDraft): void {
  const { seq, snapshot, kind, address } = actor
  const answer = kind.definition.createdAgain
  const scope = { address, at: draft.now, seq, context: snapshot.context as unknown, event: { type: 'xstate.init' } }
  const effects = answer?.(snapshot, inputOf(delivery, draft.now).input as never, scope)
  const { outputs, rows, notes } = appliedEffects(effects, `${address}#${delivery.messageId}#0`)
  draft.journal(delivery, { seq, state: stateNameOf(snapshot), ignored: 'the actor was born before', notes })
  outputs.forEach((output) => draft.send(causeOf(delivery, actor), output))
  draft.rows.push(...rows)
}

/** From the monitor: what the actor waits for is derived again, then it is told. */
export function wake(delivery: Delivery, actor: LiveActor, draft: TurnDraft): void {
  const expected = (bodyOf(delivery).value as { readonly seq?: number }).seq
  if (expected !== undefined && expected !== actor.seq) {
    draft.journal(delivery, { seq: actor.seq, state: stateNameOf(actor.snapshot), ignored: 'the actor moved on by itself' })
    return
  }
  const { armed, opened } = rearmed(actor, delivery, draft.now)
  const awake = { ...actor, armed, snapshot: withChildren(actor.snapshot, Object.keys(armed.tasks)) }
  for (const task of opened) {
    draft.openTask(awake, task, causeOf(delivery, actor).traceparent)
  }
  step(delivery, awake, draft)
}

/** An event for a living actor. What it throws makes a dead letter, and the actor keeps its last good snapshot. */
export function step(delivery: Delivery, actor: LiveActor, draft: TurnDraft): void {
  attempt(delivery, draft, () => {
    const { event, repaired } = eventOf(delivery, draft.now)
    const stepped = actor.kind.stepper.step(actor.snapshot, event)
    accept(delivery, actor, stepped, actor.snapshot.context, event, repaired, draft)
  })
}

/** Runs a step; what it throws makes a dead letter, and nothing else of it stays. */
function attempt(delivery: Delivery, draft: TurnDraft, run: () => void): void {
  try {
    run()
  } catch (error) {
    draft.failed += 1
    draft.deadLetter(delivery, 'step-failed', error)
  }
}

type Steppable = Omit<LiveActor, 'snapshot'> & { readonly snapshot?: LiveActor['snapshot'] }

/** Takes a step into the draft. Everything that can throw comes before the first write. */
function accept(
  delivery: Delivery,
  before: Steppable,
  stepped: Stepped,
  context: unknown,
  event: { readonly type: string },
  repaired: boolean,
  draft: TurnDraft,
): void {
  const seq = before.seq + 1
  const scope = { address: before.address, at: draft.now, seq, context, event }
  const follows = consequencesOf(stepped, before.armed, before.kind, scope)
  assertStorable(stepped.snapshot)
  const state = stateNameOf(stepped.snapshot)
  const moved = before.snapshot === undefined || stateNameOf(before.snapshot) !== state
  const after: LiveActor = {
    ...before,
    snapshot: follows.opened.length === 0 ? stepped.snapshot : withChildren(stepped.snapshot, Object.keys(follows.armed.tasks)),
    armed: follows.armed,
    seq,
    stateSince: moved ? draft.now : before.stateSince,
    updatedAt: draft.now,
  }
  write(delivery, after, follows, stepped.transitions, repaired, draft)
}

function write(
  delivery: Delivery,
  after: LiveActor,
  follows: Consequences,
  transitions: readonly string[],
  repaired: boolean,
  draft: TurnDraft,
): void {
  draft.stepped += 1
  draft.actors.set(after.address, after)
  const cause = causeOf(delivery, after)
  for (const task of follows.opened) {
    draft.openTask(after, task, cause.traceparent)
  }
  const notes = repaired ? [...follows.notes, { repaired: 'strings were made well-formed' }] : follows.notes
  draft.journal(delivery, { seq: after.seq, state: stateNameOf(after.snapshot), transitions, notes })
  for (const output of follows.outputs) {
    draft.send(cause, output)
  }
  draft.rows.push(...follows.rows, ...(delivery.rows ?? []))
}

/** What follows from a delivery without a trace belongs to the trace its actor was born in. */
function causeOf(delivery: Delivery, { partition, address, traceparent }: LiveActor) {
  return { partition, address, traceparent: delivery.traceparent ?? traceparent }
}

/** The end of a task counts only while that very task is open; an unhandled failure of a spawned one is recorded and ignored. */
export function settle(outcome: TaskOutcome, draft: TurnDraft, refusal?: unknown): void {
  const { task } = outcome
  const actor = draft.actors.get(task.address)
  draft.touch(task.partition)
  if (actor === undefined || actor.armed.tasks[task.id] !== task.opened || actor.parked !== null) {
    return
  }
  const delivery = deliveryOfOutcome(outcome, actor)
  const danger = outcome.poison === undefined ? refusal : new QuireError('task-deadly', outcome.poison)
  if (danger === undefined) {
    conclude(delivery, withoutTask(actor, task.id), draft)
  } else {
    park(delivery, withoutTask(actor, task.id), draft, danger)
  }
}

function withoutTask(actor: LiveActor, taskId: string): LiveActor {
  const { [taskId]: _, ...tasks } = actor.armed.tasks
  return { ...actor, armed: { timers: actor.armed.timers, tasks }, snapshot: withChildren(actor.snapshot, Object.keys(tasks)) }
}

/** A due timer counts only under the arming the actor still waits for. */
export function fire(timer: DueTimer, draft: TurnDraft, refusal?: unknown): void {
  const actor = draft.actors.get(timer.address)
  draft.touch(timer.partition)
  if (actor === undefined || actor.armed.timers[timer.id]?.arming !== timer.arming || actor.parked !== null) {
    return
  }
  const { [timer.id]: _, ...timers } = actor.armed.timers
  const fired = { ...actor, armed: { timers, tasks: actor.armed.tasks } }
  if (refusal === undefined) {
    conclude(deliveryOfTimer(timer, actor), fired, draft)
  } else {
    park(deliveryOfTimer(timer, actor), fired, draft, refusal)
  }
}

/** Steps the outcome of something the actor waited for. If that throws, the actor is parked: nothing else would move it on (rules 30). */
function conclude(delivery: Delivery, actor: LiveActor, draft: TurnDraft): void {
  try {
    const { event, repaired } = eventOf(delivery, draft.now)
    accept(delivery, actor, actor.kind.stepper.step(actor.snapshot, event), actor.snapshot.context, event, repaired, draft)
  } catch (error) {
    if (isQuireError(error, 'unhandled-task-error') && delivery.task !== undefined && !isInvoked(actor, delivery.task.id)) {
      draft.actors.set(actor.address, actor)
      draft.journal(delivery, {
        seq: actor.seq,
        state: stateNameOf(actor.snapshot),
        ignored: 'no transition handles the failure of this spawned task',
      })
      return
    }
    park(delivery, actor, draft, error)
  }
}

/** The cause becomes a dead letter, and the actor stands still until that is replayed. */
function park(delivery: Delivery, actor: LiveActor, draft: TurnDraft, error: unknown): void {
  draft.deadLetter(delivery, 'step-failed', error)
  draft.actors.set(actor.address, { ...actor, parked: `${delivery.messageId}: ${messageOf(error)}` })
}

function isInvoked(actor: LiveActor, taskId: string): boolean {
  return actor.snapshot._nodes.some((node) => node.invoke.some((invoke) => invoke.id === taskId))
}
