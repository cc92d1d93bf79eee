import { cp, mkdtemp } from 'node:fs/promises'
import { randomUUID } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { freePort } from '../support/free-port.ts'
import { guardProcesses } from '../support/guarded-processes.ts'
import { createTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts'
import { type HostProcess, hostProcess } from './host-process.ts'
import type { Servers } from './servers.ts'

/** What was done, and when it was over: recovery is measured from there. For a kill that is the kill. */
export interface Episode {
  readonly what: string
  /** ms since the epoch. */
  readonly endedAt: number
}

/** Where a fault happens: hosts on servers, a judge, and the time that is left. */
export interface Scene {
  readonly servers: Servers
  readonly hosts: readonly HostProcess[]
  /** Between each host and Postgres. */
  readonly links: readonly TcpProxy[]
  /** Name of the hosts' own database, and its address without a proxy. */
  readonly database: { readonly name: string; readonly url: string }
  readonly topicPrefix: string
  readonly judgeLog: string
  readonly episodes: readonly Episode[]
  isOver(): boolean
  /** Waits that long, or until the time is over. */
  pause(ms: number): Promise<void>
  /** Notes that a fault has ended just now. */
  ended(what: string): void
  /** The time of the faults begins. */
  begin(): void
  /** Ends all processes of the scene; the servers stay. */
  close(): Promise<void>
}

export interface SceneOptions {
  readonly servers: Servers
  /** Of the faults, once they began. */
  readonly seconds: number
  /** From the acceptance of a comparison to its verdict. */
  readonly deadlineSeconds: number
  /** A folder that gets what hosts and judge have written. */
  readonly logs: string | undefined
  readonly tell: (what: string) => void
}

const hostCount = 2

export async function openScene({ servers, seconds, deadlineSeconds, logs, tell }: SceneOptions): Promise<Scene> {
  const folder = await mkdtemp(join(tmpdir(), 'quire-faults-'))
  const guarded = guardProcesses(folder)
  const name = `faults_${randomUUID().slice(0, 8)}`
  const topicPrefix = `${name}.`
  const url = await servers.postgres.createDatabase(name)
  const links = await Promise.all(
    Array.from({ length: hostCount }, () => createTcpProxy({ target: { host: '127.0.0.1', port: servers.postgres.port } })),
  )
  const judgeLog = join(folder, 'judge.jsonl')
  const judgePort = await freePort()
  const judge = fileURLToPath(new URL('./judge.ts', import.meta.url))
  const late = String(deadlineSeconds * 1_000 + 1_500)
  await guarded.start({
    file: process.execPath,
    args: [
      '--import',
      'tsx',
      judge,
      '--brokers',
      servers.kafka.brokers.join(','),
      '--port',
      String(judgePort),
      '--log',
      judgeLog,
      '--lateMs',
      late,
    ],
    log: join(folder, 'judge.log'),
  })
  const hosts = links.map((link, index) =>
    hostProcess({
      name: `host-${index + 1}`,
      folder,
      guarded,
      env: {
        QUIRE_DATABASE_URL: url.replace(`:${servers.postgres.port}/`, `:${link.port}/`),
        QUIRE_KAFKA_BROKERS: servers.kafka.brokers.join(','),
        QUIRE_KAFKA_GROUP_ID: name,
        QUIRE_TOPIC_PREFIX: topicPrefix,
        QUIRE_LLM_PROVIDER_SERVICE_URL: `http://127.0.0.1:${judgePort}`,
        QUIRE_CONTENT_SERVICE_URL: `http://127.0.0.1:${judgePort}/content`,
        // Few, so that each of them has work at any moment of a modest load.
        QUIRE_MAILBOX_PARTITIONS: '4',
        QUIRE_COMPARISON_DEADLINE_SECONDS: String(deadlineSeconds),
        // Off: nothing that is stuck may be helped out.
        QUIRE_MONITOR_INTERVAL_SECONDS: '0',
      },
    }),
  )
  const episodes: Episode[] = []
  let until = Number.POSITIVE_INFINITY
  return {
    servers,
    hosts,
    links,
    database: { name, url },
    topicPrefix,
    judgeLog,
    episodes,
    isOver: () => Date.now() >= until,
    pause: (ms) => sleep(Math.max(0, Math.min(ms, until - Date.now()))),
    ended(what) {
      episodes.push({ what, endedAt: Date.now() })
      tell(what)
    },
    begin() {
      until = Date.now() + seconds * 1_000
    },
    async close() {
      await (logs === undefined ? undefined : cp(folder, logs, { recursive: true }))
      await Promise.all(links.map((link) => link.close()))
      await guarded.close()
    },
  }
}
