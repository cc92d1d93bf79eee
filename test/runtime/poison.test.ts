import { assign, setup } from 'xstate'
import { expect, it } from 'vitest'
import { defineActor } from '../../src/runtime/define-actor.ts'
import { localPublisher } from '../../src/runtime/local-publisher.ts'
import { partitionOf } from '../../src/runtime/message.ts'
import { PortFailure } from '../../src/runtime/port-failure.ts'
import type { Publisher, Store } from '../../src/runtime/ports.ts'
import { createRuntime } from '../../src/runtime/runtime.ts'
import type { Runtime } from '../../src/runtime/runtime-api.ts'
import { silentLogger } from '../../src/runtime/system.ts'
import { createMemoryDatabase, type MemoryDatabase } from '../../src/testing/memory-database.ts'
import { createMemoryMailbox } from '../../src/testing/memory-mailbox.ts'
import { createMemoryOwnership } from '../../src/testing/memory-ownership.ts'
import { createMemoryStore } from '../../src/testing/memory-store.ts'
import { seededIds, seededRandom } from '../../src/testing/seeded.ts'
import { SimulatedClock } from '../../src/testing/simulated-clock.ts'

/** Counts what it takes; throws on what it cannot take; says every count to the world. */
const counterMachine = setup({
  types: {
    context: {} as { count: number; broken: boolean },
    events: {} as { type: 'ADD'; by: unknown },
    input: {} as { broken?: boolean },
  },
  actions: {
    add: assign(({ context, event }) => {
      if (typeof event.by !== 'number' || context.broken) {
        throw new Error(`cannot add ${JSON.stringify(event.by)}`)
      }
      return { count: context.count + event.by }
    }),
    say: () => {},
  },
}).createMachine({
  id: 'counter',
  context: ({ input }) => ({ count: 0, broken: input.broken ?? false }),
  initial: 'counting',
  states: { counting: { on: { ADD: { actions: [{ type: 'add' }, { type: 'say' }] } } } },
})

const counter = defineActor({
  machine: counterMachine,
  version: 1,
  effects: { say: (_, { address, context }) => ({ kind: 'publish', topic: 'counts', key: address, payload: context as never }) },
})

/** Processes in a row on one database, on virtual time. */
class World {
  readonly clock = new SimulatedClock()
  readonly database: MemoryDatabase = createMemoryDatabase()
  readonly published: string[] = []
  /** Lines of the log, from warnings up. */
  readonly log: object[] = []
  #lives = 0

  #note(level: string) {
    return (fields: object, message: string): void => void this.log.push({ level, message, ...fields })
  }

  /** A process; `store` and `publisher` may be given faults. */
  async boot(faults: { store?: (store: Store) => Store; publisher?: Publisher } = {}): Promise<Runtime> {
    const store = createMemoryStore(this.database, this.clock)
    const name = `life-${++this.#lives}`
    const ports = {
      store: faults.store?.(store) ?? store,
      mailbox: createMemoryMailbox(this.database, this.clock),
      ownership: createMemoryOwnership(this.database),
      publisher: faults.publisher ?? localPublisher((event) => void this.published.push(event.id)),
      clock: this.clock,
      ids: seededIds(name),
      random: seededRandom(name),
      logger: { ...silentLogger, warn: this.#note('warn'), error: this.#note('error') },
    }
    const runtime = createRuntime({ counter }, ports, { partitions: 1, probeMs: 0, monitorIntervalMs: 0 })
    await runtime.start()
    await this.clock.advance(10)
    return runtime
  }

  /** The process ends without a word: its lock falls, nothing it does counts any more. */
  kill(): void {
    this.database.owners.length = 0
  }

  countOf(address: string): number | undefined {
    const row = this.database.actors.get(address)
    return row === undefined ? undefined : (JSON.parse(row.snapshot) as { context: { count: number } }).context.count
  }

  get letters() {
    return [...this.database.deadLetters.values()].map(({ messageId, kind, cause }) => `${kind} ${messageId} ${cause}`)
  }
}

