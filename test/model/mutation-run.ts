import type { AnyStateMachine } from 'xstate'
import { checkSpecification } from './check-specification.ts'
import type { Tour } from './explore.ts'
import type { Mutant } from './mutants.ts'
import { recordOf } from './tour-record.ts'

/** Which check saw a fault. */
export interface Finding {
  readonly name: string
  readonly byTours: boolean
  /** Undefined: not asked, for the tours had seen it. */
  readonly bySpecification: boolean | undefined
}

/** A tour with what the machine without faults shows on it, and the transitions it takes. */
export interface RecordedTour {
  readonly tour: Tour
  readonly lines: readonly string[]
  readonly taken: ReadonlySet<string>
}

const exclusive = 'their guards are never true together: the decision is one word'
const refused = 'the FORCE of the root refuses then, with the same numbers'

/** Faults that change nothing anybody can see, each with the argument why. */
export const equivalent: Readonly<Record<string, string>> = {
  'action lost: batch|VERDICT|0, closeAnswered':
    'outside WAITING_CALLBACKS no post is open that a verdict could close: SCORING has its own VERDICT, and a wave is chosen only when every slot is settled',
  'branches swapped: batch.INITIALIZING|always|0 and 1': 'a batch without a budget ends at its birth, when no text has failed yet',
  'branches swapped: batch.INITIALIZING|always|3 and 4': 'no essay and one essay are never true together',
  'transition lost: batch.GENERATING_PAIRS|FORCE|1': refused,
  'transition lost: batch.WAITING_CALLBACKS|FORCE|1': refused,
  'branches swapped: batch.GENERATING_PAIRS|always|0 and 1': exclusive,
  'branches swapped: batch.GENERATING_PAIRS|always|1 and 2': exclusive,
  'branches swapped: batch.WAITING_CALLBACKS|always|0 and 1': exclusive,
  'branches swapped: batch.WAITING_CALLBACKS|always|1 and 2': exclusive,
  'branches swapped: batch.WAITING_CALLBACKS|always|2 and 3': exclusive,
  'branches swapped: batch.GENERATING_PAIRS|xstate.done.actor.choosePairs|0 and 1':
    'while the batch is paused nothing is decided, and RESUME has the wave chosen again, whether it was empty or not',
}

/**
 * Runs a mutant through the checks of the tests: the recorded tours (test/model/tours.txt), and random commands against the
 * specification where the tours see nothing, or always with `both`.
 */
export function hunt(
  mutant: Mutant,
  recorded: readonly RecordedTour[],
  { runs, both }: { readonly runs: number; readonly both: boolean },
): Finding {
  const machine = mutant.make()
  const byTours = differs(mutant, machine, recorded)
  return { name: mutant.name, byTours, bySpecification: byTours && !both ? undefined : breaksSpecification(machine, runs) }
}

/** Tours that pass the faulty place first: they tell soonest. */
function differs({ among }: Mutant, machine: AnyStateMachine, recorded: readonly RecordedTour[]): boolean {
  const passes = ({ taken }: RecordedTour): boolean => [...taken].some((id) => id.startsWith(among))
  const ordered = [...recorded.filter(passes), ...recorded.filter((tour) => !passes(tour))]
  return ordered.some(({ tour, lines }) => {
    let place = 0
    for (const line of recordOf(tour, machine)) {
      if (line !== lines[place]) {
        return true
      }
      place += 1
    }
    return place !== lines.length
  })
}

function breaksSpecification(machine: AnyStateMachine, numRuns: number): boolean {
  try {
    checkSpecification({ numRuns, seed: 20_260_101, endOnFailure: true }, machine)
    return false
  } catch {
    return true
  }
}
