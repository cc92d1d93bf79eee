import type { AnyStateMachine } from 'xstate'
import type { ActorDefinition, InboundDecoder, TableDefinition } from './define-actor.ts'
import { QuireError } from './errors.ts'
import { actorTypeOf, type Address } from './message.ts'
import { createStepper, type Stepper } from './step.ts'

/** An actor type that passed the checks, with its stepper. */
export interface RegisteredActor {
  readonly type: string
  readonly definition: ActorDefinition
  readonly stepper: Stepper
}

/** All actor types of one Quire. */
export interface Registry {
  typeOf(address: Address): RegisteredActor | undefined
  readonly all: readonly RegisteredActor[]
  readonly tables: readonly TableDefinition[]
  /** Decoders of the outside topics. */
  readonly inbound: ReadonlyMap<string, InboundReader>
}

/** Reads an outside topic for an actor type. */
export interface InboundReader extends Pick<ActorDefinition, 'admit'> {
  readonly type: string
  readonly decode: InboundDecoder
}

/**
 * Checks every definition against what the runtime supports.
 * @throws QuireError `invalid-definition`, naming the actor type, the state and the remedy
 */
export function createRegistry(actors: Readonly<Record<string, ActorDefinition>>): Registry {
  const all = Object.entries(actors).map(([type, definition]) => register(type, definition))
  const byType = new Map(all.map((actor) => [actor.type, actor]))
  return {
    typeOf: (address) => byType.get(actorTypeOf(address)),
    all,
    tables: all.flatMap((actor) => actor.definition.tables ?? []),
    inbound: inboundOf(all),
  }
}

/** A record has one reader: two types may not be fed from the same topic. */
function inboundOf(all: readonly RegisteredActor[]): Registry['inbound'] {
  const byTopic = new Map<string, InboundReader>()
  for (const { type, definition } of all) {
    for (const [topic, decode] of Object.entries(definition.inbound ?? {})) {
      const other = byTopic.get(topic)
      if (other !== undefined) {
        throw new QuireError(
          'invalid-definition',
          `topic '${topic}' feeds actor types '${other.type}' and '${type}'; give it to one of them`,
        )
      }
      const { admit } = definition
      byTopic.set(topic, { type, decode, ...(admit === undefined ? {} : { admit }) })
    }
  }
  return byTopic
}

function register(type: string, definition: ActorDefinition): RegisteredActor {
  const refuse = (where: string, what: string): never => {
    throw new QuireError('invalid-definition', `actor type '${type}', ${where}: ${what}`, { details: { type, where } })
  }
  if (!/^[A-Za-z0-9_.-]+$/.test(type)) {
    refuse('its name', 'use letters, digits, `_`, `.` and `-` only; it is the part of an address before the slash')
  }
  if (!Number.isInteger(definition.version) || definition.version < 1) {
    refuse('version', 'must be a positive integer')
  }
  if (definition.retentionDays !== undefined && !(definition.retentionDays >= 0 && definition.retentionDays < Number.POSITIVE_INFINITY)) {
    refuse('retentionDays', 'must be a number of days, 0 or more')
  }
  for (const node of nodesOf(definition.machine)) {
    checkInvokes(node, definition, refuse)
    checkActions(node, definition, refuse)
  }
  return { type, definition, stepper: createStepper(definition.machine) }
}

type Refuse = (where: string, what: string) => never
type StateNode = AnyStateMachine['root']

function nodesOf(machine: AnyStateMachine): StateNode[] {
  const collect = (node: StateNode): StateNode[] => [node, ...Object.values(node.states).flatMap((child) => collect(child as StateNode))]
  return collect(machine.root)
}

function checkInvokes(node: StateNode, definition: ActorDefinition, refuse: Refuse): void {
  const seen = new Set<string>()
  for (const invoke of node.invoke) {
    const where = `state '${node.id}', invoke '${invoke.id}'`
    if (invoke.systemId !== undefined) {
      refuse(where, 'systemId is not supported; send to addressOf(...) instead')
    }
    if (seen.has(invoke.id)) {
      refuse(where, 'two invokes of one state share this id; give each its own')
    }
    seen.add(invoke.id)
    checkSource(String(invoke.src), definition, where, refuse)
  }
}

