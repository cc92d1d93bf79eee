import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, it, onTestFinished, vi } from 'vitest'
import { batchInput } from '../../src/batch/request.ts'
import { actCommand } from '../../src/host/cli/act.ts'
import { discardDeadLetter, listDeadLetters, replayDeadLetter, showDeadLetter } from '../../src/host/cli/dead-letters.ts'
import { doctor } from '../../src/host/cli/doctor.ts'
import { migrateCommand } from '../../src/host/cli/migrate.ts'
import type { Output } from '../../src/host/cli/output.ts'
import { forgetCommand } from '../../src/host/cli/forget.ts'
import { showJournal, showResult, why } from '../../src/host/cli/inspect.ts'
import { listBatches } from '../../src/host/cli/list-batches.ts'
import { watchBatch } from '../../src/host/cli/watch.ts'
import { createBatchService } from '../../src/host/service.ts'
import { builtCommand } from '../support/built-command.ts'

const partitions = 4
// As the operator of this service has it.
beforeEach(() => void vi.stubEnv('QUIRE_MAILBOX_PARTITIONS', String(partitions)))
afterEach(() => void vi.unstubAllEnvs())

/** A service that holds a data folder: with a batch that waits, and a message for nobody. */
async function holding(): Promise<{ readonly data: string }> {
  const data = await mkdtemp(join(tmpdir(), 'quire-operators-'))
  const service = await createBatchService({
    settings: { dataDir: data, httpPort: 0, mailboxPartitions: partitions },
    judge: { submit: async () => undefined },
    content: { fetch: async (storageId) => `text ${storageId}` },
  })
  onTestFinished(async () => {
    await service.stop({ drainMs: 1_000 })
    await rm(data, { recursive: true, force: true })
  })
  await service.start()
  const essays = ['a', 'b', 'c', 'd'].map((id) => ({ id, storageId: id }))
  await service.quire.create('batch/held', batchInput({ batchId: 'held', userId: 'u', essays }), { id: 'create' })
  const stray = await service.quire.send('batch/unborn', { type: 'PAUSE' }, { id: 'stray' })
  await service.quire.waitFor('batch/held', { state: 'WAITING_CALLBACKS' })
  await service.quire.whenProcessed(stray)
  return { data }
}

interface Said {
  readonly value: object
  readonly lines: string
}

/** What a command says and gives. */
async function said(command: (output: Output) => Promise<void>): Promise<Said> {
  const lines: string[] = []
  let value: object = {}
  await command({
    say: (line) => void lines.push(line),
    progress() {},
    progressEnds() {},
    result(given, shown) {
      value = given
      lines.push(...shown)
    },
  })
  return { value, lines: lines.join('\n') }
}

it('operators act on a folder that a service holds: who and why are kept, refusals have the numbers, a batch is watched to its end', async () => {
  const options = await holding()
  const paused = await said((output) => actCommand('pause', 'held', { ...options, reason: 'a question' }, output))
  expect(paused.value).toMatchObject({ act: 'pause', paused: true })
  expect((await said((output) => actCommand('resume', 'held', options, output))).value).toMatchObject({ paused: false })
  await expect(said((output) => actCommand('force', 'held', options, output))).rejects.toThrow(/0 of 6 comparisons settled/)
  const watched = said((output) => watchBatch('held', options, output))
  const env = { ...process.env, QUIRE_DATABASE_URL: '', QUIRE_DATA_DIR: options.data }
  const { stdout } = await promisify(execFile)(process.execPath, [builtCommand, 'cancel', 'held', '--json'], { env })
  expect(JSON.parse(stdout)).toMatchObject({ act: 'cancel', state: 'CANCELLED' })
  expect((await watched).value).toEqual({ batch: 'held', state: 'CANCELLED', ranking: [] })
  const me = userInfo().username
  expect((await watched).lines).toMatch(new RegExp(`PAUSE -> WAITING_CALLBACKS  by ${me}: a question\n[^]*CANCEL -> CANCELLED  by ${me}\n`))
  await expect(said((output) => actCommand('pause', 'held', options, output))).rejects.toThrow('is CANCELLED already')
})

