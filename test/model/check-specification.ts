import fc from 'fast-check'
import type { AnyStateMachine } from 'xstate'
import { steppedCommands } from './acts.ts'
import type { World } from './command.ts'
import { Trial } from './trial.ts'

/** Worlds that the specification covers. */
export const worlds: fc.Arbitrary<World> = fc
  .record({
    essays: fc.constantFrom(0, 1, 2, 2, 2, 3, 3, 3, 4, 5),
    retries: fc.integer({ min: 0, max: 2 }),
    budget: fc.constantFrom(undefined, undefined, 2, 3, 7),
    most: fc.constantFrom(4, 120),
    brief: fc.constantFrom('nothing', 'nothing', 'a prompt', 'an assignment'),
    deadline: fc.constantFrom(600, 600, 0),
  })
  .map(({ essays, retries, budget, most, brief, deadline }) => ({
    name: `${essays} essays and ${brief}`,
    depth: 0,
    essays,
    request: {
      ...(budget === undefined ? {} : { maxComparisons: budget }),
      ...(brief === 'a prompt' ? { promptStorageId: 'p' } : {}),
      ...(brief === 'an assignment' ? { assignmentId: 'a' } : {}),
    },
    settings: { maxRetryAttempts: retries, maxPairwiseComparisons: most, comparisonDeadlineSeconds: deadline },
  }))

/** Random worlds and commands on the stepped machine, compared with the specification. @throws when they differ */
export function checkSpecification(
  runs: { readonly numRuns: number; readonly seed?: number; readonly endOnFailure?: boolean },
  machine?: AnyStateMachine,
): void {
  fc.assert(
    fc.property(worlds, steppedCommands(), (world, list) => {
      const trial = Trial.stepping(world, machine)
      fc.modelRun(() => ({ model: { specification: trial.specified }, real: trial }), list)
    }),
    runs,
  )
}
