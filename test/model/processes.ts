import { createQuire } from '../../src/quire.ts'
import { createScenario } from '../../src/testing/scenario.ts'
import { SimulatedClock } from '../../src/testing/simulated-clock.ts'
import { vi } from 'vitest'
import type { Boot } from './live-batch.ts'

/** Virtual time of a stepped batch at its birth, so that both can be compared. */
const birth = 1_000_000

/** The runtime on the memory store, on virtual time. */
export const inMemory: Boot = async (actors) => {
  const clock = new SimulatedClock(birth)
  const scenario = await createScenario({ actors, clock, monitorIntervalMs: 0 })
  await scenario.settle()
  return {
    runtime: () => scenario.runtime(),
    now: () => clock.now(),
    isVirtual: true,
    async until(condition, what) {
      for (let round = 0; round < 50; round++) {
        if (await condition()) {
          return
        }
        await scenario.settle()
      }
      throw new Error(`never came: ${what}`)
    },
    elapse: (ms) => scenario.advance(ms),
    async restart() {
      await scenario.restart()
      // A delay may have come due while there was no process.
      await scenario.settle()
    },
    stop: () => scenario.stop(),
  }
}

/** The runtime on a real Postgres, on real time. */
export function onPostgres(url: string): Boot {
  return async (actors) => {
    const open = async () => {
      const quire = await createQuire({ database: url, actors, partitions: 4, monitorIntervalMs: 0 })
      await quire.start()
      return quire
    }
    let quire = await open()
    return {
      runtime: () => quire,
      now: () => Date.now(),
      isVirtual: false,
      until: (condition, what) =>
        vi.waitFor(async () => ((await condition()) ? undefined : Promise.reject(new Error(`never came: ${what}`))), {
          timeout: 20_000,
          interval: 5,
        }),
      elapse: () => Promise.reject(new Error('real time is not moved by commands')),
      async restart() {
        await quire.stop({ drainMs: 0 })
        quire = await open()
      },
      stop: () => quire.stop({ drainMs: 0 }),
    }
  }
}