const add = (by: unknown) => ({ type: 'ADD', by }) as { readonly type: string }

it('a message that ends the process that steps it is found by stepping alone, becomes a dead letter, and the rest goes on', async () => {
  const world = new World()
  /** Stands for a step that kills: the process hears nothing any more, and what it was about to write is not written. */
  const deadly = (store: Store): Store => ({
    ...store,
    commit: (turn) => (turn.journal.some((row) => row.messageId === 'deadly') ? new Promise(() => {}) : store.commit(turn)),
  })
  const sender = await world.boot({ store: deadly })
  await sender.create('counter/1', {}, { id: 'birth' })
  await sender.send('counter/1', add(1), { id: 'good' })
  await sender.send('counter/1', add(10), { id: 'before' })
  await world.clock.advance(100)
  await sender.send('counter/1', add(100), { id: 'deadly' })
  await sender.send('counter/1', add(1_000), { id: 'after' })
  for (let life = 0; life < 5 && world.letters.length === 0; life++) {
    await world.clock.advance(100)
    world.kill()
    await world.boot({ store: deadly })
  }
  await world.clock.advance(1_000)
  expect(world.letters).toEqual(['event deadly delivery-deadly'])
  expect(world.countOf('counter/1')).toBe(1_011)
  expect(world.database.partitions.get(0)).toMatchObject({ attempts: 0, started: null })
})

it('a message is not condemned for claims under which nothing was begun: one death may have any cause', async () => {
  const world = new World()
  for (let life = 0; life < 5; life++) {
    await world.boot()
    world.kill()
  }
  const stillborn = await world.boot({ store: (store) => ({ ...store, commit: () => new Promise(() => {}) }) })
  await stillborn.send('counter/1', add(1), { id: 'early' }).catch(() => undefined)
  await stillborn.create('counter/1', {}, { id: 'birth' })
  await world.clock.advance(1_000)
  world.kill()
  await world.boot()
  await world.clock.advance(1_000)
  expect(world.letters).toEqual(['event early unknown-address'])
  expect(world.countOf('counter/1')).toBe(0)
})

it('messages that all throw, of many actors, stop their partition before the log is emptied into the dead letters', async () => {
  const world = new World()
  const runtime = await world.boot()
  for (let actor = 0; actor < 8; actor++) {
    await runtime.create(`counter/${actor}`, { broken: true }, { id: 'birth' })
  }
  for (let message = 0; message < 100; message++) {
    await runtime.send(`counter/${message % 8}`, add(1), { id: `m${message}` })
  }
  await world.clock.advance(1_000)
  expect(world.letters).toHaveLength(21)
  const { halted } = runtime.status.getSnapshot().context
  expect(halted).toMatchObject([
    { partition: 0, code: 'many-failures', message: expect.stringMatching(/deploy the right version/) as string },
  ])
  expect(world.database.partitions.get(0)?.halted).toBe(halted[0]?.message)
  const unread = (world.database.mailbox.get(0) ?? []).filter(({ offset }) => offset >= (world.database.partitions.get(0)?.nextOffset ?? 0))
  expect(unread).toHaveLength(79)
  await world.clock.advance(301_000)
  expect(world.letters).toHaveLength(22)
})

it('the same number of bad messages for few actors, or between good ones, is dead-lettered one by one', async () => {
  const world = new World()
  const runtime = await world.boot()
  await runtime.create('counter/good', {}, { id: 'birth' })
  await runtime.create('counter/bad', { broken: true }, { id: 'birth' })
  for (let message = 0; message < 60; message++) {
    await runtime.send('counter/bad', add(1), { id: `m${message}` })
  }
  await runtime.send('counter/good', add(1), { id: 'good' })
  await world.clock.advance(1_000)
  expect(world.letters).toHaveLength(60)
  expect(world.log).toHaveLength(60)
  expect(world.log[0]).toMatchObject({ level: 'warn', address: 'counter/bad', messageId: 'm0', cause: 'step-failed' })
  expect(Object.keys(world.log[0] ?? {})).not.toContain('body')
  expect(world.countOf('counter/good')).toBe(1)
  expect(runtime.status.getSnapshot().context.halted).toEqual([])
})

