import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { portOf } from './free-port.ts'
import { createTcpProxy, type TcpProxy } from './tcp-proxy.ts'

/** Answers each piece with itself and keeps what it has heard. */
interface Echo {
  readonly server: Server
  readonly accepted: Socket[]
  heard: string
}

let echo: Echo
let proxy: TcpProxy
const clients: Socket[] = []
/** Of false time; waiting for a condition moves that on by a little. */
const hour = 3_600_000
/** Long enough for a machine that is busy; vitest's own default is a second. */
const soon = { timeout: 30_000 }

beforeEach(async () => {
  echo = await startEcho()
  proxy = await createTcpProxy({ target: { host: '127.0.0.1', port: portOf(echo.server) } })
})

afterEach(async () => {
  vi.useRealTimers()
  await proxy.close()
  for (const socket of [...clients.splice(0), ...echo.accepted]) {
    socket.destroy()
  }
  echo.server.close()
})

test('passes bytes both ways, and an end after them', async () => {
  const client = await connected()
  client.end('a'.repeat(3_000_000))
  await once(client, 'end')
  expect(client.heard.length).toBe(3_000_000)
  await vi.waitFor(() => expect(proxy.connections).toBe(0), soon)
})

test('blackhole: a connection goes silent, and what was sent arrives once the network is back', async () => {
  const client = await connected()
  await answered(client, 'before ')
  await proxy.set({ kind: 'blackhole' })
  client.write('during ')
  const other = await connected()
  other.write('other ')
  await provenSilent()
  expect([client.heard, other.heard, echo.heard]).toEqual(['before ', '', 'before '])

  await proxy.set({ kind: 'pass' })
  await vi.waitFor(() => expect([client.heard, other.heard]).toEqual(['before during ', 'other ']), soon)
})

test('blackhole: an end is not told either', async () => {
  const client = await connected()
  await answered(client, 'x')
  await proxy.set({ kind: 'blackhole' })
  client.destroy()
  await provenSilent()
  expect(echo.accepted[0]?.readableEnded).toBe(false)
  expect(proxy.connections).toBe(1)
})

test('existing and new connections can be told apart', async () => {
  const old = await connected()
  await answered(old, 'x')
  await proxy.set({ kind: 'blackhole' }, 'existing')
  await answered(await connected(), 'new')
  expect(old.heard).toBe('x')

  await proxy.set({ kind: 'pass' }, 'existing')
  await proxy.set({ kind: 'blackhole' }, 'new')
  const silent = await connected()
  silent.write('y')
  await answered(old, 'z')
  expect(silent.heard).toBe('')
})

test('abandoned: silent for good, while new connections pass', async () => {
  const client = await connected()
  await answered(client, 'before ')
  proxy.abandon()
  await proxy.set({ kind: 'pass' })
  client.write('lost')
  await answered(await connected(), 'new')
  await provenSilent()
  expect([client.heard, client.destroyed, echo.heard]).toEqual(['before ', false, 'before new'])
  expect(proxy.connections).toBe(2)
})

test('half-open: the target hears, the client hears nothing', async () => {
  const client = await connected()
  await answered(client, 'x')
  await proxy.set({ kind: 'half-open', toward: 'target' })
  client.write('lost answer')
  await vi.waitFor(() => expect(echo.heard).toBe('xlost answer'), soon)
  await provenSilent()
  expect(client.heard).toBe('x')
})

test('half-open: the client hears, the target hears nothing', async () => {
  const client = await connected()
  await answered(client, 'x')
  await proxy.set({ kind: 'half-open', toward: 'client' })
  client.write('lost question')
  echo.accepted[0]?.write('said unasked')
  await vi.waitFor(() => expect(client.heard).toBe('xsaid unasked'), soon)
  await provenSilent()
  expect(echo.heard).toBe('x')
})

test('cut: the target sees the end, the client is not told until the network is back', async () => {
  const client = await connected()
  await answered(client, 'x')
  const told = once(echo.accepted[0] as Socket, 'end')
  proxy.cut('target')
  await told
  client.write('into the void')
  await provenSilent()
  expect([client.destroyed, client.heard]).toEqual([false, 'x'])

  const gone = once(client, 'error')
  await proxy.set({ kind: 'pass' })
  expect(await gone).toMatchObject([{ code: 'ECONNRESET' }])
})

test('delay: an answer comes after the delay of both ways, not before', async () => {
  const slow = await connected()
  await answered(slow, 'x')
  vi.useFakeTimers({ toFake: ['setTimeout'] })
  await proxy.set({ kind: 'delay', ms: hour }, 'existing')
  slow.write('y')
  await answered(await connected(), 'at once')
  await vi.waitUntil(() => vi.getTimerCount() === 1, soon)
  expect(echo.heard).toBe('xat once')

  await vi.advanceTimersByTimeAsync(hour)
  await vi.waitUntil(() => vi.getTimerCount() === 1, soon)
  expect([echo.heard, slow.heard]).toEqual(['xat oncey', 'x'])
  await vi.advanceTimersByTimeAsync(hour)
  await vi.waitFor(() => expect(slow.heard).toBe('xy'), soon)
})

test('reset: existing and new connections get a reset', async () => {
  const client = await connected()
  await answered(client, 'x')
  const gone = once(client, 'error')
  await proxy.set({ kind: 'reset' })
  expect(await gone).toMatchObject([{ code: 'ECONNRESET' }])
  const [error] = await once(connect(proxy.port, proxy.host), 'error')
  expect(error).toMatchObject({ code: 'ECONNRESET' })
})

test('refuse: no listener, until it passes again on the same port', async () => {
  const client = await connected()
  await answered(client, 'x')
  await proxy.set({ kind: 'refuse' }, 'new')
  expect(await once(connect(proxy.port, proxy.host), 'error')).toMatchObject([{ code: 'ECONNREFUSED' }])
  await answered(client, 'still')
  const gone = once(client, 'error')
  await proxy.set({ kind: 'refuse' })
  expect(await gone).toMatchObject([{ code: 'ECONNRESET' }])

  await proxy.set({ kind: 'pass' })
  await answered(await connected(), 'again')
})

type Client = Socket & { heard: string }

async function connected(): Promise<Client> {
  const client = Object.assign(connect(proxy.port, proxy.host), { heard: '' })
  client.on('data', (chunk) => (client.heard += String(chunk)))
  client.on('error', () => {})
  clients.push(client)
  await once(client, 'connect')
  return client
}

async function answered(client: Client, words: string): Promise<void> {
  const before = client.heard
  client.write(words)
  await vi.waitUntil(() => client.heard === before + words, soon)
}

/** Silence is proven by others' talk: a question sent later, past the proxy, has been answered, twice. */
async function provenSilent(): Promise<void> {
  for (let round = 0; round < 2; round += 1) {
    const direct = connect(portOf(echo.server), '127.0.0.1')
    direct.write(probe)
    await once(direct, 'data')
    direct.destroy()
  }
}

const probe = '?'

async function startEcho(): Promise<Echo> {
  const accepted: Socket[] = []
  const server = createServer((socket) => {
    accepted.push(socket)
    socket.on('error', () => {})
    socket.on('data', (chunk) => {
      started.heard += String(chunk) === probe ? '' : String(chunk)
      socket.write(chunk)
    })
  })
  const started: Echo = { server, accepted, heard: '' }
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return started
}
