import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Message, partitionOf } from '../../src/runtime/message.ts'
import type { Mailbox } from '../../src/runtime/ports.ts'
import { describeWithKafka } from '../support/kafka/describe-with-kafka.ts'
import { polled, polledUntil } from '../support/polled.ts'
import { adapters, partitions } from './adapters.ts'
import { kafkaAdapter, owningAll } from './kafka-adapter.ts'

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

interface MailboxAdapter {
  readonly mailbox: Mailbox
  close(): Promise<void>
}

describe.each(adapters)('the mailbox on $name', ({ open }) => {
  promises({
    knowsIds: true,
    async open() {
      const adapter = await open()
      await adapter.store.open({ partitions, tables: [] })
      return adapter
    },
  })
})

describeWithKafka('the mailbox on Kafka', (kafka) => {
  promises({
    knowsIds: false,
    async open() {
      const adapter = kafkaAdapter(kafka)
      await owningAll(adapter)
      return adapter
    },
  })
})

/** @param knowsIds whether the log itself tells repetitions: a broker does not, there the actor's inbox does */
function promises({ knowsIds, open }: { readonly knowsIds: boolean; open(): Promise<MailboxAdapter> }): void {
  let adapter: MailboxAdapter
  let mailbox: Mailbox

  beforeAll(async () => {
    adapter = await open()
    mailbox = adapter.mailbox
  })
  afterAll(() => adapter.close())

  it('gives back what was appended, in order, from any offset on', async () => {
    const [address] = addresses as [string]
    const body = '{"type":"three","text":"Ingång — naïve 🦉"}'
    const sent = [
      message(address, 'one'),
      message(address, 'two', { replayOf: 'dead', traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' }),
      message(address, 'three', { kind: 'create', body }),
    ]
    const positions = await mailbox.append(sent)
    const first = positions[0]?.offset ?? -1
    const records = await polled(mailbox, { partition: 0, offset: first }, 3)
    expect(records.map(({ appendedAt: _, partition: __, offset: ___, ...rest }) => rest)).toEqual(sent)
    expect(records.map(({ partition, offset }) => ({ partition, offset }))).toEqual(positions)
    expect(records.map(({ offset }) => offset)).toEqual([first, first + 1, first + 2])
    expect((await polled(mailbox, { partition: 0, offset: first + 2 }, 1)).map(({ id }) => id)).toEqual(['three'])
    expect(await mailbox.ends([0])).toEqual([first + 3])
  })

  if (knowsIds) {
    it('keeps the first position of an id, for each address on its own', async () => {
      const [address, other] = addresses as [string, string]
      const [once] = await mailbox.append([message(address, 'same')])
      const again = await mailbox.append([message(address, 'same'), message(address, 'same'), message(other, 'same')])
      expect(again.slice(0, 2)).toEqual([once, once])
      expect(again[2]?.partition).toBe(1)
      expect(await mailbox.ends([0])).toEqual([(once?.offset ?? 0) + 1])
    })
  } else {
    it('gives an id that comes again a position of its own, and tells both records by the same id', async () => {
      const [address] = addresses as [string]
      const [once] = await mailbox.append([message(address, 'same')])
      const offset = once?.offset ?? -1
      expect(await mailbox.append([message(address, 'same'), message(address, 'same')])).toEqual([
        { partition: 0, offset: offset + 1 },
        { partition: 0, offset: offset + 2 },
      ])
      expect((await polled(mailbox, { partition: 0, offset }, 3)).map(({ id }) => id)).toEqual(['same', 'same', 'same'])
    })
  }

  it('answers positions in the order given, whatever partitions they fall to', async () => {
    const before = await mailbox.ends([3, 2, 1, 0])
    const order = [3, 0, 3, 1, 0, 2, 3]
    const positions = await mailbox.append(order.map((partition, index) => message(addresses[partition] as string, `mixed${index}`)))
    expect(positions.map(({ partition }) => partition)).toEqual(order)
    expect(positions.map(({ partition, offset }) => offset - (before[3 - partition] ?? 0))).toEqual([0, 0, 1, 0, 1, 0, 2])
    expect(await mailbox.ends([3, 2, 1, 0])).toEqual(before.map((end, index) => end + [3, 1, 1, 2][index]!))
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
    const records = await polled(mailbox, { partition: 2, offset: offsets[0] ?? 0 }, 80)
    expect(records.map(({ offset }) => offset)).toEqual(offsets)
  })

  it('shares a limited poll among partitions with news, and gives all in the end', async () => {
    const [first, second] = addresses as [string, string]
    const busy = await mailbox.append(Array.from({ length: 50 }, (_, index) => message(first, `busy${index}`)))
    const [rare] = await mailbox.append([message(second, 'rare')])
    const from = [
      { partition: 0, offset: busy[0]?.offset ?? 0, lastRecord: null },
      { partition: 1, offset: rare?.offset ?? 0, lastRecord: null },
    ]
    const both = await polledUntil(
      mailbox,
      () => from,
      10,
      (records) => new Set(records.map(({ partition }) => partition)).size === 2,
    )
    expect(both.length).toBeLessThanOrEqual(10)
    expect(both.map(({ id }) => id)).toContain('rare')
    const read: string[] = []
    while (read.length < 51) {
      for (const record of await polledUntil(
        mailbox,
        () => from,
        10,
        (records) => records.length > 0,
      )) {
        read.push(record.id)
        const place = from.find((low) => low.partition === record.partition)
        if (place !== undefined) {
          place.offset = record.offset + 1
        }
      }
    }
    expect(read.filter((id) => id !== 'rare')).toEqual(Array.from({ length: 50 }, (_, index) => `busy${index}`))
    expect((await mailbox.poll(from, 10)).records).toEqual([])
  })

  it('wakes its subscribers when something was appended, and no more those that left', async () => {
    const [offset] = (await mailbox.ends([3])) as [number]
    let heard = 0
    const unsubscribe = mailbox.subscribe(() => heard++)
    unsubscribe()
    const awaited = polled(mailbox, { partition: 3, offset }, 1)
    await mailbox.append([message(addresses[3] as string, 'wake')])
    expect((await awaited).map(({ id }) => id)).toEqual(['wake'])
    expect(heard).toBe(0)
  })
}
