import { fork } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { chmod, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { freePort } from './free-port.ts'
import type { PostgresAnswer, PostgresCommand } from './postgres-server.ts'

/** A real Postgres of the test's own, on a free port, with its durable defaults. */
export interface TestPostgres {
  readonly url: string
  readonly port: number
  readonly dataDir: string
  /** A connection string for a fresh, empty database. */
  createDatabase(name: string): Promise<string>
  /** `pg_ctl stop -m immediate`: what a power cut leaves. */
  crash(): Promise<void>
  /** Starts a crashed server again, on the same data and port; resolves when it accepts connections. */
  start(): Promise<void>
  /** Starts a crashed server in recovery: it answers 57P03 until it is promoted. */
  startInRecovery(): Promise<void>
  /** Ends the recovery; resolves when connections are accepted. */
  promote(): Promise<void>
  stop(): Promise<void>
}

/** @param settings `name=value` lines for the server */
export async function startPostgres(settings: readonly string[] = []): Promise<TestPostgres> {
  const dataDir = await mkdtemp(join(tmpdir(), 'quire-postgres-'))
  // As root the server runs as user postgres, who must be able to enter.
  await chmod(dataDir, 0o755)
  const port = await freePort()
  const fixed = ['listen_addresses=127.0.0.1', 'max_connections=200', 'hot_standby=off']
  const server = fork(fileURLToPath(new URL('./postgres-server.ts', import.meta.url)), [], {
    execArgv: ['--import', 'tsx'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const ask = async (command: PostgresCommand): Promise<void> => {
    const answered = once(server, 'message')
    server.send(command)
    const [{ error }] = (await answered) as [PostgresAnswer]
    if (error !== undefined) {
      throw new Error(`the test's Postgres did not ${command.command}: ${error}`)
    }
  }
  await ask({ command: 'create', databaseDir: join(dataDir, 'db'), port, flags: [...fixed, ...settings].flatMap((each) => ['-c', each]) })
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
    crash: () => ask({ command: 'crash' }),
    start: () => ask({ command: 'start' }),
    startInRecovery: () => ask({ command: 'recover' }),
    promote: () => ask({ command: 'promote' }),
    async stop() {
      const ended = once(server, 'exit')
      server.disconnect()
      await ended
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}
