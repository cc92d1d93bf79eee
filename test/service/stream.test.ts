import { request } from 'undici'
import { describe, expect, it, onTestFinished } from 'vitest'
import { testService, token, whenReady } from '../support/batch-service.ts'
import { requestEnvelope } from '../support/kafka/platform.ts'

interface StreamEvent {
  readonly id: string
  readonly event: string
  readonly data: Record<string, unknown>
}

/** A reader of server-sent events that ends with the test. */
async function reader(url: string, path: string, lastEventId?: string): Promise<AsyncGenerator<StreamEvent>> {
  const controller = new AbortController()
  onTestFinished(() => controller.abort())
  const headers = { authorization: `Bearer ${token}`, ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }) }
  const { body, headers: answered, statusCode } = await request(`${url}${path}`, { headers, signal: controller.signal })
  expect(statusCode).toBe(200)
  expect(answered).toMatchObject({ 'content-type': 'text/event-stream; charset=utf-8', 'x-content-type-options': 'nosniff' })
  return eventsOf(body)
}

async function* eventsOf(body: AsyncIterable<Buffer>): AsyncGenerator<StreamEvent> {
  let text = ''
  for await (const chunk of body) {
    text += chunk.toString()
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const fields = new Map(
        text
          .slice(0, end)
          .split('\n')
          .map((line) => line.split(/: (.*)/s).slice(0, 2) as [string, string]),
      )
      text = text.slice(end + 2)
      yield {
        id: fields.get('id') ?? '',
        event: fields.get('event') ?? '',
        data: JSON.parse(fields.get('data') ?? '{}') as StreamEvent['data'],
      }
    }
  }
}

async function take(events: AsyncGenerator<StreamEvent>, until: (event: StreamEvent) => boolean): Promise<StreamEvent[]> {
  const taken: StreamEvent[] = []
  for (;;) {
    const { value, done } = await events.next()
    if (done === true) {
      throw new Error('the stream ended')
    }
    taken.push(value)
    if (until(value)) {
      return taken
    }
  }
}

describe('the stream of events', () => {
  it('tells what is committed, and goes on after the last id a reader has seen, without gap or repetition', async () => {
    const made = await testService()
    await whenReady(made)
    const events = await reader(made.url, '/v1/stream')
    expect(await take(events, ({ event }) => event === 'ready')).toHaveLength(1)
    await made.call('POST', '/v1/batches', { body: requestEnvelope('s-1', 4) })
    const whole = await take(events, ({ data }) => data['state'] === 'WAITING_CALLBACKS')
    expect(whole[0]?.data).toMatchObject({ batch: 's-1', seq: 1, kind: 'create', event: { type: 'create' } })
    const again = await reader(made.url, '/v1/stream?batch=s-1', whole[1]?.id)
    const [ready, ...rest] = await take(again, ({ data }) => data['state'] === 'WAITING_CALLBACKS')
    expect(ready).toMatchObject({ event: 'ready', id: whole[1]?.id })
    expect(rest.map(({ data }) => data['seq'])).toEqual(whole.slice(2).map(({ data }) => data['seq']))
  })

  it('has a bounded number of readers, and ends when the service stops', async () => {
    const made = await testService({ settings: { httpStreams: 1 } })
    await whenReady(made)
    const events = await reader(made.url, '/v1/stream')
    await take(events, ({ event }) => event === 'ready')
    expect(await made.call('GET', '/v1/stream')).toMatchObject({ status: 503, headers: { 'retry-after': '5' } })
    await made.service.stop({ drainMs: 1_000 })
    expect(await events.next()).toEqual({ value: undefined, done: true })
  })
})
