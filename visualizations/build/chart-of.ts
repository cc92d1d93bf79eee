import type { AnyStateMachine, AnyStateNode } from 'xstate'

/** What a machine looks like, as one plain structure: pictures, texts, coverage and the live page are made of it. Plain JSON. */
export interface Chart {
  /** Id of the machine, and of its root among `states`. */
  readonly id: string
  /** Root first, then in the order of the source. */
  readonly states: readonly ChartState[]
  readonly transitions: readonly ChartTransition[]
}

export interface ChartState {
  /** `batch.WAITING_CALLBACKS.collecting` */
  readonly id: string
  readonly key: string
  readonly parent: string | null
  readonly type: 'atomic' | 'compound' | 'parallel' | 'final' | 'history'
  readonly description: string | null
  readonly tags: readonly string[]
  /** Id of the state entered first; null for states without children and for parallel ones. */
  readonly initial: string | null
  readonly entry: readonly string[]
  readonly exit: readonly string[]
  /** Names of the actors that run while the state is active. */
  readonly invokes: readonly string[]
}

export interface ChartTransition {
  /** `source state|event type or "always"|branch`, as the runtime's journal has it. */
  readonly id: string
  readonly source: string
  /** Ids; none for a transition that stays where it is. */
  readonly targets: readonly string[]
  readonly kind: 'event' | 'always' | 'after' | 'done' | 'error'
  /** The event for people: `VERDICT`, `after recovery`, `done choosePairs`. */
  readonly label: string
  /** Name of the guard; `else` for a branch without one after branches with one. */
  readonly guard: string | null
  readonly actions: readonly string[]
  readonly reenter: boolean
  readonly description: string | null
}

/** The chart of a machine, also of one made of its JSON: functions leave no trace in it. */
export function chartOf(machine: AnyStateMachine): Chart {
  const nodes = nodesBelow(machine.root)
  return { id: machine.id, states: nodes.map(stateOf), transitions: nodes.flatMap(transitionsOf) }
}

function nodesBelow(node: AnyStateNode): AnyStateNode[] {
  const children = (Object.values(node.states) as AnyStateNode[]).sort((one, other) => one.order - other.order)
  return [node, ...children.flatMap(nodesBelow)]
}

/** `config` is read for entry and exit: the node's own lists also hold what XState adds for delays. */
function stateOf(node: AnyStateNode): ChartState {
  return {
    id: node.id,
    key: node.key,
    parent: node.parent?.id ?? null,
    type: node.type,
    description: node.description ?? null,
    tags: [...node.tags],
    initial: node.type === 'compound' ? (node.initial.target[0]?.id ?? null) : null,
    entry: actionNames(node.config.entry),
    exit: actionNames(node.config.exit),
    invokes: node.invoke.map(({ src, id }) => (typeof src === 'string' ? src : id)),
  }
}

function transitionsOf(node: AnyStateNode): ChartTransition[] {
  const lists = [...node.transitions.entries(), ['always', node.always ?? []] as const]
  return lists.flatMap(([event, branches]) =>
    branches.map((transition, branch) => {
      const guard = nameOf(transition.guard)
      return {
        id: `${node.id}|${event}|${branch}`,
        source: node.id,
        targets: (transition.target ?? []).map(({ id }) => id),
        ...eventOf(event, node.id),
        guard: guard ?? (branch > 0 ? 'else' : null),
        actions: actionNames(transition.actions),
        reenter: transition.reenter,
        description: transition.description ?? null,
      }
    }),
  )
}

const eventKinds = [
  ['xstate.after.', 'after'],
  ['xstate.done.actor.', 'done'],
  ['xstate.done.state.', 'done'],
  ['xstate.error.actor.', 'error'],
] as const

/** `xstate.after.recovery.batch.SCORING` -> `after recovery`; delays in ms are said with their unit. */
function eventOf(event: string, stateId: string): Pick<ChartTransition, 'kind' | 'label'> {
  if (event === 'always') {
    return { kind: 'always', label: 'always' }
  }
  const [prefix, kind] = eventKinds.find(([start]) => event.startsWith(start)) ?? ['', 'event' as const]
  if (kind === 'event') {
    return { kind, label: event === '' ? 'always' : event }
  }
  const rest = event.slice(prefix.length)
  const name = kind === 'after' ? rest.slice(0, rest.length - stateId.length - 1) : prefix === 'xstate.done.state.' ? '' : rest
  return { kind, label: `${kind} ${/^\d+$/.test(name) ? `${name} ms` : name}`.trim() }
}

/** Names of actions; parameters that are written as plain values are shown: `end(forced)`. */
function actionNames(actions: unknown): string[] {
  const list = actions === undefined ? [] : Array.isArray(actions) ? (actions as unknown[]) : [actions]
  return list.map((action) => {
    const params = typeof action === 'object' && action !== null ? (Reflect.get(action, 'params') as unknown) : undefined
    const values = typeof params === 'object' && params !== null ? Object.values(params).filter((value) => typeof value !== 'object') : []
    return `${nameOf(action) ?? 'inline'}${values.length === 0 ? '' : `(${values.join(', ')})`}`
  })
}

function nameOf(named: unknown): string | null {
  if (typeof named === 'string') {
    return named
  }
  const type = typeof named === 'object' && named !== null ? (Reflect.get(named, 'type') as unknown) : undefined
  return typeof type === 'string' ? type : named === undefined || named === null ? null : 'inline'
}