/** A task source is promise logic by name: either the definition brings `run`, or the machine's own `fromPromise` is called. */
function checkSource(source: string, definition: ActorDefinition, where: string, refuse: Refuse): void {
  if (source.startsWith('xstate.invoke.')) {
    refuse(where, 'inline logic cannot be found again after a restart; name it in setup({ actors })')
  }
  const logic: unknown = definition.machine.implementations.actors[source]
  if (definition.tasks?.[source]?.run === undefined && promiseCreatorOf(logic) === undefined) {
    const kind =
      typeof logic === 'object' && logic !== null && '__xstatenode' in logic
        ? 'child machines are'
        : 'callback, observable and transition logic is'
    refuse(where, `'${source}' is not promise logic; ${kind} not supported yet: use fromPromise, or give tasks['${source}'].run`)
  }
}

/** The function handed to `fromPromise`, or undefined when the logic is of another kind. */
export function promiseCreatorOf(logic: unknown): ((options: object) => PromiseLike<unknown>) | undefined {
  if (typeof logic !== 'object' || logic === null || '__xstatenode' in logic) {
    return undefined
  }
  const creator: unknown = Reflect.get(logic, 'config')
  return typeof creator === 'function' && isPromiseLogic(logic) ? (creator as (options: object) => PromiseLike<unknown>) : undefined
}

/** XState marks its kinds of logic by nothing but behaviour: only promise logic is done by the event its promise would send. */
function isPromiseLogic(logic: object): boolean {
  const initialOf: unknown = Reflect.get(logic, 'getInitialSnapshot')
  const transition: unknown = Reflect.get(logic, 'transition')
  if (typeof initialOf !== 'function' || typeof transition !== 'function') {
    return false
  }
  try {
    const initial = initialOf({}, undefined) as object
    const settled = transition(initial, { type: 'xstate.promise.resolve', data: 1 }, {}) as object
    return !('context' in initial) && Reflect.get(settled, 'status') === 'done' && Reflect.get(settled, 'output') === 1
  } catch {
    return false
  }
}

function checkActions(node: StateNode, definition: ActorDefinition, refuse: Refuse): void {
  const transitions = [...[...node.transitions.values()].flat(), ...(node.always ?? [])]
  const actions: unknown[] = [...node.entry, ...node.exit, ...transitions.flatMap((transition) => transition.actions)]
  for (const action of actions) {
    checkAction(action, `state '${node.id}'`, definition, refuse)
  }
}

function checkAction(action: unknown, where: string, definition: ActorDefinition, refuse: Refuse): void {
  const name =
    typeof action === 'string' ? action : typeof action === 'object' && action !== null ? String(Reflect.get(action, 'type')) : undefined
  const implementation: unknown = name === undefined ? action : definition.machine.implementations.actions[name]
  if (name !== undefined && definition.effects?.[name] !== undefined && !isBuiltIn(implementation)) {
    return
  }
  if (!isBuiltIn(implementation)) {
    refuse(where, `action '${name ?? '(inline)'}' has no mapping; name it and give effects['${name ?? 'NAME'}'] that turns it into outputs`)
  }
  checkBuiltIn(implementation as object, `${where}, action '${name ?? '(inline)'}'`, definition, refuse)
}

function isBuiltIn(action: unknown): boolean {
  return typeof action === 'function' && 'resolve' in action
}

function checkBuiltIn(action: object, where: string, definition: ActorDefinition, refuse: Refuse): void {
  const type: unknown = Reflect.get(action, 'type')
  if (type === 'xstate.sendTo' && typeof Reflect.get(action, 'to') === 'string') {
    refuse(where, 'a string target throws at run time; write sendTo(addressOf(...), ...)')
  }
  if (type === 'xstate.sendTo' && Reflect.get(action, 'delay') !== undefined) {
    refuse(where, 'a delayed sendTo is not supported; raise a delayed event and send when it fires')
  }
  const source: unknown = Reflect.get(action, 'src')
  if (type === 'xstate.spawnChild' && typeof source === 'string') {
    checkSource(source, definition, where, refuse)
  } else if (type === 'xstate.spawnChild') {
    refuse(where, 'inline logic cannot be found again after a restart; name it in setup({ actors })')
  }
}
