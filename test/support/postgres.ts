import { fork } from 'node:child_process'
import { rmSync } from 'node:fs'
import { chmod, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { freePort } from './free-port.ts'

/** A real Postgres of the test's own, on a free port, with its durable defaults. */
export interface TestPostgres {
  readonly url: string
  readonly port: number
  readonly dataDir: string
  /** A connection string for a fresh, empty database. */
  createDatabase(name: string): Promise<string>
  stop(): Promise<void>
}

export async function startPostgres(settings: readonly string[] = []): Promise<TestPostgres> {
  const dataDir = await mkdtemp(join(tmpdir(), 'quire-postgres-'))
  // As root the server runs as user postgres, who must be able to enter.
  await chmod(dataDir, 0o755)
  const port = await freePort()
  const flags = ['listen_addresses=127.0.0.1', 'max_connections=200', ...settings].flatMap((setting) => ['-c', setting])
  const server = fork(fileURLToPath(new URL('./postgres-server.ts', import.meta.url)), [], {
    execArgv: ['--import', 'tsx'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const answer = new Promise<{ readonly started: boolean; readonly error?: string }>((resolve) =>
    server.once('message', (message) => resolve(message as never)),
  )
  server.send({ databaseDir: join(dataDir, 'db'), port, flags })
  const { started, error } = await answer
  if (!started) {
    throw new Error(`the test's Postgres did not start: ${error}`)
  }
  const urlOf = (database: string) => `postgres://quire:quire@127.0.0.1:${port}/${database}`
  return {
    url: urlOf('postgres'),
    port,
    dataDir,
    async createDatabase(name) {
      const client = new pg.Client({ connectionString: urlOf('postgres') })
      await client.connect()
      await client.query(`create database "${name}"`)
      await client.end()
      return urlOf(name)
    },
    async stop() {
      const ended = new Promise((resolve) => server.once('exit', resolve))
      server.disconnect()
      await ended
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}
