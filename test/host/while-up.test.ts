import { expect, it } from 'vitest'
import { whileUp } from '../../src/host/http/api.ts'
import { createStatus } from '../../src/runtime/status.ts'
import { SimulatedClock } from '../../src/testing/simulated-clock.ts'

/** A clock that counts the limits that are set and not cancelled. */
function counting() {
  const simulated = new SimulatedClock()
  let open = 0
  const schedule = (ms: number, run: () => void): (() => void) => {
    open += 1
    const cancel = simulated.schedule(ms, run)
    return () => {
      open -= 1
      cancel()
    }
  }
  return { clock: { now: () => simulated.now(), schedule }, left: () => open }
}

it('a request that is refused before it asks the database leaves no time limit behind', async () => {
  const status = createStatus()
  status.trigger.changed({ change: { database: { state: 'up', reason: null, failures: 0 } } })
  const { clock, left } = counting()
  const parts = { quire: { status } as Parameters<typeof whileUp>[0]['quire'], clock }
  const refusal = new Error('no such batch')
  const refuse = (): Promise<never> => {
    throw refusal
  }
  await expect(whileUp(parts, refuse)).rejects.toBe(refusal)
  await expect(whileUp(parts, async () => 1)).resolves.toBe(1)
  expect(left()).toBe(0)
})
