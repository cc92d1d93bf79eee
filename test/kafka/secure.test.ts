import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, copyFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { KafkaOptions } from '../../src/kafka/options.ts'
import { createQuire, type Quire } from '../../src/quire.ts'
import type { Logger } from '../../src/runtime/ports.ts'
import type { Status } from '../../src/runtime/status.ts'
import { freePorts } from '../support/free-port.ts'
import { describeWithOwnKafka } from '../support/kafka/describe-with-kafka.ts'
import { startKafka, type TestKafka } from '../support/kafka/start-kafka.ts'
import { lamp } from '../support/machines/lamp.ts'
import { startPostgres, type TestPostgres } from '../support/postgres.ts'

/** Gives a running Postgres a certificate: its key must belong to the user it runs as. */
async function encrypt({ url, dataDir }: TestPostgres, key: string, certificate: string): Promise<void> {
  const { uid, gid } = statSync(join(dataDir, 'db'))
  for (const [source, name] of [
    [key, 'server.key'],
    [certificate, 'server.crt'],
  ] as const) {
    const target = join(dataDir, 'db', name)
    copyFileSync(source, target)
    chownSync(target, uid, gid)
    chmodSync(target, 0o600)
  }
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query('alter system set ssl = on')
  await client.query('select pg_reload_conf()')
  await client.end()
}

describeWithOwnKafka('servers that want TLS and passwords', () => {
  const folder = mkdtempSync(join(tmpdir(), 'quire-tls-'))
  const secret = 'correct-horse-battery'
  const wrong = 'wrong-donkey-charger'
  let kafka: TestKafka
  let postgres: TestPostgres
  let port = 0
  const lines: string[] = []
  const log = (fields: object, message: string): void => void lines.push(`${message} ${JSON.stringify(fields)}`)
  const logger: Logger = { debug: log, info: log, warn: log, error: log }

  beforeAll(async () => {
    const [key, certificate, both] = ['key.pem', 'certificate.pem', 'both.pem'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ]
    const self = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=localhost']
    execFileSync('openssl', ['req', ...self, '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', certificate], {
      stdio: 'ignore',
    })
    writeFileSync(both, readFileSync(key, 'utf8') + readFileSync(certificate, 'utf8'))
    chmodSync(folder, 0o755)
    ;[port = 0] = await freePorts(1)
    const secure = { port, pemFile: both, username: 'quire', password: secret }
    ;[kafka, postgres] = await Promise.all([startKafka({ secure }), startPostgres()])
    await encrypt(postgres, key, certificate)
  }, 300_000)
  afterAll(async () => {
    await Promise.all([kafka.stopAll(), postgres.stop()])
    rmSync(folder, { recursive: true, force: true })
  })

  async function running(password: string, database: string, ssl: KafkaOptions['ssl']): Promise<Quire> {
    const sasl = { mechanism: 'plain', username: 'quire', password } as const
    const options = { brokers: [`127.0.0.1:${port}`], sasl, ...(ssl === undefined ? {} : { ssl }) }
    const quire = await createQuire({ database, kafka: options, partitions: 2, actors: { lamp }, logger })
    await quire.start()
    return quire
  }

  const authority = (): KafkaOptions['ssl'] => ({ ca: readFileSync(join(folder, 'certificate.pem'), 'utf8') })
  const trusted = (url: string): string => `${url}?sslmode=verify-full&sslrootcert=${join(folder, 'certificate.pem')}`

  /** The status when a server is in the state asked for. */
  const when = (quire: Quire, holds: (status: Status) => boolean): Promise<Status> =>
    new Promise((resolve) => {
      const look = (status: Status): void => {
        if (holds(status)) {
          subscription.unsubscribe()
          resolve(status)
        }
      }
      const subscription = quire.status.subscribe(({ context }) => look(context))
      look(quire.status.getSnapshot().context)
    })

  it('are used through both, from the log to the database', async () => {
    const quire = await running(secret, trusted(await postgres.createDatabase('secure')), authority())
    await quire.create('lamp/1', { litForMs: 600_000 }, { id: 'create', timeoutMs: 30_000 })
    expect(await quire.ask('lamp/1', { type: 'PRESS' }, { id: 'press', timeoutMs: 30_000 })).toMatchObject({ state: 'on' })
    await quire.stop()
  })

  it('refuse a wrong password: the status says so plainly, and no log line, status or error holds a secret', async () => {
    const database = trusted(await postgres.createDatabase('refused')).replace('quire:quire@', `quire:${wrong}@`)
    const quire = await running(wrong, database, authority())
    const status = await when(quire, ({ database: db, broker }) => db.state === 'blocked' && broker?.state === 'blocked')
    expect(status).toMatchObject({ database: { reason: 'authentication' }, broker: { reason: 'authentication' } })
    const refusal = await quire.send('lamp/1', { type: 'PRESS' }, { id: 'x', timeoutMs: 100 }).catch((error: unknown) => String(error))
    await quire.stop()
    const told = [...lines, JSON.stringify(status), refusal].join('\n')
    expect(told).toContain('authentication')
    expect(told).not.toContain(wrong)
    expect(told).not.toContain(secret)
  })

  it('are not trusted without their authority', async () => {
    const quire = await running(secret, await postgres.createDatabase('untrusted'), true)
    expect((await when(quire, ({ broker }) => broker?.state === 'blocked')).broker).toMatchObject({ reason: 'TLS certificate' })
    await quire.stop()
  })
})
