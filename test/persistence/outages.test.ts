import { createServer, type Server, type Socket } from 'node:net'
import pg from 'pg'
import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
import { lockFolder, requestOwner } from '../../src/persistence/folder-lock.ts'
import { createQuire, type Quire } from '../../src/quire.ts'
import type { Clock } from '../../src/runtime/ports.ts'
import type { Status } from '../../src/runtime/status.ts'
import { systemClock } from '../../src/runtime/system.ts'
import { freshDatabase } from '../ports/adapters.ts'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../support/free-port.ts'
import { lamp } from '../support/machines/lamp.ts'

const folders: string[] = []
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))))

/** Resolves when the status is as asked. */
function status(quire: Quire, is: (status: Status) => boolean): Promise<Status> {
  return new Promise((resolve) => {
    const look = (): void => {
      const { context } = quire.status.getSnapshot()
      if (is(context)) {
        subscription.unsubscribe()
        resolve(context)
      }
    }
    const subscription = quire.status.subscribe(look)
    look()
  })
}

/** Speaks just enough of Postgres's protocol to answer every start-up with an error, as a server in recovery does. */
async function serverThatAnswers(sqlState: string, message: string): Promise<{ readonly server: Server; readonly port: number }> {
  const server = createServer((socket: Socket) => {
    socket.on('error', () => socket.destroy())
    socket.once('data', () => {
      const fields = Buffer.from(`SFATAL\0C${sqlState}\0M${message}\0\0`)
      const head = Buffer.alloc(5)
      head.write('E')
      head.writeInt32BE(fields.length + 4, 1)
      socket.end(Buffer.concat([head, fields]))
    })
  })
  // No port of outgoing connections: between two servers one of them might take it, even a client that connects to itself.
  const port = await freePort()
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return { server, port }
}

describe('a Postgres that is away at the start', () => {
  it.each([
    ['57P03', 'the database system is in recovery mode', 'waiting', /in recovery/],
    ['28P01', 'password authentication failed', 'blocked', /authentication/],
    ['3D000', 'database "x" does not exist', 'blocked', /wrong database/],
  ])('with %s is no error: start resolves, and status says what is waited for', async (sqlState, message, state, reason) => {
    const { server, port } = await serverThatAnswers(sqlState, message)
    const quire = await createQuire({ database: `postgres://q:q@127.0.0.1:${port}/x`, actors: { lamp } })
    await quire.start()
    const { database, phase } = await status(quire, (context) => context.database.state === state)
    expect(database.reason).toMatch(reason)
    expect(phase).toBe('waiting')
    await expect(quire.send('lamp/1', { type: 'PRESS' }, { id: 'x', timeoutMs: 50 })).rejects.toThrow(/same id may be sent again/)
    await quire.stop()
    await new Promise((resolve) => server.close(resolve))
  })

  it('refused, goes on by itself when it is there', async () => {
    const real = new URL(await freshDatabase())
    const { server, port } = await serverThatAnswers('57P03', 'starting up')
    const proxied = new URL(real)
    proxied.port = String(port)
    const quire = await createQuire({ database: proxied.href, actors: { lamp }, partitions: 2 })
    await quire.start()
    await status(quire, (context) => context.database.state === 'waiting')
    await new Promise((resolve) => server.close(resolve))
    const bridge = createServer(
      (socket) => void import('node:net').then(({ connect }) => pipe(socket, connect(Number(real.port), real.hostname))),
    )
    await new Promise<void>((resolve) => bridge.listen(port, '127.0.0.1', resolve))
    await status(quire, (context) => context.phase === 'running')
    await quire.create('lamp/1', { litForMs: 1 }, { id: 'create' })
    expect((await quire.ask('lamp/1', { type: 'PRESS' }, { id: 'p' })).seq).toBeGreaterThanOrEqual(2)
    await quire.stop()
    await new Promise((resolve) => bridge.close(resolve))
  })
})

function pipe(one: Socket, other: Socket): void {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    from.pipe(to)
    from.on('error', () => to.destroy())
    from.on('close', () => to.destroy())
  }
}

