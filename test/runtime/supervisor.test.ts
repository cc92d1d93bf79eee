import { describe, expect, it } from 'vitest'
import { QuireError } from '../../src/runtime/errors.ts'
import { PortFailure } from '../../src/runtime/port-failure.ts'
import type { Broker, Ownership, OwnershipListener, Store } from '../../src/runtime/ports.ts'
import { createRuntime } from '../../src/runtime/runtime.ts'
import type { Runtime } from '../../src/runtime/runtime-api.ts'
import { silentLogger } from '../../src/runtime/system.ts'
import { localPublisher } from '../../src/runtime/local-publisher.ts'
import { createMemoryDatabase } from '../../src/testing/memory-database.ts'
import { createMemoryMailbox } from '../../src/testing/memory-mailbox.ts'
import { createMemoryStore } from '../../src/testing/memory-store.ts'
import { seededIds, seededRandom } from '../../src/testing/seeded.ts'
import { SimulatedClock } from '../../src/testing/simulated-clock.ts'
import { lamp } from '../support/machines/lamp.ts'

/** One process whose servers answer as they are told to, on virtual time. */
class Process {
  readonly clock = new SimulatedClock()
  readonly runtime: Runtime
  database: Error | undefined
  broker: Error | undefined
  listener: OwnershipListener | undefined
  lost = (_error: unknown): void => {}

  constructor(options: { readonly broker: boolean; readonly monitorIntervalMs?: number }) {
    const db = createMemoryDatabase()
    const ownership: Ownership = { start: (listener) => void (this.listener = listener), stop: async () => {} }
    const answer = async (failure: Error | undefined): Promise<void> => (failure === undefined ? undefined : Promise.reject(failure))
    const broker: Broker = {
      open: () => answer(this.broker),
      ping: () => answer(this.broker),
      onLost: (call) => void (this.lost = call),
      close: async () => {},
    }
    this.runtime = createRuntime(
      { lamp },
      {
        store: this.#failing(createMemoryStore(db, this.clock)),
        mailbox: createMemoryMailbox(db, this.clock),
        ownership,
        publisher: localPublisher(undefined),
        clock: this.clock,
        ids: seededIds('p'),
        random: seededRandom('p'),
        logger: silentLogger,
        ...(options.broker ? { broker } : {}),
      },
      { partitions: 2, monitorIntervalMs: options.monitorIntervalMs ?? 0 },
    )
  }

  #failing(store: Store): Store {
    const entries = Object.entries(store).map(([name, method]) => [
      name,
      name === 'subscribe' || name === 'close'
        ? method
        : (...args: never[]) =>
            this.database === undefined ? (method as (...given: never[]) => Promise<unknown>)(...args) : Promise.reject(this.database),
    ])
    return Object.fromEntries(entries) as Store
  }

  get status() {
    return this.runtime.status.getSnapshot().context
  }

  async after(ms: number): Promise<Process['status']> {
    await this.clock.advance(ms)
    return this.status
  }
}

const refused = new PortFailure('database', 'transient', 'refused')
const password = new PortFailure('database', 'blocked', 'authentication')

