import { fromTransition } from 'xstate'
import { adjacencyMapToArray, getAdjacencyMap } from 'xstate/graph'
import { mayBeForced } from '../../src/batch/steps/decisions.ts'
import { StepBatch } from '../support/step-batch.ts'
import { type Command, labelOf, offered, perform, type World } from './command.ts'

/** A step from one state of the world to another. */
interface Edge {
  readonly command: Command
  readonly to: string
  /** What is told apart: where the batch is, what is done to it, and the transitions that follow; and each of these. */
  readonly kinds: readonly string[]
}

interface Graph {
  readonly first: string
  readonly edges: ReadonlyMap<string, readonly Edge[]>
}

/** A way through a world: the commands from its birth on. */
export interface Tour {
  readonly world: World
  readonly commands: readonly Command[]
  /** How many of them are the world's lead. */
  readonly lead: number
}

/** A batch at the beginning of its world, after the world's lead. */
function begun(world: World): { readonly batch: StepBatch; readonly lead: readonly Command[] } {
  const batch = new StepBatch({ ...world, hold: true, bare: true })
  const lead: Command[] = []
  for (let next = world.lead?.(batch); next !== undefined; next = world.lead?.(batch)) {
    lead.push(next)
    perform(batch, next)
  }
  return { batch, lead }
}

/**
 * What the production machine and its surroundings (clock, open tasks, provider, operators) do within `world.depth` events,
 * by `xstate/graph`; counters and lists are never bucketed.
 */
function explore(start: StepBatch, world: World): Graph {
  const { depth, coarse = false } = world
  const logic = fromTransition((batch: StepBatch, { command }: { type: string; command: Command }) => perform(batch.fork(), command), start)
  const print = printer()
  const map = getAdjacencyMap(logic, {
    events: ({ context: batch }) => offered(batch, world).map((command) => ({ type: labelOf(command), command })),
    serializeState: ({ context: batch }) => print(batch),
    serializeEvent: ({ type }) => type,
    stopWhen: ({ context: batch }) => batch.isDone || batch.steps - start.steps >= depth,
  })
  const edges = new Map<string, Edge[]>()
  for (const { state, event, nextState } of adjacencyMapToArray(map)) {
    const from = print(state.context)
    const edge = {
      command: event.command,
      to: print(nextState.context),
      kinds: kindsOf(state.context, event.command, nextState.context, coarse),
    }
    edges.set(from, [...(edges.get(from) ?? []), edge])
  }
  return { first: print(start), edges }
}

/** Fingerprints, each made once: the batches of a graph do not move any more. */
function printer(): (batch: StepBatch) => string {
  const made = new WeakMap<StepBatch, string>()
  return (batch) => {
    const text = made.get(batch) ?? batch.fingerprint()
    made.set(batch, text)
    return text
  }
}

function kindsOf(before: StepBatch, command: Command, after: StepBatch, coarse: boolean): string[] {
  const { kind } = command
  const outcome = 'outcome' in command ? command.outcome : ''
  const taken = after.taken.slice(before.taken.length)
  const { paused } = before.context
  const step = [before.state, before.inner ?? '', paused, mayBeForced(before.context), kind, outcome, ...taken].join(' ')
  return [...taken, ...(coarse ? [] : [step])]
}

/**
 * Tours that together take every kind of step found in a world and not in `known`: each goes on to the nearest kind that is
 * still missing, and a new one begins at the birth when none can be reached any more. Adds what they take to `known`.
 */
export function toursOf(world: World, known: Set<string>): Tour[] {
  const { batch, lead } = begun(world)
  if (batch.isDone) {
    return tourOfBirth(batch, world, known)
  }
  const graph = explore(batch, world)
  const tours: Tour[] = []
  for (;;) {
    const commands: Command[] = []
    for (let at = graph.first, way = nearestNew(graph, at, known); way !== undefined; way = nearestNew(graph, at, known)) {
      for (const { command, to, kinds } of way) {
        kinds.forEach((kind) => known.add(kind))
        commands.push(command)
        at = to
      }
    }
    if (commands.length === 0) {
      return tours
    }
    tours.push({ world, commands: [...lead, ...commands], lead: lead.length })
  }
}

/** Of a batch that ends with its birth. */
function tourOfBirth({ taken }: StepBatch, world: World, known: Set<string>): Tour[] {
  const isNew = taken.some((id) => !known.has(id))
  taken.forEach((id) => known.add(id))
  return isNew ? [{ world, commands: [], lead: 0 }] : []
}

/** The shortest way from a state that ends with a kind of step not known yet. */
function nearestNew({ edges }: Graph, from: string, known: ReadonlySet<string>): Edge[] | undefined {
  const reached = new Map<string, Edge[]>([[from, []]])
  for (const [state, way] of reached) {
    for (const edge of edges.get(state) ?? []) {
      if (edge.kinds.some((kind) => !known.has(kind))) {
        return [...way, edge]
      }
      if (!reached.has(edge.to)) {
        reached.set(edge.to, [...way, edge])
      }
    }
  }
  return undefined
}
