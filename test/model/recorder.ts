import { type AnyStateMachine, type AnyStateNode, createMachine } from 'xstate'
import { type Coverage, isGuarded } from '../../visualizations/build/coverage.ts'
import { chartOf } from '../../visualizations/build/chart-of.ts'

type Guard = (given: { readonly context: unknown; readonly event: object }, params: unknown) => boolean

/** Where a guard stands, handed to it as its parameters. */
interface Place {
  readonly at: string
  readonly params: unknown
}

/** Sees what tests take: transitions by what they report, guards through a machine whose guards know where they stand. */
export class Recorder {
  readonly machine: AnyStateMachine
  readonly #given: AnyStateMachine
  readonly #taken = new Map<string, number>()
  readonly #said = new Map<string, { yes: number; no: number }>()

  constructor(machine: AnyStateMachine) {
    this.machine = this.#listening(machine)
    this.#given = machine
  }

  /** The machine with other actors. */
  withActors(actors: AnyStateMachine['implementations']['actors']): AnyStateMachine {
    return this.#listening(this.#given.provide({ actors } as never))
  }

  took(ids: readonly string[]): void {
    for (const id of ids.filter((one) => one !== 'initial')) {
      this.#taken.set(id, (this.#taken.get(id) ?? 0) + 1)
    }
  }

  coverage(unreachable: Coverage['unreachable']): Coverage {
    const { transitions } = chartOf(this.machine)
    const guarded = transitions.filter(isGuarded).flatMap(({ id }) => {
      const said = this.#said.get(id)
      return said === undefined ? [] : [[id, said] as const]
    })
    const known = transitions.flatMap(({ id }) => (this.#taken.has(id) ? [[id, this.#taken.get(id) as number] as const] : []))
    const strange = [...this.#taken].filter(([id]) => !transitions.some((transition) => transition.id === id))
    return { taken: Object.fromEntries([...known, ...strange]), guards: Object.fromEntries(guarded), unreachable }
  }

  /** The same machine, every guard of which is asked under the id of its transition. */
  #listening(machine: AnyStateMachine): AnyStateMachine {
    const { guards, ...implementations } = machine.implementations
    const heard = Object.entries(guards as Record<string, Guard>).map(([name, guard]) => [name, this.#heard(guard)])
    const copy = createMachine(machine.config as never, { ...implementations, guards: Object.fromEntries(heard) } as never)
    for (const [transition, id] of transitionIds(copy)) {
      const guard = Reflect.get(transition, 'guard') as { readonly type: string; readonly params?: unknown } | undefined
      if (guard !== undefined) {
        Object.assign(transition, { guard: { type: guard.type, params: { at: id, params: guard.params } satisfies Place } })
      }
    }
    return copy
  }

  #heard(guard: Guard): Guard {
    return (given, place) => {
      const { at, params } = place as Place
      const answer = guard(given, params)
      const said = this.#said.get(at) ?? { yes: 0, no: 0 }
      said[answer ? 'yes' : 'no'] += 1
      this.#said.set(at, said)
      return answer
    }
  }
}

/** Ids by the objects XState hands out. */
export function transitionIds(machine: AnyStateMachine): Map<object, string> {
  const below = (node: AnyStateNode): AnyStateNode[] => [node, ...(Object.values(node.states) as AnyStateNode[]).flatMap(below)]
  const ids = below(machine.root).flatMap((node) =>
    [...node.transitions.entries(), ['always', node.always ?? []] as const].flatMap(([event, branches]) =>
      branches.map((transition, branch) => [transition, `${node.id}|${event}|${branch}`] as const),
    ),
  )
  return new Map(ids)
}
