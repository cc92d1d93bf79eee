import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { Json } from '../../src/runtime/define-actor.ts'
import { createQuire, type Quire, type QuireOptions } from '../../src/quire.ts'
import { createScenario } from '../../src/testing/scenario.ts'
import { freshDatabase } from '../ports/adapters.ts'
import { lamp } from '../support/machines/lamp.ts'
import { order } from '../support/machines/order.ts'
import { player } from '../support/machines/rally.ts'

const folders: string[] = []
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))))

async function freshFolder(): Promise<{ readonly dataDir: string }> {
  const dataDir = await mkdtemp(join(tmpdir(), 'quire-foreign-'))
  folders.push(dataDir)
  return { dataDir }
}

const places: readonly { readonly name: string; place(): Promise<QuireOptions['database']> }[] = [
  { name: 'memory', place: async () => 'memory:' },
  { name: 'PGlite', place: freshFolder },
  { name: 'Postgres', place: freshDatabase },
]

describe.each(places)('any machine on $name', ({ place }) => {
  async function running(more: Partial<QuireOptions> = {}): Promise<Quire> {
    const quire = await createQuire({ database: await place(), partitions: 8, actors: { lamp, order: order(), player }, ...more })
    await quire.start()
    return quire
  }

  it('keeps its delays: a lamp goes off by itself', async () => {
    await using quire = await running()
    await quire.create('lamp/1', { litForMs: 60_000 }, { id: 'create' })
    expect(await quire.ask('lamp/1', { type: 'PRESS' }, { id: 'press' })).toMatchObject({ state: 'on', tags: ['lit'], seq: 2 })
    expect((await quire.inspect('lamp/1')).next.map(({ what }) => what)).toEqual(['xstate.after.litFor.lamp.on'])
    const short = await quire.create('lamp/2', { litForMs: 50 }, { id: 'create-2' })
    await quire.whenProcessed(short)
    const pressed = await quire.send('lamp/2', { type: 'PRESS' }, { id: 'press-2' })
    await quire.whenProcessed(pressed)
    expect(await quire.waitFor('lamp/2', { state: 'off' })).toMatchObject({ seq: 3 })
  })

  it('runs its promises as tasks, and hands outputs on in order, each once acknowledged', async () => {
    const events: unknown[] = []
    await using quire = await running({ onEvent: (event) => void events.push([event.topic, event.key, event.payload]) })
    await quire.create('order/1', { amount: 5 }, { id: 'create' })
    expect(await quire.waitFor('order/1', { tag: 'done' })).toMatchObject({ state: 'shipped', output: { receipt: 'r-5', reason: null } })
    await quire.whenIdle()
    expect(events).toEqual([
      ['orders', 'order/1', { what: 'charged' }],
      ['orders', 'order/1', { what: 'shipped' }],
    ])
  })

  it('sends messages to other actors, parallel states included', async () => {
    await using quire = await running()
    await quire.create('player/a', { partner: 'player/b', most: 7 }, { id: 'create' })
    await quire.create('player/b', { partner: 'player/a', most: 7 }, { id: 'create' })
    await quire.send('player/a', { type: 'BALL', count: 1 } as { type: string }, { id: 'serve' })
    await quire.waitFor('player/a', { tag: 'caught' })
    await quire.whenIdle()
    expect((await quire.journal('player/a')).filter((entry) => entry.kind === 'event')).toHaveLength(4)
    expect((await quire.inspect('player/b')).state).toBe('ball,mood')
  })

  it('counts a message id once, and refuses what it cannot take, naming it', async () => {
    await using quire = await running()
    await quire.create('lamp/1', { litForMs: 60_000 }, { id: 'create' })
    const first = await quire.send('lamp/1', { type: 'PRESS' }, { id: 'same' })
    expect(await quire.send('lamp/1', { type: 'PRESS' }, { id: 'same' })).toEqual(first)
    await quire.whenProcessed(first)
    expect((await quire.inspect('lamp/1')).seq).toBe(2)
    await expect(quire.send('nobody/1', { type: 'X' }, { id: 'x' })).rejects.toThrow(/no actor type is registered for nobody\/1/)
    await expect(quire.send('lamp', { type: 'X' }, { id: 'x' })).rejects.toThrow(/'lamp' is no address/)
    await expect(quire.send('lamp/1', { type: 'X', when: new Date() } as { type: string }, { id: 'x' })).rejects.toThrow(
      /message\.when holds a Date/,
    )
    await expect(quire.ask('lamp/unborn', { type: 'PRESS' }, { id: 'y' })).rejects.toThrow(/no actor was born/)
    await expect(quire.inspect('lamp/unborn')).rejects.toThrow(/no actor was born/)
  })

  it('is watched from the journal, and the watch resumes after a position', async () => {
    await using quire = await running()
    const seen: string[] = []
    const watching = (async () => {
      for await (const transition of quire.watch('lamp/*')) {
        seen.push(`${transition.address} ${transition.state}`)
        if (seen.length === 3) {
          return transition.position
        }
      }
      return undefined
    })()
    await quire.whenIdle()
    await quire.create('lamp/1', { litForMs: 60_000 }, { id: 'create' })
    await quire.ask('lamp/1', { type: 'PRESS' }, { id: 'p1' })
    await quire.ask('lamp/1', { type: 'PRESS' }, { id: 'p2' })
    const position = await watching
    expect(seen).toEqual(['lamp/1 off', 'lamp/1 on', 'lamp/1 off'])
    await quire.ask('lamp/1', { type: 'PRESS' }, { id: 'p3' })
    for await (const transition of quire.watch('lamp/1', { after: position === undefined ? [] : [position] })) {
      expect(transition.messageId).toBe('p3')
      break
    }
  })
})

