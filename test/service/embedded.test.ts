import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { Counter, Registry } from 'prom-client'
import { expect, it, onTestFinished } from 'vitest'
import { createBatchService } from '../../src/host/service.ts'
import { freshDatabase } from '../ports/adapters.ts'
import { testService, whenReady } from '../support/batch-service.ts'
import { requestEnvelope } from '../support/kafka/platform.ts'

it('uses the pool and the registry of its host, and ends neither', async () => {
  const pool = new pg.Pool({ connectionString: await freshDatabase() })
  onTestFinished(() => pool.end())
  const registry = new Registry()
  const hosts = new Counter({ name: 'host_requests_total', help: 'Of the host.', registers: [registry] })
  hosts.inc(3)
  const made = await testService({ pool, registry })
  await whenReady(made)
  expect(await made.call('POST', '/v1/batches', { body: requestEnvelope('b-1', 4) })).toMatchObject({ status: 202 })
  await made.service.quire.waitFor('batch/b-1', { state: 'WAITING_CALLBACKS' })
  expect((await pool.query(`select state from quire.actors where address = 'batch/b-1'`)).rows).toEqual([{ state: 'WAITING_CALLBACKS' }])
  const { text } = await made.call('GET', '/metrics')
  expect(text).toContain('host_requests_total 3')
  expect(text).toContain('quire_partitions_owned 4')
  // The host says itself what its process uses.
  expect(text).not.toContain('process_cpu_seconds_total')
  await made.service.stop()
  expect(await registry.metrics()).toContain('host_requests_total 3')
  expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }])
})

it('refuses a registry that holds the metrics of another service, and leaves the data folder to a next try', async () => {
  const registry = new Registry()
  const options = { judge: { submit: async () => {} }, content: { fetch: async () => '' }, registry }
  const first = await createBatchService({ ...options, settings: { databaseUrl: await freshDatabase() } })
  onTestFinished(() => first.stop())
  const dataDir = await mkdtemp(join(tmpdir(), 'quire-embedded-'))
  onTestFinished(() => rm(dataDir, { recursive: true, force: true }))
  await expect(createBatchService({ ...options, settings: { dataDir } })).rejects.toThrow(/registered/)
  const next = await createBatchService({ ...options, registry: new Registry(), settings: { dataDir } })
  await next.stop()
})
