import { context, SpanStatusCode, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createQuire, type Quire, type QuireOptions } from '../../src/quire.ts'
import type { OutboundEvent } from '../../src/runtime/local-publisher.ts'
import { freshDatabase } from '../ports/adapters.ts'
import { order } from '../support/machines/order.ts'
import { player } from '../support/machines/rally.ts'
import { recording, upstream, upstreamTraceparent } from '../support/spans.ts'

async function running(options: Partial<QuireOptions>): Promise<Quire> {
  const quire = await createQuire({ database: 'memory:', actors: { order: order(), player }, partitions: 4, ...options })
  onTestFinished(() => quire.stop())
  await quire.start()
  return quire
}

const traceIdOf = (traceparent: string | null | undefined): string | undefined => traceparent?.split('-')[1]

describe('the spans of a message', () => {
  it('lead from the step it causes to calls, outputs and the steps that follow, each under its cause', async () => {
    const { paths, spans, tracing } = recording()
    const calls: (string | null)[] = []
    const charge = {
      run: async (_: never, scope: { readonly traceparent: string | null }) => {
        calls.push(scope.traceparent)
        return { output: { receipt: 'r' } }
      },
    }
    const events: OutboundEvent[] = []
    const onEvent = (event: OutboundEvent): void => void events.push(event)
    const quire = await running({ actors: { order: order({ charge }) }, tracing, onEvent })
    await quire.create('order/1', { amount: 5 }, { id: 'c', traceparent: upstreamTraceparent })
    await quire.waitFor('order/1', { tag: 'done' })
    await quire.whenIdle()
    const charged = 'step order create > step order done'
    expect(paths()).toEqual([
      'step order create',
      'step order create > call charge',
      charged,
      `${charged} > call ship`,
      `${charged} > send orders`,
      `${charged} > step order done`,
      `${charged} > step order done > send orders`,
    ])
    const ofName = (name: string) => spans().filter((span) => span.name === name)
    const born = ofName('step order').find((span) => span.attributes['quire.message.kind'] === 'create')
    expect(born?.parentSpanContext).toMatchObject({ ...upstream, isRemote: true })
    expect(born?.attributes).toMatchObject({ 'quire.address': 'order/1', 'quire.message.id': 'c', 'quire.state': 'charging' })
    // What services and readers are given is the span of the very call, or of the very output.
    expect(calls).toEqual(ofName('call charge').map((span) => `00-${upstream.traceId}-${span.spanContext().spanId}-01`))
    expect(events.map(({ traceparent }) => traceparent)).toEqual(
      ofName('send orders').map((span) => `00-${upstream.traceId}-${span.spanContext().spanId}-01`),
    )
  })

  it('go on in the actors it writes to', async () => {
    const { paths, tracing } = recording()
    const quire = await running({ tracing })
    await quire.create('player/a', { partner: 'player/b', most: 2 }, { id: 'a' })
    await quire.create('player/b', { partner: 'player/a', most: 2 }, { id: 'b' })
    await quire.send('player/a', { type: 'BALL', count: 1 } as { readonly type: string }, { id: 'ball', traceparent: upstreamTraceparent })
    await quire.waitFor('player/b', { tag: 'caught' })
    await quire.whenIdle()
    expect(paths()).toEqual(['step player event', 'step player event > step player event'])
  })

  it('tell what failed: a call, and a step that becomes a dead letter', async () => {
    const { spans, tracing } = recording()
    const charge = { attempts: 1, run: () => Promise.reject(new Error('the card is not valid')) }
    const quire = await running({ actors: { order: order({ charge }) }, tracing })
    await quire.create('order/1', { amount: 5 }, { id: 'c' })
    await quire.waitFor('order/1', { tag: 'done' })
    await quire.send('order/nobody', { type: 'CANCEL' }, { id: 'x' })
    await quire.whenIdle()
    const failed = spans().filter(({ status }) => status.code === SpanStatusCode.ERROR)
    expect(failed.map(({ name, status }) => [name, status.message])).toEqual([
      ['call charge', 'the card is not valid'],
      ['step order', 'no actor was born at order/nobody'],
    ])
  })

  it('stand under the span that is active in the caller', async () => {
    const { paths, tracing } = recording()
    const quire = await running({ tracing })
    const active = trace.wrapSpanContext({ ...upstream, traceFlags: 1, isRemote: false })
    context.setGlobalContextManager(new AsyncLocalStorageContextManager())
    onTestFinished(() => context.disable())
    await context.with(trace.setSpan(context.active(), active), () => quire.create('order/1', { amount: 5 }, { id: 'c' }))
    await quire.waitFor('order/1', { tag: 'done' })
    expect(paths()).toContain('step order create > call charge')
  })
})

describe('a trace context', () => {
  it('outlives the process that took the message in, and leaves with what a later one sends; a message without one brings none', async () => {
    const database = await freshDatabase()
    const hangs = { charge: { run: () => new Promise<never>(() => undefined) } }
    const sender = await running({ database, owns: false })
    await sender.create('order/traced', { amount: 5 }, { id: 'c', traceparent: upstreamTraceparent })
    await sender.create('order/plain', { amount: 5 }, { id: 'c' })
    await sender.create('order/wrong', { amount: 5 }, { id: 'c', traceparent: 'no trace context' })
    const first = await running({ database, actors: { order: order(hangs), player } })
    for (const id of ['traced', 'plain', 'wrong']) {
      await first.waitFor(`order/${id}`, { state: 'charging' })
    }
    await first.stop({ drainMs: 0 })
    const events: OutboundEvent[] = []
    const second = await running({ database, onEvent: (event) => void events.push(event) })
    await second.whenIdle()
    const traces = (address: string) => events.filter((event) => event.address === address).map(({ traceparent }) => traceIdOf(traceparent))
    expect(traces('order/traced')).toEqual([upstream.traceId, upstream.traceId])
    expect(traces('order/plain')).toEqual([undefined, undefined])
    expect(traces('order/wrong')).toEqual([undefined, undefined])
  })
})
