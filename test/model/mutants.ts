import { type AnyStateMachine, createMachine } from 'xstate'

/** A machine with one fault. */
export interface Mutant {
  /** What was done, and where. */
  readonly name: string
  readonly kind: 'transition lost' | 'guard dropped' | 'branches swapped' | 'action lost' | 'target changed'
  /** How the ids of the transitions begin among which the fault is. */
  readonly among: string
  make(): AnyStateMachine
}

type Json = { [key: string]: unknown }
interface TransitionConfig extends Json {
  target?: string
  guard?: unknown
  actions?: unknown[]
}

/** The transitions of one event of one state, in the order they are tried. */
interface Branches {
  readonly name: string
  get(): TransitionConfig[]
  set(branches: readonly TransitionConfig[]): void
}

/**
 * Every machine that differs from the given one by a small fault in its chart: a transition lost (recoveries and deadlines are
 * such), a guard dropped, two branches swapped, an action lost, another target.
 */
export function mutantsOf(machine: AnyStateMachine): Mutant[] {
  const plan = branchesOf(copyOf(machine.config) as Json, machine.id)
  return plan.flatMap((branches, place) => {
    const change = (kind: Mutant['kind'], what: string, edit: (list: TransitionConfig[]) => readonly TransitionConfig[]): Mutant => ({
      name: `${kind}: ${branches.name}${what}`,
      kind,
      among: `${branches.name}|`,
      make() {
        const config = copyOf(machine.config) as Json
        const own = branchesOf(config, machine.id)[place] as Branches
        own.set(edit(own.get()))
        return createMachine(config as never, machine.implementations as never)
      },
    })
    return branches.get().flatMap((branch, index) => mutantsOfBranch(branch, index, branches.get().length, change))
  })
}

type Change = (kind: Mutant['kind'], what: string, edit: (list: TransitionConfig[]) => readonly TransitionConfig[]) => Mutant

function mutantsOfBranch(branch: TransitionConfig, index: number, count: number, change: Change): Mutant[] {
  const replaced = (list: readonly TransitionConfig[], other: TransitionConfig): TransitionConfig[] => list.with(index, other)
  const without = ({ guard: _, ...rest }: TransitionConfig): TransitionConfig => rest
  const actions = branch.actions ?? []
  return [
    change('transition lost', `|${index}`, (list) => list.toSpliced(index, 1)),
    ...(branch.guard === undefined
      ? []
      : [change('guard dropped', `|${index}`, (list) => replaced(list, without(list[index] as TransitionConfig)))]),
    ...(index + 1 < count
      ? [
          change('branches swapped', `|${index} and ${index + 1}`, (list) =>
            list.toSpliced(index, 2, list[index + 1] as TransitionConfig, list[index] as TransitionConfig),
          ),
        ]
      : []),
    ...actions.map((action, place) =>
      change('action lost', `|${index}, ${String(Reflect.get(action as object, 'type'))}`, (list) =>
        replaced(list, { ...(list[index] as TransitionConfig), actions: actions.toSpliced(place, 1) }),
      ),
    ),
    ...(branch.target === 'FAILED' || branch.target === 'SCORING'
      ? [
          change('target changed', `|${index} to ${other(branch.target)}`, (list) =>
            replaced(list, { ...(list[index] as TransitionConfig), target: other(branch.target) }),
          ),
        ]
      : []),
  ]
}

function other(target: string | undefined): string {
  return target === 'FAILED' ? 'CANCELLED' : 'FAILED'
}

/** A copy whose lists and objects may be changed; functions are kept. */
function copyOf(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(copyOf)
  }
  return typeof value === 'object' && value !== null
    ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, copyOf(inner)]))
    : value
}

function branchesOf(state: Json, id: string): Branches[] {
  const lists = (group: Json | undefined, named: (key: string) => string): Branches[] =>
    Object.keys(group ?? {}).map((key) => slot(group as Json, key, named(key)))
  const invoke = state['invoke'] as Json | undefined
  return [
    ...lists(state['on'] as Json | undefined, (event) => `${id}|${event}`),
    ...lists(state['after'] as Json | undefined, (delay) => `${id}|xstate.after.${delay}.${id}`),
    ...(state['always'] === undefined ? [] : [slot(state, 'always', `${id}|always`)]),
    ...(['done', 'error'] as const).flatMap((end) => {
      const key = end === 'done' ? 'onDone' : 'onError'
      return invoke?.[key] === undefined ? [] : [slot(invoke, key, `${id}|xstate.${end}.actor.${String(invoke['id'])}`)]
    }),
    ...Object.entries((state['states'] ?? {}) as Record<string, Json>).flatMap(([name, child]) => branchesOf(child, `${id}.${name}`)),
  ]
}

function slot(owner: Json, key: string, name: string): Branches {
  return {
    name,
    get: () => (Array.isArray(owner[key]) ? (owner[key] as TransitionConfig[]) : [owner[key] as TransitionConfig]),
    set(branches) {
      owner[key] = [...branches]
    },
  }
}
