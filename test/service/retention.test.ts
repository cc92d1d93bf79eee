import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { batchActor } from '../../src/batch/batch.actor.ts'
import { batchInput } from '../../src/batch/request.ts'
import { createArchiveFolder } from '../../src/persistence/archive-folder.ts'
import { createQuire } from '../../src/quire.ts'
import type { OutboundEvent } from '../../src/runtime/local-publisher.ts'
import { archiveOver } from '../../src/runtime/retention.ts'
import { silentLogger } from '../../src/runtime/system.ts'
import { freshDatabase } from '../ports/adapters.ts'
import { order } from '../support/machines/order.ts'
import { tablesWith } from '../support/tables-with.ts'

const planted = 'The lighthouse keeper kept two goats.'
const essays = ['a', 'b', 'c', 'd'].map((id) => ({ id, storageId: `t-${id}` }))
const request = (correlationId: string) => batchInput({ batchId: 'kept', correlationId, userId: 'u', essays })

async function folder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'quire-archive-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  return dir
}

/** A Quire on Postgres that keeps nothing longer than a moment, and what it said to the world. */
async function forgetful(archiveDir: string) {
  const database = await freshDatabase()
  const events: OutboundEvent[] = []
  const quire = await createQuire({
    database,
    partitions: 4,
    retentionMs: 1,
    monitorIntervalMs: 20,
    archiveDir,
    onEvent: (event) => void events.push(event),
    actors: {
      batch: batchActor({
        judge: {
          concurrency: 10,
          async submit({ essayA, essayB }, { answer }) {
            const winner = essayA.id < essayB.id ? 'Essay A' : 'Essay B'
            await answer?.({
              winner,
              justification: planted,
              confidence: 4,
              provider: 'mock',
              model: 'm',
              response_time_ms: 1,
              cost_estimate: 0,
            })
          },
        },
        content: { fetch: async (storageId) => `${planted} ${storageId}` },
      }),
    },
  })
  onTestFinished(() => quire.stop())
  await quire.start()
  return { quire, database, events }
}

async function filesIn(dir: string): Promise<string[]> {
  const names = await readdir(dir, { recursive: true })
  // A round that began before the last one's message was handled may be writing the same document once more.
  return names.filter((name) => name.endsWith('.jsonl'))
}

