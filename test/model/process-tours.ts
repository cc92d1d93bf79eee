import { type AnyEventObject, type AnyMachineSnapshot, createActor, fromPromise, fromTransition, getNextTransitions } from 'xstate'
import { adjacencyMapToArray, getAdjacencyMap } from 'xstate/graph'
import { machineClock } from '../../src/runtime/connection.ts'
import { createStepper } from '../../src/runtime/step.ts'
import { settlePromises, SimulatedClock } from '../../src/testing/simulated-clock.ts'
import { type Recorder, transitionIds } from './recorder.ts'

/** A machine that lives in a process, with one of its inputs. */
export interface ProcessWorld {
  readonly recorder: Recorder
  readonly input: object | undefined
  /** Events explored after the birth. */
  readonly depth: number
}

interface Moment {
  readonly snapshot: AnyMachineSnapshot
  readonly taken: readonly string[]
  readonly depth: number
}

interface Step {
  readonly event: AnyEventObject
  readonly value: unknown
  readonly context: unknown
}

/** Fields that events of these machines carry, in two variants: for each guard one it lets pass. */
function payload(flag: boolean): object {
  return { failure: { reason: 'refused', needsPerson: flag }, waitMs: 1_000, holder: flag ? 'another process' : null }
}

/** Every event that some transition of the present state waits for, with its payloads. */
function eventsAt({ snapshot }: Moment): AnyEventObject[] {
  const types = snapshot.status === 'active' ? new Set(getNextTransitions(snapshot).map(({ eventType }) => eventType)) : []
  return [...types]
    .filter((type) => type !== '' && type !== '*' && !type.startsWith('xstate.done.state.'))
    .flatMap((type) => {
      if (type.startsWith('xstate.after.')) {
        return [{ type }]
      }
      return [true, false].map((flag) => {
        const actorId = type.split('.').slice(3).join('.')
        return type.startsWith('xstate.done.actor.')
          ? { type, actorId, output: { checked: 1, waiting: 1, stuck: flag ? 1 : 0, failed: 0 } }
          : type.startsWith('xstate.error.actor.')
            ? { type, actorId, error: payload(flag) }
            : { type, ...payload(flag) }
      })
    })
}

/** Tours by `xstate/graph` that take every transition reached within the depth. */
export function processTours({ recorder, input, depth }: ProcessWorld, known: Set<string>): Step[][] {
  const stepper = createStepper(recorder.machine)
  const birth = stepper.birth(input)
  const first: Moment = { snapshot: birth.snapshot, taken: birth.transitions, depth: 0 }
  const print = ({ snapshot }: Moment): string => JSON.stringify([snapshot.value, snapshot.context])
  const logic = fromTransition((moment: Moment, { event }: { type: string; event: AnyEventObject }) => {
    const stepped = stepper.step(moment.snapshot, event)
    return { snapshot: stepped.snapshot, taken: stepped.transitions, depth: moment.depth + 1 }
  }, first)
  const map = getAdjacencyMap(logic, {
    events: ({ context }) => eventsAt(context).map((event) => ({ type: JSON.stringify(event), event })),
    serializeState: ({ context }) => print(context),
    serializeEvent: ({ type }) => type,
    stopWhen: ({ context }) => context.snapshot.status !== 'active' || context.depth >= depth,
  })
  const ways = new Map<string, Step[]>([[print(first), []]])
  const tours: Step[][] = []
  for (const { state, event, nextState } of adjacencyMapToArray(map)) {
    const { snapshot, taken } = nextState.context
    const way = [...(ways.get(print(state.context)) ?? []), { event: event.event, value: snapshot.value, context: snapshot.context }]
    const at = print(nextState.context)
    ways.set(at, ways.get(at) ?? way)
    if (taken.some((id) => !known.has(id))) {
      taken.forEach((id) => known.add(id))
      tours.push(way)
    }
  }
  return tours
}

/**
 * Runs a tour on a real actor on virtual time: outcomes end the promise that is really called, delays come with the clock.
 * Returns the ids of the transitions taken. @throws when the actor is elsewhere than the tour
 */
export async function runTour({ recorder, input }: ProcessWorld, tour: readonly Step[]): Promise<string[]> {
  const clock = new SimulatedClock()
  const calls: { resolve: (output: unknown) => void; reject: (error: unknown) => void }[] = []
  const called = fromPromise(() => new Promise((resolve, reject) => void calls.push({ resolve, reject })))
  const provided = recorder.withActors(
    Object.fromEntries(Object.keys(recorder.machine.implementations.actors).map((name) => [name, called])),
  )
  const ids = transitionIds(provided)
  const taken: string[] = []
  const actor = createActor(provided, {
    clock: machineClock(clock),
    ...(input === undefined ? {} : { input: input as never }),
    inspect: (inspected) => {
      if (inspected.type === '@xstate.microstep') {
        taken.push(...(Reflect.get(inspected, '_transitions') as object[]).flatMap((transition) => ids.get(transition) ?? []))
      }
    },
  })
  actor.start()
  for (const { event, value, context } of tour) {
    if (event.type.startsWith('xstate.done.actor.')) {
      calls.at(-1)?.resolve(event['output'])
    } else if (event.type.startsWith('xstate.error.actor.')) {
      calls.at(-1)?.reject(event['error'])
    } else if (event.type.startsWith('xstate.after.')) {
      clock.runNext()
    } else {
      actor.send(event)
    }
    await settlePromises()
    const now = actor.getSnapshot() as AnyMachineSnapshot
    const [is, should] = [JSON.stringify([now.value, now.context]), JSON.stringify([value, context])]
    if (is !== should) {
      throw new Error(`after ${event.type} the actor is at ${is}, its tour at ${should}`)
    }
  }
  actor.stop()
  return taken
}