describe('tasks', () => {
  it('are called again after a failure that may pass, with the same idempotency key, and fail at last', async () => {
    const calls: { readonly key: string; readonly attempt: number }[] = []
    const charge = {
      attempts: 3,
      async run(_: unknown, { idempotencyKey, attempt }: { readonly idempotencyKey: string; readonly attempt: number }): Promise<never> {
        calls.push({ key: idempotencyKey, attempt })
        throw new Error('the bank is closed')
      },
    }
    const scenario = await createScenario({ actors: { order: order({ charge }) } })
    await scenario.runtime().create('order/1', { amount: 1 }, { id: 'create' })
    await scenario.advance(60_000)
    expect(calls.map(({ attempt }) => attempt)).toEqual([1, 2, 3])
    expect(new Set(calls.map(({ key }) => key)).size).toBe(1)
    expect(JSON.parse(scenario.database.actors.get('order/1')?.output ?? '')).toEqual({ receipt: null, reason: 'the bank is closed' })
  })

  it('are aborted when their state is left, and their late outcome is void', async () => {
    let aborted = false
    const charge = {
      run: (_: unknown, { signal }: { readonly signal: AbortSignal }) =>
        new Promise<never>((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            aborted = true
            reject(new Error('aborted'))
          })
        }),
    }
    const scenario = await createScenario({ actors: { order: order({ charge }) } })
    await scenario.runtime().create('order/1', { amount: 1 }, { id: 'create' })
    await scenario.advance(10)
    await scenario.runtime().send('order/1', { type: 'CANCEL' }, { id: 'cancel' })
    await scenario.advance(10)
    expect(aborted).toBe(true)
    expect(scenario.database.actors.get('order/1')).toMatchObject({ state: 'cancelled', runStatus: 'done' })
  })

  it('that never end in ten leases are dead-lettered, and their actor is parked', async () => {
    const charge = { timeoutMs: 1_000_000, run: () => new Promise<never>(() => {}) }
    const scenario = await createScenario({ actors: { order: order({ charge }) } })
    await scenario.runtime().create('order/1', { amount: 1 }, { id: 'create' })
    for (let life = 0; life < 12; life++) {
      await scenario.advance(100)
      await scenario.crash()
    }
    await scenario.advance(100)
    expect([...scenario.database.deadLetters.values()]).toMatchObject([{ cause: 'task-deadly', address: 'order/1' }])
    expect((await scenario.runtime().inspect('order/1')).waitsFor).toMatch(/a person: it is parked/)
  })
})

