import { describe, expect, it } from 'vitest'
import type { TaskDefinition, TaskScope } from '../../src/runtime/define-actor.ts'
import { isTaskDelay, TaskDelay } from '../../src/runtime/task-delay.ts'
import { createScenario, type Scenario } from '../../src/testing/scenario.ts'
import { order } from '../support/machines/order.ts'

const address = 'order/1'

/** An order whose charge is done by `run`; a single counted failure would refuse it. */
async function orderCharged(run: (scope: TaskScope) => Promise<void>, more: Partial<TaskDefinition> = {}): Promise<Scenario> {
  const charge: TaskDefinition = {
    attempts: 1,
    ...more,
    run: async (_: never, scope) => {
      await run(scope)
      return { output: { receipt: 'r' } }
    },
  }
  const scenario = await createScenario({ actors: { order: order({ charge }) }, monitorIntervalMs: 0 })
  await scenario.runtime().create(address, { amount: 5 }, { id: 'create' })
  return scenario
}

function stateOf({ database }: Scenario): string | undefined {
  return database.actors.get(address)?.state
}

describe('a task that fails', () => {
  it('may say anything: what no text of a database holds is replaced, and it is called again', async () => {
    const texts = ['a\u0000b', 'half a pair \ud800', 'later\u0000']
    const scenario = await orderCharged(
      async () => {
        const text = texts.shift()
        if (text !== undefined) {
          throw texts.length === 0 ? new TaskDelay({ ms: 1_000, reason: text }) : new Error(text)
        }
      },
      { attempts: 5 },
    )
    await scenario.advance(1)
    const [task] = (await scenario.runtime().inspect(address)).tasks
    expect(task).toMatchObject({ lastError: 'a\ufffdb' })
    await scenario.advance(60_000)
    expect(stateOf(scenario)).toBe('shipped')
  })
})

describe('a task that asks for a delay', () => {
  it('is called again when its time is over, uncounted, more often than leases would make it deadly', async () => {
    const calls: { readonly at: number; readonly attempt: number }[] = []
    const scenario = await orderCharged(async ({ attempt }) => {
      calls.push({ at: scenario.clock.now(), attempt })
      if (calls.length <= 25) {
        throw new TaskDelay({ ms: 10_000, reason: 'the queue is full' })
      }
    })
    await scenario.advance(1)
    const [task] = await scenario
      .runtime()
      .inspect(address)
      .then(({ tasks }) => tasks)
    expect(task).toMatchObject({ attempt: 0, notBefore: (calls[0]?.at ?? 0) + 10_000, lastError: 'waits 10 s: the queue is full' })
    await scenario.advance(9_000)
    expect(calls).toHaveLength(1)
    await scenario.advance(300_000)
    expect(stateOf(scenario)).toBe('shipped')
    expect(calls).toHaveLength(26)
    expect(new Set(calls.map(({ attempt }) => attempt))).toEqual(new Set([1]))
  })

  it('waits on through restarts, until the time it asked for', async () => {
    const calls: number[] = []
    const scenario = await orderCharged(async () => {
      calls.push(scenario.clock.now())
      if (calls.length === 1) {
        throw new TaskDelay({ ms: 600_000, reason: 'later' })
      }
    })
    await scenario.advance(1_000)
    await scenario.restart()
    await scenario.advance(590_000)
    expect(calls).toHaveLength(1)
    await scenario.advance(10_000)
    expect(stateOf(scenario)).toBe('shipped')
    expect((calls[1] ?? 0) - (calls[0] ?? 0)).toBeGreaterThanOrEqual(600_000)
  })

  it('does not forget failures that counted', async () => {
    const thrown = [new Error('counts'), new TaskDelay({ ms: 5, reason: 'does not' }), new Error('counts too')]
    const scenario = await orderCharged(
      async () => {
        throw thrown.shift() ?? new Error('one call too many')
      },
      { attempts: 2 },
    )
    await scenario.advance(60_000)
    expect(stateOf(scenario)).toBe('refused')
    expect(scenario.database.actors.get(address)?.output).toContain('counts too')
    expect(thrown).toEqual([])
  })

  it('is still taken for deadly when ten leases never end, delays between them or not', async () => {
    let calls = 0
    const scenario = await orderCharged(async () => {
      calls += 1
      if (calls % 2 === 0) {
        throw new TaskDelay({ ms: 5, reason: 'every second call waits' })
      }
      await new Promise(() => {})
    })
    for (let life = 0; life < 30 && scenario.database.actors.get(address)?.parked == null; life++) {
      await scenario.advance(50)
      await scenario.crash()
    }
    expect(scenario.database.actors.get(address)?.parked).toContain('was leased 10 times and never ended')
  })
})

describe('counter-test', () => {
  it('an ordinary error of the same task counts', async () => {
    const scenario = await orderCharged(async () => {
      throw new Error('no')
    })
    await scenario.advance(60_000)
    expect(stateOf(scenario)).toBe('refused')
  })

  it('only a TaskDelay is one, also of another copy of the package', () => {
    const foreign = Object.defineProperty(new Error('of another copy'), Symbol.for('quire.task-delay'), { value: true })
    expect([new TaskDelay({ ms: 1, reason: '' }), foreign, new Error('x'), null, undefined].map(isTaskDelay)).toEqual([
      true,
      true,
      false,
      false,
      false,
    ])
  })
})