describe('a Postgres that refuses while it is used', () => {
  it('blocks until a person mends it, then what waited is done, once', async () => {
    const database = await freshDatabase()
    const admin = new pg.Client({ connectionString: database })
    await admin.connect()
    onTestFinished(() => admin.end())
    const app = new URL(database)
    app.username = `app_${app.pathname.slice(1)}`
    app.password = 'secret'
    await admin.query(`create role "${app.username}" login password 'secret'`)
    await admin.query(`grant create on database "${app.pathname.slice(1)}" to "${app.username}"`)
    // What was refused is tried again after half a minute: here 0.3 s.
    const hasty: Clock = { now: systemClock.now, schedule: (ms, run) => systemClock.schedule(ms / 100, run) }
    const quire = await createQuire({ database: app.href, actors: { lamp }, partitions: 2, clock: hasty })
    onTestFinished(() => quire.stop())
    await quire.start()
    const timeoutMs = 3_000_000
    await quire.create('lamp/1', { litForMs: 60_000_000 }, { id: 'create', timeoutMs })
    await quire.whenIdle({ timeoutMs })
    await admin.query(`revoke all on quire.actors from "${app.username}"`)
    await quire.send('lamp/1', { type: 'PRESS' }, { id: 'p', timeoutMs })
    expect((await status(quire, ({ database: { state } }) => state === 'blocked')).database.reason).toBe('missing privilege')
    await admin.query(`grant all on quire.actors to "${app.username}"`)
    expect(await quire.waitFor('lamp/1', { state: 'on' }, { timeoutMs })).toMatchObject({ seq: 2 })
    await expect.poll(() => quire.status.getSnapshot().context).toMatchObject({ phase: 'running', alarm: null })
    expect(await quire.deadLetters({ limit: 10 })).toEqual([])
  })
})

describe('two processes on one database', () => {
  it('have one owner; the other stands by, is named, serves reads, and takes over when the first goes', async () => {
    const database = await freshDatabase()
    const options = { database, actors: { lamp }, partitions: 4 }
    const first = await createQuire({ ...options, owner: 'first' })
    const second = await createQuire({ ...options, owner: 'second' })
    await first.start()
    await status(first, (context) => context.phase === 'running')
    await first.create('lamp/1', { litForMs: 60_000 }, { id: 'create' })
    await second.start()
    const standby = await status(second, (context) => context.phase === 'standby')
    expect(standby.holder).toMatch(/process \d+/)
    expect(await second.ask('lamp/1', { type: 'PRESS' }, { id: 'p1' })).toMatchObject({ state: 'on' })
    await first.stop()
    await status(second, (context) => context.phase === 'running')
    expect(await second.ask('lamp/1', { type: 'PRESS' }, { id: 'p2' })).toMatchObject({ state: 'off', seq: 3 })
    await second.stop()
  })

  it('whose connections are all terminated goes on by itself, and does nothing twice', async () => {
    const database = await freshDatabase()
    const quire = await createQuire({ database, actors: { lamp }, partitions: 4 })
    await quire.start()
    await quire.create('lamp/1', { litForMs: 60_000 }, { id: 'create' })
    const client = new pg.Client({ connectionString: database })
    await client.connect()
    for (let press = 1; press <= 5; press++) {
      await client.query(
        'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
      )
      await quire.ask('lamp/1', { type: 'PRESS' }, { id: `p${press}`, timeoutMs: 30_000 })
    }
    expect(await quire.inspect('lamp/1')).toMatchObject({ seq: 6, state: 'on' })
    await client.end()
    await quire.stop()
  })

  it("of one data folder: the second is refused with the first one's process id, and may ask it", async () => {
    const folder = await mkdtemp(join(tmpdir(), 'quire-lock-'))
    folders.push(folder)
    const lock = await lockFolder(folder)
    lock.onRequest(async (request) => ({ asked: request['op'] }))
    await expect(lockFolder(folder)).rejects.toThrow(new RegExp(`in use by process ${process.pid}`))
    expect(await requestOwner(folder, { op: 'hello' })).toEqual({ asked: 'hello' })
    await lock.release()
    expect(await requestOwner(folder, { op: 'hello' })).toBeUndefined()
    await (await lockFolder(folder)).release()
  })
})
