import { describe, expect, it } from 'vitest'
import { readFence } from '../../src/runtime/fence-answer.ts'
import { localPublisher } from '../../src/runtime/local-publisher.ts'
import { partitionOf } from '../../src/runtime/message.ts'
import { PortFailure } from '../../src/runtime/port-failure.ts'
import type { Ownership, Store } from '../../src/runtime/ports.ts'
import { createRuntime } from '../../src/runtime/runtime.ts'
import { silentLogger } from '../../src/runtime/system.ts'
import { createMemoryDatabase } from '../../src/testing/memory-database.ts'
import { createMemoryMailbox } from '../../src/testing/memory-mailbox.ts'
import { createMemoryStore } from '../../src/testing/memory-store.ts'
import { seededIds, seededRandom } from '../../src/testing/seeded.ts'
import { SimulatedClock } from '../../src/testing/simulated-clock.ts'
import { lamp } from '../support/machines/lamp.ts'

const advance = (partition: number, toEntry = 4) => ({
  partition,
  epoch: 3,
  fromOffset: 7,
  toOffset: 9,
  fromEntry: 2,
  toEntry,
  lastRecord: null,
})
const stands = (partition: number, epoch: number, nextOffset: number, nextEntry: number) => ({ partition, epoch, nextOffset, nextEntry })

describe('a turn that the fence refused', () => {
  it('was made before when a partition stands at its target: for those too that went to another since', () => {
    expect(readFence([advance(0)], [stands(0, 3, 9, 4)])).toEqual({ lost: [], isMade: true })
    expect(readFence([advance(0), advance(1)], [stands(0, 3, 9, 4), stands(1, 4, 9, 4)])).toEqual({ lost: [1], isMade: true })
  })

  it('is void when another owns a partition and the others stand where they were', () => {
    expect(readFence([advance(0), advance(1)], [stands(0, 3, 7, 2), stands(1, 4, 7, 2)])).toEqual({ lost: [1], isMade: false })
    expect(readFence([advance(0)], [])).toEqual({ lost: [0], isMade: false })
  })

  it.each([
    ['another position stands under the own epoch', [advance(0)], [stands(0, 3, 8, 3)]],
    ['one was moved and another was not', [advance(0), advance(1)], [stands(0, 3, 9, 4), stands(1, 3, 7, 2)]],
    ['all stand where they were', [advance(0)], [stands(0, 3, 7, 2)]],
  ])('is a broken fence when %s', (_, advances, stored) => {
    expect(() => readFence(advances, stored)).toThrow(expect.objectContaining({ code: 'fence-broken' }))
  })
})

const partitions = 2
const [mine = '', other = ''] = [0, 1].map((wanted) =>
  Array.from({ length: 50 }, (_, index) => `lamp/${index}`).find((address) => partitionOf(address, partitions) === wanted),
)

/** The first commit of both partitions is made, but its answer is lost; before it is repeated, another owner takes the second. */
function overtaken(store: Store): Store {
  let isFirst = true
  return {
    ...store,
    async commit(turn) {
      const outcome = await store.commit(turn)
      if (isFirst && turn.partitions.length === partitions) {
        isFirst = false
        await store.claim([1], 'another')
        throw new PortFailure('database', 'transient', 'the answer is lost')
      }
      return outcome
    },
  }
}

it('a commit whose answer was lost is gone on from, though one of its partitions has another owner by then', async () => {
  const clock = new SimulatedClock()
  const database = createMemoryDatabase()
  const ownership: Ownership = { start: (listener) => listener.assigned([0, 1]), stop: async () => {} }
  const runtime = createRuntime(
    { lamp },
    {
      store: overtaken(createMemoryStore(database, clock)),
      mailbox: createMemoryMailbox(database, clock),
      ownership,
      publisher: localPublisher(undefined),
      clock,
      ids: seededIds('f'),
      random: seededRandom('f'),
      logger: silentLogger,
    },
    { partitions, monitorIntervalMs: 0 },
  )
  await runtime.start()
  await clock.advance(1_000)
  const mailbox = createMemoryMailbox(database, clock)
  const create = (address: string) => ({ id: 'c', address, kind: 'create' as const, body: '{"litForMs":1000000}' })
  await mailbox.append([create(mine), create(other)])
  await clock.advance(10_000)
  for (const address of [mine, other]) {
    const asked = runtime.ask(address, { type: 'PRESS' }, { id: 'press' })
    await clock.advance(1_000)
    expect(await asked).toMatchObject({ state: 'on' })
    expect((await runtime.journal(address)).map(({ kind }) => kind)).toEqual(['create', 'event'])
  }
  expect(runtime.status.getSnapshot().context).toMatchObject({ counters: { fenced: 1, duplicates: 0 } })
  const stopped = runtime.stop({ drainMs: 0 })
  await clock.advance(1_000)
  await stopped
})
