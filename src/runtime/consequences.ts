import type { AnyMachineSnapshot } from 'xstate'
import { addressTargeted } from './address-of.ts'
import type { EffectScope, Json } from './define-actor.ts'
import { appliedEffects, type Effected, messageOutput, type Output } from './effects.ts'
import { QuireError } from './errors.ts'
import type { RegisteredActor } from './registry.ts'
import type { StepAction, Stepped } from './step.ts'
import { assertLossless } from './strict-json.ts'
import type { Armed } from './turn-rows.ts'

/** A task a step opened. */
export interface OpenedTask {
  readonly id: string
  readonly source: string
  readonly input: string | null
}

/** All that follows from one step besides the snapshot. */
export interface Consequences extends Effected {
  readonly armed: Armed
  readonly opened: readonly OpenedTask[]
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer I)[] ? I[] : T[K] }

/**
 * Reads XState's actions: delays become timers, promise actors tasks, named actions effects.
 * `armed` is what the actor waited for before the step.
 */
export function consequencesOf(stepped: Stepped, armed: Armed, kind: RegisteredActor, scope: EffectScope): Consequences {
  const draft: Mutable<Consequences> = { armed, opened: [], outputs: [], rows: [], notes: [] }
  if (stepped.actions.length > 0) {
    const timers = { ...armed.timers }
    stepped.actions.forEach((action, index) => {
      interpret(action, index, draft, timers, kind, scope)
    })
    draft.armed = { timers, tasks: armed.tasks }
  }
  const tasks = openAndClose(stepped, armed, draft, scope)
  const isOver = stepped.snapshot.status !== 'active'
  draft.armed = isOver ? { timers: {}, tasks: {} } : { timers: draft.armed.timers, tasks }
  if (isOver) {
    draft.opened = []
  }
  return draft
}

type Timers = Record<string, Armed['timers'][string]>

function interpret(
  action: StepAction,
  index: number,
  draft: Mutable<Consequences>,
  timers: Timers,
  kind: RegisteredActor,
  scope: EffectScope,
): void {
  switch (action.type) {
    case 'xstate.raise':
      armTimer(action.params as RaiseParams, index, timers, scope)
      return
    case 'xstate.cancel':
      delete timers[String((action.params as { sendId: unknown }).sendId)]
      return
    case 'xstate.sendTo':
      draft.outputs.push(messageTo(action.params as SendParams, index, scope))
      return
    case 'xstate.emit':
      draft.notes.push({ emitted: (action.params as { event: Json }).event })
      return
    case 'xstate.log':
    case 'xstate.spawnChild':
    case 'xstate.stopChild':
      return
    default:
      applyEffects(action, index, draft, kind, scope)
  }
}

interface RaiseParams {
  readonly event: { readonly type: string }
  readonly id?: string
  readonly delay?: number
}

function armTimer(params: RaiseParams, index: number, timers: Timers, scope: EffectScope): void {
  if (params.delay === undefined) {
    return
  }
  if (!Number.isFinite(params.delay)) {
    throw new QuireError('step-failed', `the delay of '${params.event.type}' is ${params.delay}; a delay is a number of milliseconds`)
  }
  const id = params.id ?? `raise.${scope.seq}.${index}`
  const timer = { due: Math.ceil(scope.at + Math.max(0, params.delay)), arming: `${scope.seq}.${index}` }
  timers[id] = isAfterEvent(params, id) ? timer : { ...timer, event: JSON.stringify(params.event) }
}

/** The event of an `after` is its timer's id: not worth storing. */
function isAfterEvent(params: RaiseParams, id: string): boolean {
  return params.event.type === id && Object.keys(params.event).length === 1
}

interface SendParams {
  readonly to: unknown
  readonly event: { readonly type: string }
}

function messageTo(params: SendParams, index: number, scope: EffectScope): Output {
  const address = addressTargeted(params.to)
  if (address === undefined) {
    throw new QuireError('step-failed', `sendTo of '${params.event.type}' has no address; write sendTo(addressOf('type/id'), ...)`)
  }
  return messageOutput(address, params.event, `${scope.address}#${scope.seq}.${index}`)
}

function applyEffects(action: StepAction, index: number, draft: Mutable<Consequences>, kind: RegisteredActor, scope: EffectScope): void {
  const mapping = kind.definition.effects?.[action.type]
  if (mapping === undefined) {
    throw new QuireError('step-failed', `action '${action.type}' has no mapping; give effects['${action.type}'] in the definition`)
  }
  const applied = appliedEffects(mapping(action.params as never, scope), `${scope.address}#${scope.seq}.${index}`)
  draft.outputs.push(...applied.outputs)
  draft.rows.push(...applied.rows)
  draft.notes.push(...applied.notes)
}

/** Compares the children before and after: XState's own stop and spawn actions need not be followed one by one. */
function openAndClose(stepped: Stepped, armed: Armed, draft: Mutable<Consequences>, scope: EffectScope): Armed['tasks'] {
  const spawned = new Map(
    stepped.actions.filter((action) => action.type === 'xstate.spawnChild').map((action) => [spawnOf(action).actorRef, spawnOf(action)]),
  )
  const tasks: Record<string, number> = {}
  for (const [id, child] of Object.entries(stepped.snapshot.children as AnyMachineSnapshot['children'])) {
    const spawn = spawned.get(child)
    if (spawn === undefined) {
      tasks[id] = armed.tasks[id] ?? scope.seq
      continue
    }
    draft.opened.push(openedTask(id, spawn))
    tasks[id] = scope.seq
  }
  return tasks
}

interface SpawnParams {
  readonly actorRef: unknown
  readonly src: string
  readonly input: unknown
}

function spawnOf(action: StepAction): SpawnParams {
  return action.params as SpawnParams
}

function openedTask(id: string, spawn: SpawnParams): OpenedTask {
  if (id === 'undefined') {
    throw new QuireError('step-failed', `spawnChild('${spawn.src}') has no id; give each spawned task its own`)
  }
  if (spawn.input !== undefined) {
    assertLossless(spawn.input, `input of task '${id}'`)
  }
  return { id, source: spawn.src, input: spawn.input === undefined ? null : JSON.stringify(spawn.input) }
}