describe('time', () => {
  it('of thirty days passes in a moment, restarts included, and every delay fires once', async () => {
    const scenario = await createScenario({ actors: { lamp } })
    const month = 30 * 24 * 3_600_000
    await scenario.runtime().create('lamp/1', { litForMs: month }, { id: 'create' })
    await scenario.runtime().send('lamp/1', { type: 'PRESS' }, { id: 'press' })
    await scenario.advance(month - 3_600_000)
    await scenario.restart()
    expect(scenario.database.actors.get('lamp/1')?.state).toBe('on')
    await scenario.advance(3_600_000)
    expect(scenario.database.actors.get('lamp/1')).toMatchObject({ state: 'off', seq: 3 })
  })

  it('costs an idle actor no memory: it leaves the cache and comes back when needed', async () => {
    const scenario = await createScenario({ actors: { lamp }, passivateAfterMs: 1_000 })
    await scenario.runtime().create('lamp/1', { litForMs: 1 }, { id: 'create' })
    await scenario.advance(10_000)
    await scenario.runtime().send('lamp/1', { type: 'PRESS' }, { id: 'press' })
    await scenario.advance(10)
    expect(scenario.database.actors.get('lamp/1')?.seq).toBe(3)
  })
})

describe('dead letters', () => {
  it('are replayed by id as a message of their own; once mended, the actor goes on', async () => {
    const scenario = await createScenario({ actors: { lamp } })
    const runtime = scenario.runtime()
    await runtime.send('lamp/1', { type: 'PRESS' }, { id: 'early' })
    await scenario.advance(10)
    expect([...scenario.database.deadLetters.keys()]).toEqual(['lamp/1#early'])
    await runtime.create('lamp/1', { litForMs: 60_000 }, { id: 'create' })
    await runtime.replay('lamp/1#early')
    await scenario.advance(10)
    expect(scenario.database.actors.get('lamp/1')).toMatchObject({ state: 'on', seq: 2 })
    await expect(runtime.replay('lamp/1#never')).rejects.toThrow(/there is no dead letter/)
  })
})

describe('a snapshot of a newer version', () => {
  it('stands still, its messages are held in order, and go on when the version is there', async () => {
    const newer = { ...lamp, version: 2, migrations: { 1: (persisted: Json) => persisted } }
    const first = await createScenario({ actors: { lamp: newer } })
    await first.runtime().create('lamp/1', { litForMs: 60_000 }, { id: 'create' })
    await first.advance(10)
    await first.stop()
    const { createMemoryMailbox } = await import('../../src/testing/memory-mailbox.ts')
    const older = await createScenario({ actors: { lamp }, database: first.database, clock: first.clock })
    for (const id of ['p1', 'p2', 'p3']) {
      await createMemoryMailbox(first.database, first.clock).append([{ id, address: 'lamp/1', kind: 'event', body: '{"type":"PRESS"}' }])
    }
    await older.advance(50)
    expect((await older.runtime().inspect('lamp/1')).waitsFor).toMatch(/written by version 2.*deploy the newer version/)
    expect([...first.database.held.values()].map(({ messageId }) => messageId)).toEqual(['p1', 'p2', 'p3'])
    await older.stop()
    const again = await createScenario({ actors: { lamp: newer }, database: first.database, clock: first.clock })
    await again.advance(50)
    expect(first.database.actors.get('lamp/1')).toMatchObject({ state: 'on', seq: 4 })
    expect(first.database.held.size).toBe(0)
  })
})
