import { describe, expect, it } from 'vitest'
import { createRegistry } from '../../src/runtime/registry.ts'
import { Standstill } from '../../src/runtime/standstill.ts'
import { TaskRunner } from '../../src/runtime/tasks.ts'
import { noTracing } from '../../src/runtime/tracing.ts'
import type { TaskRow } from '../../src/runtime/turn-rows.ts'
import { seededRandom } from '../../src/testing/seeded.ts'
import { SimulatedClock } from '../../src/testing/simulated-clock.ts'
import { order } from '../support/machines/order.ts'

const task: TaskRow = {
  partition: 0,
  address: 'order/1',
  id: 'charge',
  opened: 1,
  source: 'charge',
  input: '{"amount":5}',
  traceparent: null,
  attempt: 0,
  failures: 0,
  notBefore: 0,
  lastError: null,
}

/** A process whose task reads a row, then charges. Its time passes without its timers when it stands still. */
function processWithTask() {
  const charged: number[] = []
  const rows: (() => void)[] = []
  let now = 0
  const clock = { now: () => now, schedule: () => () => {} }
  const charge = {
    attempts: 1,
    run: async (_: never, scope: { readonly attempt: number; readRow(table: string, key: object): Promise<unknown> }) => {
      await scope.readRow('texts', {})
      charged.push(scope.attempt)
      return { output: { receipt: 'r' } }
    },
  }
  const standstill = new Standstill({ clock, isNeeded: () => true, onResumed: () => runner.leaseAgain() })
  const runner: TaskRunner = new TaskRunner({
    registry: createRegistry({ order: order({ charge }) }),
    store: { tasks: async () => [{ ...task, attempt: 1 }] },
    clock,
    random: seededRandom('standstill'),
    standstill,
    tracing: noTracing,
    wake: () => {},
    reach: { send: async () => {}, readRows: async () => [], readRow: () => new Promise((resolve) => rows.push(() => resolve(undefined))) },
  })
  const commit = (turn: Partial<Parameters<TaskRunner['committed']>[0]>): void =>
    runner.committed({ tasksOpened: [], tasksUpdated: [], tasksClosed: [], ...turn })
  return {
    charged,
    runner,
    commit,
    rowIsRead: () =>
      new Promise<void>((resolve) => setImmediate(() => (rows.splice(0).forEach((answer) => answer()), setImmediate(resolve)))),
    standStill: (ms: number) => {
      now += ms
    },
  }
}

describe('a process that stood still', () => {
  it.each([4_000, 30_000])('for %i ms lets out nothing that was under way, when another may have taken over', async (ms) => {
    const { charged, commit, rowIsRead, runner, standStill } = processWithTask()
    commit({ tasksOpened: runner.admit([task], 0) })
    standStill(ms)
    await rowIsRead()
    expect(charged).toEqual(ms < 5_000 ? [1] : [])
  })

  it('starts nothing that was leased before', async () => {
    const { charged, commit, rowIsRead, runner, standStill } = processWithTask()
    const leased = runner.admit([task], 0)
    standStill(30_000)
    commit({ tasksOpened: leased })
    await rowIsRead()
    expect([charged, runner.running]).toEqual([[], 0])
  })

  it('leases its tasks again by a commit, which a fence may refuse', async () => {
    const { charged, commit, rowIsRead, runner, standStill } = processWithTask()
    commit({ tasksOpened: runner.admit([task], 0) })
    standStill(30_000)
    await rowIsRead()
    await runner.refill([0])
    const updates = runner.takeUpdates(30_000, () => true)
    expect(updates).toMatchObject([{ id: 'charge', attempt: 2 }])
    commit({ tasksUpdated: updates })
    await rowIsRead()
    expect(charged).toEqual([2])
  })
})

describe('a standstill', () => {
  it('is none while the process looks at its clock every second', async () => {
    const clock = new SimulatedClock()
    const stood: number[] = []
    const standstill = new Standstill({ clock, isNeeded: () => true, onResumed: (ms) => stood.push(ms) })
    standstill.watch()
    await clock.advance(60_000)
    standstill.check()
    standstill.stop()
    expect(stood).toEqual([])
  })

  it('is none while nothing is under way and nobody looks', async () => {
    const clock = new SimulatedClock()
    const stood: number[] = []
    let isNeeded = true
    const standstill = new Standstill({ clock, isNeeded: () => isNeeded, onResumed: (ms) => stood.push(ms) })
    standstill.watch()
    isNeeded = false
    await clock.advance(60_000)
    standstill.check()
    expect([stood, clock.runNext()]).toEqual([[], false])
  })
})
