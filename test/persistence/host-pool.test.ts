import pg from 'pg'
import { expect, it, onTestFinished } from 'vitest'
import { createQuire, type Quire } from '../../src/quire.ts'
import { freshDatabase } from '../ports/adapters.ts'
import { order } from '../support/machines/order.ts'

async function running(pool: pg.Pool, schema: string): Promise<Quire> {
  const quire = await createQuire({ database: { pool }, schema, actors: { order: order() }, partitions: 4 })
  onTestFinished(() => quire.stop())
  await quire.start()
  return quire
}

it('shares a pool with its host and with another Quire, and leaves it as it was', async () => {
  const url = new URL(await freshDatabase())
  // As hosts do it: the password apart, which pg hides from a copy of the options.
  const pool = new pg.Pool({
    host: url.hostname,
    port: Number(url.port),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    database: url.pathname.slice(1),
    max: 4,
  })
  onTestFinished(() => pool.end())
  const quires = [await running(pool, 'one'), await running(pool, 'two')]
  await Promise.all(
    quires.map(async (quire) => {
      await quire.create('order/1', { amount: 5 }, { id: 'c' })
      expect(await quire.waitFor('order/1', { tag: 'done' })).toMatchObject({ output: { receipt: 'r-5' } })
    }),
  )
  await Promise.all(quires.map((quire) => quire.stop()))
  // Open still, and int8 read as the host reads it.
  expect((await pool.query('select 1::int8 as one')).rows).toEqual([{ one: '1' }])
  expect(pool.listenerCount('error')).toBe(0)
})
