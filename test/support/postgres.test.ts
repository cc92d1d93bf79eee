import pg from 'pg'
import { expect, it, onTestFinished, vi } from 'vitest'
import { startPostgres } from './postgres.ts'

it('a Postgres of the test loses nothing in a crash, answers 57P03 in recovery, and serves again when promoted', async () => {
  const postgres = await startPostgres()
  onTestFinished(() => postgres.stop())
  await query(postgres.url, 'create table kept (x int4)')
  await query(postgres.url, 'insert into kept values (1)')

  await postgres.crash()
  await expect(query(postgres.url, 'select 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  await postgres.start()
  expect(await query(postgres.url, 'select x from kept')).toEqual([{ x: 1 }])

  await postgres.crash()
  await postgres.startInRecovery()
  await vi.waitFor(() => expect(query(postgres.url, 'select 1')).rejects.toMatchObject({ code: '57P03' }), { timeout: 30_000 })
  await postgres.promote()
  expect(await query(postgres.url, 'select x from kept')).toEqual([{ x: 1 }])
})

async function query(url: string, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url })
  try {
    await client.connect()
    return (await client.query(text)).rows
  } finally {
    await client.end()
  }
}
