import { describe, expect, it } from 'vitest'
import { twoReaders } from '../../examples/custom-judge/two-readers.ts'
import { orderActor } from '../../examples/foreign-machine/order.ts'
import { batchActor, batchAddress, batchInput, createQuire, type OutboundEvent } from '../../src/index.ts'
import { createScenario } from '../../src/testing/index.ts'
import { freshDatabase } from '../ports/adapters.ts'

describe('the example of a foreign machine', () => {
  it('is paid, shipped under one key, and told of, on a real database', async () => {
    const booked: string[] = []
    const events: OutboundEvent[] = []
    const carrier = {
      async book(customer: string, key: string) {
        booked.push(key)
        return `p-${customer}`
      },
    }
    await using quire = await createQuire({
      database: await freshDatabase(),
      partitions: 4,
      actors: { order: orderActor(carrier) },
      onEvent: (event) => void events.push(event),
    })
    await quire.start()
    await quire.create('order/17', { customer: 'ada' }, { id: 'order-17' })
    await quire.send('order/17', { type: 'PAID' }, { id: 'payment-4711' })
    expect(await quire.waitFor('order/17', { tag: 'done' })).toMatchObject({ state: 'shipped' })
    await quire.whenIdle()
    expect(booked).toEqual(['order/17#ship#2'])
    expect(events).toMatchObject([{ topic: 'shop.news', key: 'ada', payload: { customer: 'ada', news: 'parcel p-ada' } }])
  })

  it('goes back to the shelf after two days, a restart in between', async () => {
    const scenario = await createScenario({ actors: { order: orderActor({ book: async () => 'never' }) } })
    await scenario.runtime().create('order/1', { customer: 'bob' }, { id: 'order-1' })
    await scenario.advance(24 * 3_600_000)
    await scenario.restart()
    await scenario.advance(24 * 3_600_000)
    expect(scenario.published).toMatchObject([{ topic: 'shop.news', payload: { customer: 'bob', news: 'back on the shelf' } }])
    await scenario.runtime().stop()
  })
})

describe('the example of a custom judge', () => {
  const essays = ['a', 'bb', 'ccc', 'dddd'].map((id) => ({ id, storageId: id }))

  async function ranked(judge: ReturnType<typeof twoReaders>) {
    await using quire = await createQuire({
      database: await freshDatabase(),
      partitions: 4,
      actors: { batch: batchActor({ judge, content: { fetch: async (storageId) => 'word '.repeat(storageId.length) } }) },
    })
    await quire.start()
    await quire.create(batchAddress('42'), batchInput({ batchId: '42', userId: 'me', essays }), { id: 'request-42' })
    const ended = await quire.waitFor(batchAddress('42'), { tag: 'done' })
    const result = (await quire.outputs(batchAddress('42'))).find(({ topic }) => topic.endsWith('result.published.v1'))
    return { ended, result }
  }

  it('ranks by length when its reader prefers the longer text', async () => {
    let asked = 0
    const { ended, result } = await ranked(
      twoReaders(async ({ a, b }) => {
        asked += 1
        return { better: a.length > b.length ? 'a' : 'b', sure: 3 }
      }),
    )
    expect(ended).toMatchObject({ state: 'COMPLETED', progress: { status: 'COMPLETE_STABLE' } })
    expect(asked).toBe(12)
    expect(JSON.stringify(result?.payload)).toMatch(/"essay_id":"dddd"/)
  })
})