it('a commit that the database refuses for good is halved until the culprit is alone; its neighbours are committed', async () => {
  const world = new World()
  const refusing = (store: Store): Store => ({
    ...store,
    commit: (turn) =>
      turn.journal.some((row) => row.messageId === 'm7')
        ? Promise.reject(new PortFailure('database', 'permanent', 'a value the database refuses'))
        : store.commit(turn),
  })
  const runtime = await world.boot({ store: refusing })
  await runtime.create('counter/1', {}, { id: 'birth' })
  await Promise.all(Array.from({ length: 16 }, (_, index) => runtime.send('counter/1', add(1), { id: `m${index}` })))
  await world.clock.advance(1_000)
  expect(world.letters).toEqual(['event m7 commit-refused'])
  expect(world.countOf('counter/1')).toBe(15)
})

it('an output the outside refuses for good is a dead letter, the later ones go out, and a replay offers it again', async () => {
  const world = new World()
  let refuses = true
  const publisher: Publisher = {
    publish: async (rows) => {
      const refused = rows.filter((row) => refuses && row.payload.includes('"count":1,'))
      world.published.push(...rows.filter((row) => !refused.includes(row)).map((row) => row.payload))
      return {
        durable: rows.filter((row) => !refused.includes(row)).map((row) => row.id),
        refused: refused.map(({ id }) => ({ id, cause: 'message-too-large', message: 'larger than the topic takes' })),
      }
    },
  }
  const runtime = await world.boot({ publisher })
  await runtime.create('counter/1', {}, { id: 'birth' })
  for (const message of ['a', 'b', 'c']) {
    await runtime.send('counter/1', add(1), { id: message })
  }
  await world.clock.advance(10_000)
  expect(world.letters).toEqual([expect.stringMatching(/^output counter\/1#.+ message-too-large$/)])
  expect(world.published).toHaveLength(2)
  expect(runtime.status.getSnapshot().context.counters.deadLetters).toBe(1)
  expect(world.log).toMatchObject([{ level: 'error', address: 'counter/1', kind: 'output', cause: 'message-too-large' }])
  refuses = false
  const [letter] = world.database.deadLetters.keys()
  expect(await runtime.replay(letter as string)).toBeNull()
  await world.clock.advance(10_000)
  expect(world.published.at(-1)).toContain('"count":1,')
})

it('a message for a hash reaches its actor; one for a hash nobody has is counted, and nothing of it is kept: it may be for another service', async () => {
  const world = new World()
  const runtime = await world.boot()
  await runtime.create('counter/1', {}, { id: 'birth' })
  await world.clock.advance(100)
  const mailbox = createMemoryMailbox(world.database, world.clock)
  const hash = world.database.actors.get('counter/1')?.addressHash ?? ''
  const message = { kind: 'event' as const, body: JSON.stringify(add(5)) }
  await mailbox.append([
    { ...message, id: 'known', address: `counter/#${hash}` },
    { ...message, id: 'unknown', address: 'counter/#00000000000000' },
  ])
  await world.clock.advance(1_000)
  expect(world.countOf('counter/1')).toBe(5)
  expect(world.letters).toEqual([])
  expect(runtime.status.getSnapshot().context.counters.ignored).toBe(1)
  expect(partitionOf(`counter/#${hash}`, 64)).toBe(partitionOf('counter/1', 64))
  await expect(runtime.send(`counter/#${hash}x`, add(1), { id: 'x' })).rejects.toThrow(/is no address/)
})
