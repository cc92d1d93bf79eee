import { setup, fromPromise } from 'xstate'
import { expect, it } from 'vitest'
import { defineActor } from '../../src/runtime/define-actor.ts'
import { createScenario } from '../../src/testing/scenario.ts'

/** An actor whose one task ends when `answer` says so. */
function patient(answer: () => Promise<object>) {
  const machine = setup({ actors: { ask: fromPromise<object, object>(() => Promise.resolve({})) } }).createMachine({
    id: 'patient',
    initial: 'asking',
    states: {
      asking: { invoke: { id: 'ask', src: 'ask', input: {}, onDone: 'answered', onError: 'failed' } },
      answered: { type: 'final' },
      failed: { type: 'final' },
    },
  })
  const run = async () => ({ output: (await answer()) as never })
  return defineActor({ machine, version: 1, tasks: { ask: { run, timeoutMs: 3_600_000 } } })
}

it('a process that is told to stop gives the leases of its tasks back: a dozen stops are no dozen deaths', async () => {
  let calls = 0
  let ends = false
  const answer = (): Promise<object> => {
    calls += 1
    return ends ? Promise.resolve({}) : new Promise(() => {})
  }
  const scenario = await createScenario({ actors: { patient: patient(answer) } })
  await scenario.advance(100)
  await scenario.runtime().create('patient/1', {}, { id: 'birth' })
  await scenario.advance(100)
  for (let stop = 1; stop <= 12; stop++) {
    expect(calls).toBe(stop)
    expect([...scenario.database.tasks.values()]).toMatchObject([{ id: 'ask', attempt: 1 }])
    await scenario.restart()
    await scenario.advance(100)
  }
  ends = true
  await scenario.restart()
  await scenario.advance(1_000)
  expect(scenario.database.actors.get('patient/1')).toMatchObject({ state: 'answered' })
  expect([...scenario.database.deadLetters.values()]).toEqual([])
  await scenario.stop()
})