describe('the supervisor', () => {
  it('starts while both servers are away, says why, and runs when they come, in either order', async () => {
    for (const first of ['database', 'broker'] as const) {
      const process = new Process({ broker: true })
      process.database = refused
      process.broker = new PortFailure('broker', 'transient', 'timeout')
      await process.runtime.start()
      expect(await process.after(100)).toMatchObject({
        phase: 'waiting',
        database: { state: 'waiting', reason: 'refused' },
        broker: { state: 'waiting', reason: 'timeout' },
      })
      process[first] = undefined
      expect(await process.after(60_000)).toMatchObject({ phase: 'waiting', [first]: { state: 'up', reason: null, failures: 0 } })
      process.database = undefined
      process.broker = undefined
      await process.after(60_000)
      process.listener?.assigned([0, 1])
      expect(await process.after(1_000)).toMatchObject({ phase: 'running', partitions: [0, 1], broker: { state: 'up' } })
      await process.runtime.stop({ drainMs: 0 })
      expect(process.status).toMatchObject({ phase: 'stopped', database: { state: 'closed' }, broker: { state: 'closed' } })
    }
  })

  it('never gives up: after a thousand failures the next answer is taken within the longest back-off', async () => {
    const process = new Process({ broker: false })
    process.database = refused
    await process.runtime.start()
    expect((await process.after(4 * 3_600_000)).database.failures).toBeGreaterThan(900)
    process.database = undefined
    expect(await process.after(15_001)).toMatchObject({ database: { state: 'up' }, broker: null })
    await process.runtime.stop({ drainMs: 0 })
  })

  it('says plainly what a person must mend, tries it slowly, and goes on when it is mended', async () => {
    const process = new Process({ broker: true })
    process.database = password
    process.broker = new QuireError('partitions-mismatch', 'the topic has 3 partitions, configure 3')
    await process.runtime.start()
    const blocked = await process.after(20_000)
    expect(blocked).toMatchObject({
      database: { state: 'blocked', reason: 'authentication', failures: 1 },
      broker: { state: 'blocked', reason: 'the topic has 3 partitions, configure 3', failures: 1 },
    })
    process.database = undefined
    process.broker = undefined
    expect(await process.after(31_000)).toMatchObject({ database: { state: 'up' }, broker: { state: 'up' } })
    await process.runtime.stop({ drainMs: 0 })
  })

  it('waits for a person when it is refused while it runs, and goes on when that is mended', async () => {
    const process = new Process({ broker: true })
    await process.runtime.start()
    await process.after(100)
    process.listener?.assigned([0, 1])
    await process.after(100)
    process.database = new PortFailure('database', 'blocked', 'missing privilege')
    process.broker = new PortFailure('broker', 'blocked', 'not authorised')
    expect(await process.after(6_000)).toMatchObject({
      phase: 'waiting',
      database: { state: 'blocked', reason: 'missing privilege' },
      broker: { state: 'blocked', reason: 'not authorised' },
      alarm: null,
    })
    process.database = undefined
    process.broker = undefined
    expect(await process.after(60_000)).toMatchObject({ phase: 'running', partitions: [0, 1], broker: { state: 'up' } })
    await process.runtime.stop({ drainMs: 0 })
  })

  it('keeps its partitions without the broker, and notices the loss of an idle server by itself', async () => {
    const process = new Process({ broker: true })
    await process.runtime.start()
    await process.after(100)
    process.listener?.assigned([0, 1])
    await process.after(100)
    process.broker = new PortFailure('broker', 'transient', 'refused')
    expect(await process.after(6_000)).toMatchObject({
      phase: 'running',
      partitions: [0, 1],
      broker: { state: 'waiting', reason: 'refused' },
    })
    process.broker = undefined
    expect(await process.after(60_000)).toMatchObject({ broker: { state: 'up' } })
    process.lost(new PortFailure('broker', 'transient', 'connection lost'))
    expect(process.status.broker).toMatchObject({ state: 'waiting', reason: 'connection lost' })
    process.database = refused
    expect(await process.after(6_000)).toMatchObject({ phase: 'waiting', database: { state: 'waiting' }, partitions: [0, 1] })
    process.database = undefined
    expect(await process.after(60_000)).toMatchObject({ phase: 'running' })
    await process.runtime.stop({ drainMs: 0 })
  })

  it('tells standing by from owning, and gives up what was revoked; what is detached stays until a fence', async () => {
    const process = new Process({ broker: false })
    await process.runtime.start()
    await process.after(100)
    process.listener?.standby('another process')
    expect(process.status).toMatchObject({ phase: 'standby', holder: 'another process' })
    process.listener?.assigned([0, 1])
    expect(await process.after(100)).toMatchObject({ phase: 'running', partitions: [0, 1], holder: null })
    process.listener?.detached()
    expect(await process.after(10_000)).toMatchObject({ partitions: [0, 1] })
    process.listener?.revoked([0])
    expect(await process.after(100)).toMatchObject({ phase: 'running', partitions: [1] })
    process.listener?.revoked([1])
    expect(await process.after(100)).toMatchObject({ phase: 'waiting', partitions: [] })
    await process.runtime.stop({ drainMs: 0 })
  })

  it('makes its rounds at the interval, skips one while the database is away, and none at an interval of 0', async () => {
    const process = new Process({ broker: false, monitorIntervalMs: 10_000 })
    await process.runtime.start()
    await process.after(100)
    process.listener?.assigned([0, 1])
    await process.runtime.create('lamp/1', { litForMs: 1 }, { id: 'c' })
    await process.after(35_000)
    process.database = refused
    await process.after(15_000)
    process.database = undefined
    expect(await process.after(60_000)).toMatchObject({ phase: 'running', monitor: { recovered: 0 } })
    await process.runtime.stop({ drainMs: 0 })
  })
})
