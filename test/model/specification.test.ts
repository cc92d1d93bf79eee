import fc from 'fast-check'
import { describe, it } from 'vitest'
import { liveCommands } from './acts.ts'
import { checkSpecification, worlds } from './check-specification.ts'
import { inMemory } from './processes.ts'
import { Trial } from './trial.ts'

describe('a batch keeps its specification, compared after every command', () => {
  it('when the machine is stepped', () => {
    checkSpecification({ numRuns: 600 })
  })

  it('when the runtime runs it, through crashes and restarts', async () => {
    await fc.assert(
      fc.asyncProperty(worlds, liveCommands(), async (world, list) => {
        const trial = await Trial.running(world, inMemory)
        try {
          await fc.asyncModelRun(() => ({ model: { specification: trial.specified }, real: trial }), list)
        } finally {
          await trial.live?.stop()
        }
      }),
      { numRuns: 40 },
    )
  })
})