it('a batch that ended long ago is archived whole, then deleted; a later request is answered, and forgetting takes the archive too', async () => {
  const dir = await folder()
  const { quire, database, events } = await forgetful(dir)
  await quire.create('batch/kept', request('first'), { id: 'create' })
  await quire.waitFor('batch/kept', { state: 'ARCHIVED' })
  expect(await tablesWith(planted, database)).toEqual([])
  expect(events.map(({ topic }) => topic.replace(/^huleedu\./, ''))).toEqual([
    'cj_assessment.completed.v1',
    'assessment.result.published.v1',
    'resource.consumption.v1',
  ])

  const [file, ...more] = await filesIn(dir)
  expect(more).toEqual([])
  expect(file).toMatch(/^\d{4}-\d{2}\/batch-kept-[0-9a-f]{14}\.jsonl$/)
  const path = join(dir, file ?? '')
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  const lines = (await readFile(path, 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  expect(lines[0]).toMatchObject({ archive: 'quire', address: 'batch/kept' })
  expect(lines.at(-1)).toEqual({ rows: lines.length - 2 })
  const tables = new Set(lines.slice(1, -1).map(({ table }) => table))
  expect([...tables].sort()).toEqual(['actors', 'briefs', 'comparisons', 'journal', 'outbox', 'texts'])
  expect(lines.filter(({ table }) => table === 'texts')).toHaveLength(4)

  await expect(quire.inspect('batch/kept')).rejects.toThrow(/was archived at .+ by retention; its archive is /)
  await quire.create('batch/kept', request('first'), { id: 'the same once more' })
  await quire.create('batch/kept', request('second'), { id: 'another' })
  await quire.whenIdle()
  expect(events.slice(3)).toMatchObject([
    {
      topic: expect.stringContaining('cj_assessment.failed'),
      payload: { data: { system_metadata: { error_info: { reason: 'already_assessed' } } } },
    },
  ])
  expect((await quire.journal('batch/kept')).map(({ kind, ignored }) => [kind, ignored])).toEqual([
    ['act', null],
    ['create', 'the actor was archived'],
    ['create', 'the actor was archived'],
  ])
  expect(await filesIn(dir)).toEqual([file])
  const name = file ?? ''
  expect(await quire.forget('batch/kept', { by: 'ada', id: 'forget' })).toEqual({ archive: { name, deleted: true } })
  expect(await filesIn(dir)).toEqual([])
  await expect(quire.inspect('batch/kept')).rejects.toThrow(/was forgotten at .+ by ada/)
})

it('nothing is deleted that could not be archived; the next round tries again', async () => {
  const dir = join(await folder(), 'archive')
  await writeFile(dir, 'a file where the folder should be')
  const { quire, database } = await forgetful(dir)
  await quire.create('batch/kept', request('first'), { id: 'create' })
  await quire.waitFor('batch/kept', { tag: 'done' })
  await quire.whenIdle()
  const { rounds } = quire.status.getSnapshot().context.monitor
  await new Promise<void>((resolve) => {
    quire.status.subscribe(({ context }) => context.monitor.rounds >= rounds + 2 && resolve())
  })
  expect(await tablesWith(planted, database)).toContain('texts')
  await rm(dir)
  await quire.waitFor('batch/kept', { state: 'ARCHIVED' })
  expect(await tablesWith(planted, database)).toEqual([])
  expect(await filesIn(dir)).toHaveLength(1)
})

it('is archived before its deletion is asked for, and after a crash between the two once more, under the same name', async () => {
  const dir = await folder()
  const folderArchive = createArchiveFolder(dir)
  const order: string[] = []
  const parts = {
    store: {
      over: async () => [{ partition: 0, address: 'batch/a b', seq: 7, stateSince: Date.UTC(2026, 0, 31) }],
      storedOf: async () => [{ table: 'actors', row: { address: 'batch/a b' } }],
      actor: async () => undefined,
    },
    archive: {
      ...folderArchive,
      async write(name: string, lines: readonly object[]) {
        await folderArchive.write(name, lines)
        order.push(`written ${name}`)
      },
    },
    logger: silentLogger,
    owned: () => [0],
    now: () => Date.UTC(2026, 5, 1),
    terms: [{ type: 'batch', keepMs: 1 }],
  }
  const crash = new Error('the process dies here')
  await expect(archiveOver({ ...parts, mailbox: { append: () => Promise.reject(crash) } })).rejects.toBe(crash)
  const append = async (messages: readonly { readonly id: string }[]) => {
    order.push(...messages.map(({ id }) => `asked ${id}`))
    return []
  }
  expect(await archiveOver({ ...parts, mailbox: { append } })).toBe(1)
  const [name] = await filesIn(dir)
  expect(name).toMatch(/^2026-01\/batch-a_b-/)
  expect(order).toEqual([`written ${name}`, `written ${name}`, 'asked archive-7'])
  expect(await filesIn(dir)).toEqual([name])
})

it('is not begun without a place for the archives', async () => {
  await expect(createQuire({ database: 'memory:', actors: {}, retentionMs: 1 })).rejects.toThrow(/archiveDir/)
})

it('is told for each actor type by its definition, before the one for all', async () => {
  const archiveDir = await folder()
  const quire = await createQuire({
    database: await freshDatabase(),
    partitions: 4,
    retentionMs: 1,
    monitorIntervalMs: 20,
    archiveDir,
    actors: { order: order(), kept: { ...order(), retentionDays: 0 }, month: { ...order(), retentionDays: 30 } },
  })
  onTestFinished(() => quire.stop())
  await quire.start()
  for (const type of ['kept', 'month', 'order']) {
    await quire.create(`${type}/1`, { amount: 5 }, { id: 'c' })
    await quire.waitFor(`${type}/1`, { tag: 'done' })
  }
  await expect.poll(() => filesIn(archiveDir), { timeout: 20_000 }).toHaveLength(1)
  await expect.poll(() => quire.inspect('order/1').catch(String), { timeout: 20_000 }).toMatch(/archived/)
  // Two more rounds at least have passed over the others when a later actor is gone.
  await quire.create('order/2', { amount: 5 }, { id: 'c' })
  await expect.poll(() => filesIn(archiveDir), { timeout: 20_000 }).toHaveLength(2)
  await expect.poll(async () => (await quire.actors({ limit: 10 })).map(({ address }) => address)).toEqual(['kept/1', 'month/1'])
})

it('of a definition is not begun without a place for the archives either', async () => {
  const actors = { order: { ...order(), retentionDays: 30 } }
  await expect(createQuire({ database: 'memory:', actors })).rejects.toThrow(/archiveDir/)
  const wrong = { order: { ...order(), retentionDays: -1 } }
  await expect(createQuire({ database: 'memory:', actors: wrong, archiveDir: await folder() })).rejects.toThrow(/retentionDays/)
})
