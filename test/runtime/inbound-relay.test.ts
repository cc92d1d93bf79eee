import { expect, it } from 'vitest'
import type { ActorDefinition } from '../../src/runtime/define-actor.ts'
import { startInbound } from '../../src/runtime/inbound-relay.ts'
import type { Message } from '../../src/runtime/message.ts'
import type { InboundRecord } from '../../src/runtime/ports.ts'
import { createRegistry } from '../../src/runtime/registry.ts'
import { silentLogger } from '../../src/runtime/system.ts'
import { noTracing } from '../../src/runtime/tracing.ts'
import { SimulatedClock } from '../../src/testing/simulated-clock.ts'
import { order } from '../support/machines/order.ts'

type Admit = NonNullable<ActorDefinition['admit']>

/** Orders from a topic, which `admit` looks at first. */
function relay(admit: Admit, isUp: () => boolean) {
  const clock = new SimulatedClock()
  const appended: Message[] = []
  let take = (_: readonly InboundRecord[]): Promise<void> => Promise.resolve()
  const decode = ({ offset, text }: { readonly offset: number; readonly text: string }) =>
    ({ kind: 'message', to: { address: `order/${text}` }, id: `o${offset}`, messageKind: 'create', body: { amount: 1 } }) as const
  startInbound({
    inbound: { start: (_, call) => void (take = call), progress: async () => [], stop: async () => {} },
    mailbox: { append: async (messages) => (appended.push(...messages), messages.map((_, offset) => ({ partition: 0, offset }))) },
    connection: { use: (call) => call() },
    registry: createRegistry({ order: { ...order(), inbound: { orders: decode }, admit } }),
    rows: { one: async () => undefined, list: async () => [] },
    logger: silentLogger,
    tracing: noTracing,
    maxMessageBytes: 10_000,
    clock,
    isUp,
    count: () => {},
  })
  const record: InboundRecord = { topic: 'orders', partition: 0, offset: 7, timestamp: 1, value: Buffer.from('1') }
  return { appended, clock, take: () => take([record]) }
}

it('asks before it takes a message in, and takes a refusal instead', async () => {
  const { appended, take } = relay(
    async () => ({ kind: 'refused', address: 'order/1', id: 'no', cause: 'closed', message: 'we are closed', outputs: [] }),
    () => true,
  )
  await take()
  expect(appended).toMatchObject([{ address: 'order/1', kind: 'refused', id: 'no' }])
})

it('asks nobody while the database is away: its topic goes on', async () => {
  let asked = 0
  const { appended, take } = relay(
    async (message) => ((asked += 1), message),
    () => false,
  )
  await take()
  expect(asked).toBe(0)
  expect(appended).toMatchObject([{ address: 'order/1', kind: 'create' }])
})

it('waits two seconds at most for an answer that an outage keeps back', async () => {
  const { appended, clock, take } = relay(
    () => new Promise(() => undefined),
    () => true,
  )
  const taken = take()
  await clock.advance(1_999)
  expect(appended).toEqual([])
  await clock.advance(1)
  await taken
  expect(appended).toMatchObject([{ address: 'order/1', kind: 'create' }])
})
