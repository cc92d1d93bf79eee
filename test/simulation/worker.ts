import { simulate, type SimulationResult } from './simulate.ts'

// A simulated outage is an error each: nobody reads where it was made.
Error.stackTraceLimit = 0

/** A process of its own that runs the seeds it is sent. */
process.once('message', async (seeds: readonly number[]) => {
  const results: SimulationResult[] = []
  for (const seed of seeds) {
    results.push(await simulate({ seed }))
  }
  process.send?.(results, () => process.exit(0))
})
