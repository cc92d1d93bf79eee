import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { inject } from 'vitest'
import { openPGlite, openPostgres } from '../../src/persistence/database.ts'
import { createTableMailbox } from '../../src/persistence/mailbox/table-mailbox.ts'
import { createStore } from '../../src/persistence/store.ts'
import type { Mailbox, Store } from '../../src/runtime/ports.ts'
import { systemClock } from '../../src/runtime/system.ts'
import { createMemoryDatabase } from '../../src/testing/memory-database.ts'
import { createMemoryMailbox } from '../../src/testing/memory-mailbox.ts'
import { createMemoryStore } from '../../src/testing/memory-store.ts'

/** A fresh, empty database behind the ports. */
export interface Adapter {
  readonly store: Store
  readonly mailbox: Mailbox
  close(): Promise<void>
}

export const partitions = 4

/** What the port suites run over: the stand-in of the test kit and the real things. */
export const adapters: readonly { readonly name: string; open(): Promise<Adapter> }[] = [
  { name: 'memory', open: openMemory },
  { name: 'PGlite', open: openEmbedded },
  { name: 'Postgres', open: openServer },
]

async function openMemory(): Promise<Adapter> {
  const database = createMemoryDatabase()
  const store = createMemoryStore(database, systemClock)
  return { store, mailbox: createMemoryMailbox(database, systemClock), close: () => store.close() }
}

async function openEmbedded(): Promise<Adapter> {
  const dataDir = await mkdtemp(join(tmpdir(), 'quire-ports-'))
  const database = await openPGlite({ dataDir, schema: 'quire', clock: systemClock })
  const store = createStore(database, systemClock)
  return {
    store,
    mailbox: createTableMailbox(database, partitions, systemClock),
    async close() {
      await store.close()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

async function openServer(): Promise<Adapter> {
  const database = openPostgres({ server: await freshDatabase(), schema: 'quire', clock: systemClock })
  const store = createStore(database, systemClock)
  return { store, mailbox: createTableMailbox(database, partitions, systemClock), close: () => store.close() }
}

/** Connection string of a new database on the test run's Postgres. */
export async function freshDatabase(): Promise<string> {
  const url = inject('postgresUrl')
  const name = `t${randomUUID().replaceAll('-', '')}`
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query(`create database ${name}`)
  await client.end()
  return url.replace(/\/postgres$/, `/${name}`)
}
