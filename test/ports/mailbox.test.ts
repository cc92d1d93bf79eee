import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Message, partitionOf } from '../../src/runtime/message.ts'
import type { Mailbox } from '../../src/runtime/ports.ts'
import { type Adapter, adapters, partitions } from './adapters.ts'

const message = (address: string, id: string, more: Partial<Message> = {}): Message => ({
  id,
  address,
  kind: 'event',
  body: `{"type":"${id}"}`,
  ...more,
})

/** An address of each partition. */
const addresses = Array.from({ length: partitions }, (_, partition) => {
  for (let number = 0; ; number++) {
    if (partitionOf(`a/${number}`, partitions) === partition) {
      return `a/${number}`
    }
  }
})

describe.each(adapters)('the mailbox on $name', ({ open }) => {
  let adapter: Adapter
  let mailbox: Mailbox

  beforeAll(async () => {
    adapter = await open()
    mailbox = adapter.mailbox
    await adapter.store.open({ partitions, tables: [] })
  })
  afterAll(() => adapter.close())

  it('gives back what was appended, in order, from any offset on', async () => {
    const [address] = addresses as [string]
    const sent = [message(address, 'one'), message(address, 'two', { replayOf: 'dead' }), message(address, 'three', { kind: 'create' })]
    const positions = await mailbox.append(sent)
    const first = positions[0]?.offset ?? -1
    const { records: polled } = await mailbox.poll([{ partition: 0, offset: first, lastRecord: null }], 10)
    expect(polled.map(({ appendedAt: _, partition: __, offset: ___, ...rest }) => rest)).toEqual(sent)
    expect(polled.map(({ offset }) => offset)).toEqual([first, first + 1, first + 2])
    expect((await mailbox.poll([{ partition: 0, offset: first + 2, lastRecord: null }], 10)).records.map(({ id }) => id)).toEqual(['three'])
    expect(await mailbox.ends([0])).toEqual([first + 3])
  })

  it('keeps the first position of an id, for each address on its own', async () => {
    const [address, other] = addresses as [string, string]
    const [once] = await mailbox.append([message(address, 'same')])
    const again = await mailbox.append([message(address, 'same'), message(address, 'same'), message(other, 'same')])
    expect(again.slice(0, 2)).toEqual([once, once])
    expect(again[2]?.partition).toBe(1)
    expect(await mailbox.ends([0])).toEqual([(once?.offset ?? 0) + 1])
  })

  it('numbers concurrent appends without gap or repetition', async () => {
    const [, , address] = addresses as [string, string, string]
    const positions = (
      await Promise.all(
        Array.from({ length: 40 }, (_, index) => mailbox.append([message(address, `c${index}`), message(address, `d${index}`)])),
      )
    ).flat()
    const offsets = positions.map(({ offset }) => offset).sort((one, two) => one - two)
    expect(offsets).toEqual(Array.from({ length: 80 }, (_, index) => (offsets[0] ?? 0) + index))
    const { records: polled } = await mailbox.poll([{ partition: 2, offset: offsets[0] ?? 0, lastRecord: null }], 100)
    expect(polled.map(({ offset }) => offset)).toEqual(offsets)
  })

  it('shares a limited poll among partitions with news, and is empty only when all is read', async () => {
    const [first, second] = addresses as [string, string]
    const busy = await mailbox.append(Array.from({ length: 50 }, (_, index) => message(first, `busy${index}`)))
    const [rare] = await mailbox.append([message(second, 'rare')])
    const from = [
      { partition: 0, offset: busy[0]?.offset ?? 0, lastRecord: null },
      { partition: 1, offset: rare?.offset ?? 0, lastRecord: null },
    ]
    const { records: polled } = await mailbox.poll(from, 10)
    expect(polled.length).toBeLessThanOrEqual(10)
    expect(polled.map(({ id }) => id)).toContain('rare')
    const read: string[] = []
    for (let records = polled; records.length > 0; records = (await mailbox.poll(from, 10)).records) {
      for (const record of records) {
        read.push(record.id)
        const place = from.find((low) => low.partition === record.partition)
        if (place !== undefined) {
          place.offset = record.offset + 1
        }
      }
    }
    expect(read).toHaveLength(51)
  })

  it('wakes its subscribers when something was appended', async () => {
    const woken = new Promise<void>((resolve) => {
      const unsubscribe = mailbox.subscribe(() => {
        unsubscribe()
        resolve()
      })
    })
    await mailbox.append([message(addresses[3] as string, 'wake')])
    await woken
  })
})
