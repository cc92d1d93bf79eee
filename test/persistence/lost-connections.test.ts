import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { sql } from 'kysely'
import { expect, it, onTestFinished, vi } from 'vitest'
import { type Database, openPostgres } from '../../src/persistence/database.ts'
import { classified } from '../../src/persistence/errors.ts'
import { createListener } from '../../src/persistence/listener.ts'
import type { Session } from '../../src/persistence/session.ts'
import type { Clock } from '../../src/runtime/ports.ts'
import { systemClock } from '../../src/runtime/system.ts'
import { freshDatabase } from '../ports/adapters.ts'
import { portOf } from '../support/free-port.ts'
import { createTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts'

/** Long enough for a machine that is busy; vitest's own default is a second. */
const soon = { timeout: 30_000 }

/** Waits of the code under test pass a hundred times faster. */
const hasty: Clock = { now: systemClock.now, schedule: (ms, run) => systemClock.schedule(ms / 100, run) }

async function behindProxy(): Promise<{ readonly database: Database; readonly proxy: TcpProxy }> {
  const url = new URL(await freshDatabase())
  const proxy = await createTcpProxy({ target: { host: url.hostname, port: Number(url.port) } })
  url.port = String(proxy.port)
  const database = openPostgres({ server: url.href, schema: 'quire', clock: hasty, queryTimeoutMs: 3_000 })
  onTestFinished(async () => {
    await database.close()
    await proxy.close()
  })
  return { database, proxy }
}

const ask = (database: Database) => classified(() => sql`select 1`.execute(database.kysely))

it('a path that is lost without a word costs one question its time limit, not one for each connection of the pool', async () => {
  const { database, proxy } = await behindProxy()
  await Promise.all([1, 2, 3, 4].map(() => sql`select pg_sleep(0.1)`.execute(database.kysely)))
  expect(proxy.connections).toBe(4)
  proxy.abandon()
  await expect(ask(database)).rejects.toMatchObject({ kind: 'transient', reason: 'connection lost' })
  for (let again = 0; again < 4; again += 1) {
    await ask(database)
  }
})

it('an error that the server answers with leaves the connection in use', async () => {
  const { database, proxy } = await behindProxy()
  await expect(sql`select 1 / 0`.execute(database.kysely)).rejects.toMatchObject({ code: '22012' })
  await ask(database)
  expect(proxy.connections).toBe(1)
})

it('a session whose path is lost without a word ends, so that nobody relies on its lock', async () => {
  const { database, proxy } = await behindProxy()
  const session = (await database.openSession?.()) as Session
  const ended = new Promise<void>((resolve) => session.onEnd(resolve))
  proxy.abandon()
  await ended
  await expect(session.query('select 1', [])).rejects.toThrow()
})

it('a listener connects again after every loss, however long the server is away', async () => {
  const { database, proxy } = await behindProxy()
  const openSession = vi.fn<() => Promise<Session>>(database.openSession)
  const listener = createListener('quire', openSession, hasty)
  onTestFinished(() => listener.close())
  listener.subscribe('commit', () => {})
  await vi.waitUntil(() => proxy.connections === 1, soon)
  await proxy.set({ kind: 'refuse' })
  const calls = openSession.mock.calls.length
  await vi.waitUntil(() => openSession.mock.calls.length > calls + 3, soon)
  await proxy.set({ kind: 'pass' })
  await vi.waitUntil(() => proxy.connections === 1, soon)
})

/** A server that speaks as much of Postgres as opens a connection; it answers every piece of the client's. */
async function serverOf(
  answer: (message: Buffer, number: number) => Buffer,
): Promise<{ readonly url: string; readonly socket: Promise<Socket> }> {
  let opened = (_: Socket): void => {}
  const socket = new Promise<Socket>((resolve) => {
    opened = resolve
  })
  const server = createServer((client) => {
    let number = 0
    client.on('data', (message: Buffer) => client.write(answer(message, number++)))
    opened(client)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return { url: `postgres://q@127.0.0.1:${portOf(server)}/q`, socket }
}

function message(type: string, body: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeInt32BE(body.length + 4)
  return Buffer.concat([Buffer.from(type), length, body])
}

const ready = Buffer.concat([message('R', Buffer.alloc(4)), message('Z', Buffer.from('I'))])
const terminated = message('E', Buffer.from('SFATAL\0C57P01\0Mterminating connection due to administrator command\0\0'))

it('a connection that is ended with the very bytes that open it fails its query, and not the process', async () => {
  const { url, socket } = await serverOf(() => Buffer.concat([ready, terminated]))
  void socket.then((client) => client.once('data', () => client.end()))
  const database = openPostgres({ server: url, schema: 'quire', clock: hasty })
  onTestFinished(() => database.close())
  await expect(ask(database)).rejects.toMatchObject({ kind: 'transient' })
})

it('a connection that the server ends while the pool closes it does not end the process', async () => {
  const { url, socket } = await serverOf((_, number) => (number === 0 ? ready : terminated))
  const database = openPostgres({ server: url, schema: 'quire', clock: systemClock })
  await database.kysely.connection().execute(async () => undefined)
  await database.close()
  const errors: unknown[] = []
  const caught = (error: unknown) => void errors.push(error)
  process.once('uncaughtException', caught)
  onTestFinished(() => void process.off('uncaughtException', caught))
  await once(await socket, 'close')
  expect(errors).toEqual([])
})
