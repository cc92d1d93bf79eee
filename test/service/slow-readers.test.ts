import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { EventStream } from '../../src/host/http/event-stream.ts'
import { SimulatedClock } from '../../src/testing/simulated-clock.ts'

/** A stream over a real socket whose reader takes nothing. */
async function unread(clock: SimulatedClock): Promise<{ readonly stream: EventStream; readonly response: ServerResponse }> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const reader = connect((server.address() as AddressInfo).port, '127.0.0.1')
  reader.pause().on('error', () => undefined)
  onTestFinished(async () => {
    reader.destroy()
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })
  const asked = once(server, 'request') as Promise<[unknown, ServerResponse]>
  reader.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
  const [, response] = await asked
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  return { stream: new EventStream(response, clock, new AbortController().signal), response }
}

/** Writes events until one finds no room; that one is still being written. */
async function filled(stream: EventStream, event: string): Promise<{ readonly lastWrite: Promise<void> }> {
  for (;;) {
    const lastWrite = stream.write(event)
    // What the sockets take at once is taken before the next turn of the loop.
    const isTaken = await Promise.race([lastWrite.then(() => true), new Promise<boolean>((resolve) => setImmediate(() => resolve(false)))])
    if (!isTaken) {
      return { lastWrite }
    }
  }
}

describe('a reader of events that takes nothing', () => {
  const event = `data: ${'x'.repeat(50_000)}\n\n`

  it('costs the service one event of memory, and no heartbeats pile up', async () => {
    const clock = new SimulatedClock()
    const { stream, response } = await unread(clock)
    await filled(stream, event)
    const held = response.writableLength
    expect(held).toBeLessThan(4 * event.length)
    clock.advance(29_000)
    expect(response.writableLength).toBe(held)
    expect(stream.closed.aborted).toBe(false)
  })

  it('is cut off after 30 s, and whoever wrote for it goes on', async () => {
    const clock = new SimulatedClock()
    const { stream, response } = await unread(clock)
    const { lastWrite } = await filled(stream, event)
    clock.advance(30_000)
    await lastWrite
    expect(stream.closed.aborted).toBe(true)
    expect(response.destroyed).toBe(true)
    await stream.write(event)
  })
})
