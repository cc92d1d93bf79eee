import { expect, it } from 'vitest'
import { createQuire, type Quire } from '../../src/quire.ts'
import { freshDatabase } from '../ports/adapters.ts'
import { describeWithKafka } from '../support/kafka/describe-with-kafka.ts'
import { lamp } from '../support/machines/lamp.ts'
import { player } from '../support/machines/rally.ts'

describeWithKafka('two processes on the same topics and database', (kafka) => {
  const partitions = 8

  const running = async (database: string, name: string): Promise<Quire> => {
    const options = { brokers: kafka.brokers, topicPrefix: `${kafka.topicPrefix}${name}.`, groupId: `${kafka.groupPrefix}${name}` }
    const quire = await createQuire({ database, kafka: options, partitions, actors: { lamp, player } })
    await quire.start()
    return quire
  }

  /** Resolves when together they own every partition, each one once. */
  const shared = async (...quires: Quire[]): Promise<void> => {
    const isShared = (): boolean => {
      const owned = quires.map((quire) => quire.status.getSnapshot().context.partitions.length)
      return owned.every((count) => count > 0) && owned.reduce((sum, count) => sum + count) === partitions
    }
    await new Promise<void>((resolve) => {
      const subscriptions = quires.map((quire) => quire.status.subscribe(() => isShared() && done()))
      const done = (): void => {
        for (const subscription of subscriptions) {
          subscription.unsubscribe()
        }
        resolve()
      }
      if (isShared()) {
        done()
      }
    })
  }

  it('share the partitions out; what one is asked, the other may do; the one that stops leaves its work to the other', async () => {
    const database = await freshDatabase()
    const first = await running(database, 'shared')
    const second = await running(database, 'shared')
    await shared(first, second)
    const lamps = Array.from({ length: 20 }, (_, index) => `lamp/${index}`)
    await Promise.all(lamps.map((address) => first.create(address, { litForMs: 600_000 }, { id: 'create', timeoutMs: 30_000 })))
    const states = await Promise.all(lamps.map((address) => second.ask(address, { type: 'PRESS' }, { id: 'press', timeoutMs: 30_000 })))
    expect(states.map(({ state, seq }) => `${state} ${seq}`)).toEqual(lamps.map(() => 'on 2'))
    await second.stop()
    await shared(first)
    const again = await Promise.all(lamps.map((address) => first.ask(address, { type: 'PRESS' }, { id: 'again', timeoutMs: 30_000 })))
    expect(again.map(({ state, seq }) => `${state} ${seq}`)).toEqual(lamps.map(() => 'off 3'))
    expect(await first.ask('lamp/0', { type: 'PRESS' }, { id: 'again', timeoutMs: 30_000 })).toMatchObject({ seq: 3 })
    await first.stop()
  })

  it('fire a delay once, and carry messages from actor to actor', async () => {
    const quire = await running(await freshDatabase(), 'alone')
    await quire.create('lamp/short', { litForMs: 200 }, { id: 'create', timeoutMs: 30_000 })
    await quire.send('lamp/short', { type: 'PRESS' }, { id: 'press', timeoutMs: 30_000 })
    expect(await quire.waitFor('lamp/short', { state: 'off' }, { timeoutMs: 30_000 })).toMatchObject({ state: 'off' })
    const ball = { type: 'BALL', count: 1 }
    await quire.create('player/a', { partner: 'player/b', most: 6 }, { id: 'create', timeoutMs: 30_000 })
    await quire.create('player/b', { partner: 'player/a', most: 6 }, { id: 'create', timeoutMs: 30_000 })
    await quire.send('player/a', ball, { id: 'serve', timeoutMs: 30_000 })
    await quire.whenIdle({ timeoutMs: 30_000 })
    expect((await quire.journal('player/b')).filter((entry) => entry.ignored === null).length).toBeGreaterThan(1)
    await quire.stop()
  })
})
