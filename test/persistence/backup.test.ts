import { execFile } from 'node:child_process'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it, onTestFinished } from 'vitest'
import { batchActor } from '../../src/batch/batch.actor.ts'
import type { ComparisonRequest } from '../../src/batch/judge.ts'
import { batchAddress, batchInput } from '../../src/batch/request.ts'
import { verdictOf } from '../../src/batch/verdict.ts'
import { createQuire, type Quire, type QuireOptions } from '../../src/quire.ts'
import { startPostgres } from '../support/postgres.ts'

const run = promisify(execFile)
const address = batchAddress('kept')

/** A node on this database; its judge notes what it is asked, and says nothing. */
async function node(database: QuireOptions['database']): Promise<{ readonly quire: Quire; readonly asked: ComparisonRequest[] }> {
  const asked: ComparisonRequest[] = []
  const judge = { concurrency: 100, submit: async (comparison: ComparisonRequest) => void asked.push(comparison) }
  const actors = { batch: batchActor({ judge, content: { fetch: async (storageId) => `text of ${storageId}` } }) }
  const quire = await createQuire({ database, partitions: 4, actors })
  onTestFinished(() => quire.stop({ drainMs: 0 }))
  await quire.start()
  return { quire, asked }
}

async function answer(quire: Quire, comparisons: readonly ComparisonRequest[]): Promise<void> {
  for (const { id, essayA, essayB } of comparisons) {
    const winner = essayA.id < essayB.id ? 'Essay A' : 'Essay B'
    const decoded = verdictOf({ correlation_id: id, winner, justification: 'clearer', confidence: 4, provider: 'p', model: 'm' })
    if ('problem' in decoded) {
      throw new Error(decoded.problem)
    }
    const position = await quire.send(address, decoded.event, { id })
    await quire.whenProcessed(position)
  }
}

interface Place {
  /** Where a node finds its data. */
  readonly database: QuireOptions['database']
  backUp(): Promise<void>
  /** Puts what was backed up in the place of what is there. */
  restore(): Promise<void>
}

/** The files of a server, taken and put back while it does not run. */
async function serverFiles(): Promise<Place> {
  const server = await startPostgres()
  const kept = await mkdtemp(join(tmpdir(), 'quire-backup-'))
  onTestFinished(async () => {
    await server.stop()
    await rm(kept, { recursive: true, force: true })
  })
  const files = join(server.dataDir, 'db')
  return {
    database: server.url,
    async backUp() {
      await server.crash()
      await run('cp', ['-a', files, kept])
      await server.start()
    },
    async restore() {
      await server.crash()
      await rm(files, { recursive: true })
      await run('cp', ['-a', join(kept, 'db'), server.dataDir])
      await server.start()
    },
  }
}

async function dataFolder(): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), 'quire-backup-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const [data, kept] = [join(folder, 'data'), join(folder, 'kept')]
  return {
    database: { dataDir: data },
    backUp: () => cp(data, kept, { recursive: true }),
    async restore() {
      await rm(data, { recursive: true })
      await cp(kept, data, { recursive: true })
    },
  }
}

describe.each([
  { name: 'the files of a server', place: serverFiles },
  { name: 'a data folder', place: dataFolder },
])('a backup of $name', ({ place }) => {
  it('taken in the middle of a batch and restored after its end goes on from there, to the same result and the same ids', async () => {
    const { database, backUp, restore } = await place()
    const first = await node(database)
    const essays = ['a', 'b', 'c', 'd'].map((id) => ({ id, storageId: id }))
    await first.quire.create(address, batchInput({ batchId: 'kept', userId: 'me', essays }), { id: 'request' })
    await first.quire.waitFor(address, { state: 'WAITING_CALLBACKS' })
    await first.quire.whenIdle()
    await answer(first.quire, first.asked.slice(0, 2))
    await first.quire.stop()
    await backUp()

    const second = await node(database)
    await answer(second.quire, first.asked.slice(2))
    const before = await second.quire.waitFor(address, { tag: 'done' })
    await second.quire.whenIdle()
    const events = await second.quire.outputs(address)
    expect(events).toHaveLength(3)
    await second.quire.stop()
    await restore()

    const third = await node(database)
    await third.quire.whenIdle()
    expect((await third.quire.inspect(address)).progress).toMatchObject({ settled: 2, outstanding: 4 })
    await answer(third.quire, first.asked.slice(2))
    expect((await third.quire.waitFor(address, { tag: 'done' })).output).toEqual(before.output)
    await third.quire.whenIdle()
    expect((await third.quire.outputs(address)).map(({ id }) => id)).toEqual(events.map(({ id }) => id))
    expect([...second.asked, ...third.asked]).toEqual([])
  })
})
