import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { expect, it, onTestFinished, vi } from 'vitest'
import { freshDatabase } from '../ports/adapters.ts'
import { manyFailures } from '../../src/runtime/failure-streaks.ts'
import { quire, quireWith } from '../support/command.ts'

// A test starts the command up to seven times; with a database in it that is some seconds of a busy core each.
vi.setConfig({ testTimeout: 180_000 })

async function query(url: string, text: string): Promise<readonly Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  return await client
    .query<Record<string, unknown>>(text)
    .then(({ rows }) => rows)
    .finally(() => client.end())
}

async function folder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'quire-migrate-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  return dir
}

it.each([
  { name: 'a Postgres', place: async () => ['--database', await freshDatabase()] },
  { name: 'a data folder', place: async () => ['--data', await folder()] },
])('$name is checked without a change, migrated once, and up to date then', async ({ place }) => {
  const where = await place()
  const before = await quire('migrate', '--check', '--json', ...where)
  expect(before).toMatchObject({ code: 11, json: { upToDate: false } })
  const { pending } = before.json as { readonly pending: readonly string[] }
  expect(pending).toEqual(expect.arrayContaining(['0001-initial', 'table texts 0001']))
  expect(await quire('migrate', '--json', ...where)).toMatchObject({ code: 0, json: { upToDate: true, applied: pending } })
  expect(await quire('migrate', '--check', '--json', ...where)).toMatchObject({ code: 0, json: { upToDate: true, pending: [] } })
})

it('the doctor names what is wrong with the environment and what stands still, each with a remedy, and goes on looking', async () => {
  const database = await freshDatabase()
  await quire('migrate', '--database', database)
  await query(database, `update quire.partitions set halted = '${manyFailures}' where id = 3`)
  const environment = { QUIRE_HTTP_PORT: 'x', QUIRE_DATBASE_SCHEMA: 'other', QUIRE_MAILBOX_PARTITIONS: '16' }
  const { code, json } = await quireWith(environment, 'doctor', '--json', '--database', database)
  expect(code).toBe(10)
  const remedy = expect.stringMatching(/\S/)
  expect((json['checks'] as readonly { readonly ok: boolean }[]).filter(({ ok }) => !ok)).toEqual([
    { name: 'settings', ok: false, detail: "QUIRE_HTTP_PORT is 'x'", remedy },
    { name: 'settings', ok: false, detail: 'QUIRE_DATBASE_SCHEMA is no setting of Quire', remedy },
    {
      name: 'log',
      ok: false,
      detail: 'a table of the database, 64 partitions; this process is configured for 16 partitions',
      remedy: 'set QUIRE_MAILBOX_PARTITIONS to 64',
    },
    { name: 'partition 3', ok: false, detail: expect.stringContaining('many-failures'), remedy: expect.stringContaining('deploy') },
  ])
  expect(json['checks']).toEqual(expect.arrayContaining([expect.objectContaining({ name: 'schema', ok: true })]))
})

it('the doctor makes no folder where there is none, and names it', async () => {
  const missing = join(await folder(), 'typo')
  const { code, json } = await quire('doctor', '--json', '--data', missing)
  expect([code, json['ok']]).toEqual([10, false])
  expect(json['checks']).toContainEqual({
    name: 'database',
    ok: false,
    detail: expect.stringContaining(missing),
    remedy: expect.stringContaining('--data'),
  })
  await expect(stat(missing)).rejects.toThrow(/ENOENT/)
})

it('what only a person mends is said at once by the commands that read', async () => {
  const database = await freshDatabase()
  await quire('migrate', '--database', database)
  const refused = await quireWith({ QUIRE_MAILBOX_PARTITIONS: '16' }, 'batches', '--database', database)
  expect(refused).toMatchObject({
    code: 5,
    stderr: expect.stringMatching(/the database refuses \(.*64 mailbox partitions.*\); mend that and try again/),
  })
})

it('a schema of a newer version is refused by both, a missing migration is named, and the stored number of partitions stays', async () => {
  const database = await freshDatabase()
  await quire('migrate', '--database', database)
  await query(database, "update quire.settings set value = '8' where name = 'partitions'")
  await query(database, 'delete from quire.partitions where id >= 8')
  await query(database, "delete from quire.migrations where name = 'table texts 0001'")
  await query(database, 'drop table quire.texts')
  expect(await quire('migrate', '--check', '--database', database)).toMatchObject({
    code: 11,
    stdout: expect.stringContaining('  table texts 0001'),
  })
  expect(await quire('doctor', '--json', '--database', database)).toMatchObject({ code: 10 })
  expect(await quire('migrate', '--database', database)).toMatchObject({ code: 0 })
  expect(await query(database, 'select count(*)::int as count from quire.partitions')).toEqual([{ count: 8 }])
  await query(database, "insert into quire.migrations (name) values ('9999-from-the-future')")
  for (const args of [['migrate'], ['migrate', '--check']]) {
    expect(await quire(...args, '--database', database)).toMatchObject({ code: 8, stderr: expect.stringContaining('9999-from-the-future') })
  }
})