it('the doctor and the check of the schema look at a held folder too', async () => {
  const options = await holding()
  const { value } = await said((output) => doctor(options, output))
  expect(value).toMatchObject({ ok: true, checks: expect.arrayContaining([expect.objectContaining({ name: 'schema', ok: true })]) })
  expect((await said((output) => migrateCommand({ ...options, check: true }, output))).value).toEqual({ upToDate: true, pending: [] })
})

it('dead letters of a held folder are listed, shown, replayed and discarded', async () => {
  const options = await holding()
  const id = 'batch/unborn#stray'
  const listed = await said((output) => listDeadLetters(options, output))
  expect(listed.value).toMatchObject({ deadLetters: [{ id, cause: 'unknown-address', replayed: false }], more: false })
  expect((await said((output) => showDeadLetter(id, options, output))).lines).toContain('{"type":"PAUSE"}')
  expect((await said((output) => replayDeadLetter(id, options, output))).value).toMatchObject({
    position: { partition: expect.any(Number) },
  })
  // The message that was sent again is in the mailbox; it becomes a dead letter of its own when its turn comes.
  await expect
    .poll(async () => (await said((output) => listDeadLetters({ ...options, all: true }, output))).value)
    .toMatchObject({ deadLetters: [{ id, replayed: true }, {}] })
  await said((output) => discardDeadLetter(id, { ...options, reason: 'a typing error' }, output))
  const { lines } = await said((output) => showJournal('unborn', options, output))
  expect(lines).toContain(`DISCARD ${id}  by ${userInfo().username}: a typing error`)
  await expect(said((output) => showDeadLetter(id, options, output))).rejects.toThrow(/there is no dead letter/)
})

it('a batch of a held folder is forgotten by name; one that goes on only when told so', async () => {
  const options = await holding()
  await expect(said((output) => forgetCommand('held', options, output))).rejects.toThrow(/cancel it first/)
  await said((output) => actCommand('cancel', 'held', options, output))
  const forgotten = await said((output) => forgetCommand('held', { ...options, reason: 'asked by a parent' }, output))
  expect(forgotten.value).toEqual({ batch: 'held', archive: null, act: 'forget' })
  const { lines, value } = await said((output) => showJournal('held', options, output))
  expect(lines).toMatch(/FORGET -> FORGOTTEN {2}by .*: asked by a parent$/)
  expect((value as { readonly journal: readonly object[] }).journal.at(-1)).toMatchObject({
    event: { type: 'FORGET', by: userInfo().username, reason: 'asked by a parent' },
  })
  await expect(said((output) => why('held', options, output))).rejects.toMatchObject({ code: 'actor-gone' })
  await expect(said((output) => forgetCommand('never', options, output))).rejects.toMatchObject({ code: 'unknown-actor' })
})

it('batches of a held folder are listed by state, age and stuck; a ranking that is not there is no CSV', async () => {
  const options = await holding()
  const batches = async (given: object) => (await said((output) => listBatches({ ...options, ...given }, output))).value
  expect(await batches({ state: 'WAITING_CALLBACKS', olderThan: '0' })).toMatchObject({ batches: [{ batch: 'held' }], more: false })
  expect(await batches({ state: 'SCORING' })).toMatchObject({ batches: [] })
  expect(await batches({ olderThan: '3600' })).toMatchObject({ batches: [] })
  expect(await batches({ stuck: true })).toEqual({ batches: [], more: false })
  await expect(batches({ state: 'WAITING' })).rejects.toThrow(/--state is 'WAITING'; give one of INITIALIZING, .*CANCELLED/)
  await expect(batches({ olderThan: 'long' })).rejects.toThrow(/--older-than is 'long'; give whole seconds/)
  await expect(said((output) => showResult('held', { ...options, csv: true }, output))).rejects.toThrow(/held has no ranking: it waits for/)
})
