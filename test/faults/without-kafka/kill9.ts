import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { PGlite } from '@electric-sql/pglite'
import pg from 'pg'
import { startPostgres } from '../../support/postgres.ts'
import { check, type Findings, type Query } from './checker.ts'

export interface Kill9Options {
  readonly seconds: number
  readonly store: 'postgres' | 'pglite'
}

export interface Kill9Result extends Findings {
  readonly fault: 'kill9'
  readonly store: string
  readonly kills: number
  readonly injected: number
}

/** Least and most life of a process, ms: from its first batch on, or, of each fourth, from its start. */
const lives = { postgres: [0, 1_500], pglite: [0, 3_000] } as const

/** A process that runs batches is killed with SIGKILL at random moments and started again, then left to finish; then everything is checked. */
export async function kill9WithoutKafka({ seconds, store }: Kill9Options): Promise<Kill9Result> {
  const folder = await mkdtemp(join(tmpdir(), 'quire-faults-'))
  const logFile = join(folder, 'log.jsonl')
  const server = store === 'postgres' ? await startPostgres() : undefined
  const place = server === undefined ? ['--folder', join(folder, 'data')] : ['--database', server.url]
  try {
    let kills = 0
    const until = Date.now() + seconds * 1_000
    while (Date.now() < until) {
      const child = start([...place, '--log', logFile, '--life', String(kills)])
      const [least, most] = lives[store]
      await (kills % 4 === 3 ? undefined : Promise.race([once(child, 'message'), once(child, 'exit')]))
      await new Promise((resolve) => setTimeout(resolve, least + Math.random() * (most - least)))
      child.kill('SIGKILL')
      await ended(child)
      kills += 1
    }
    const last = await ended(start([...place, '--log', logFile, '--life', String(kills), '--finish']))
    const findings = await inspect(store, server?.url, join(folder, 'data', 'postgres'), logFile)
    const complaints = last === 0 ? findings.complaints : [`the last process ended with ${last}`, ...findings.complaints]
    return { fault: 'kill9', store, kills, injected: kills, ...findings, complaints }
  } finally {
    await server?.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

function start(args: readonly string[]): ChildProcess {
  const node = fileURLToPath(new URL('./node.ts', import.meta.url))
  return spawn(process.execPath, ['--import', 'tsx', node, ...args], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
}

function ended(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) =>
    child.exitCode === null && child.signalCode === null ? child.once('exit', resolve) : resolve(child.exitCode),
  )
}

async function inspect(store: string, url: string | undefined, dataDir: string, logFile: string): Promise<Findings> {
  if (store === 'postgres') {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    const query: Query = async (text) => (await client.query(text)).rows as Record<string, unknown>[]
    return await check(query, logFile).finally(() => client.end())
  }
  const pglite = await PGlite.create(dataDir)
  const query: Query = async (text) => (await pglite.query(text)).rows as Record<string, unknown>[]
  return await check(query, logFile).finally(() => pglite.close())
}
