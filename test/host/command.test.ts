import { spawn } from 'node:child_process'
import { chmod, cp, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { exitCodes } from '../../src/host/exit-codes.ts'
import { quire } from '../support/command.ts'
import { builtCommand } from '../support/built-command.ts'

// A test starts the command up to six times; with a database in it that is some seconds of a busy core each.
vi.setConfig({ testTimeout: 180_000 })

const examples = fileURLToPath(new URL('../../examples/essays', import.meta.url))
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'quire-command-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('quire demo', () => {
  it('ranks four essays with six comparisons, no server and no account; without the monitor alike', async () => {
    const [with_, without] = await Promise.all([quire('demo', '--json'), quire('demo', '--json', '--no-monitor')])
    expect(with_.json).toMatchObject({ essays: 4, comparisons: 6, distinctPairs: 6, status: 'COMPLETE_STABLE', trigger: 'callback' })
    expect(with_.json['ranking']).toMatchObject([
      { id: 'hazel.txt', rank: 1 },
      { id: 'birch.txt' },
      { id: 'cedar.txt' },
      { id: 'oak.txt', rank: 4 },
    ])
    expect(without.json['ranking']).toEqual(with_.json['ranking'])
  })

  it('killed on the way goes on and asks nothing twice', async () => {
    const ran = await quire('demo', '--crash', '--json')
    expect(ran.json).toMatchObject({ comparisons: 6, distinctPairs: 6, crashes: 1, askedTwice: 0 })
  })
})

describe('quire rank', () => {
  it('killed and run again goes on where it was; the stored batch can be looked at', async () => {
    const essays = join(folder, 'essays')
    const data = join(folder, 'data')
    await cp(examples, essays, { recursive: true })
    const args = [builtCommand, 'rank', essays, '--data', data, '--json']
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] })
    await new Promise<void>((resolve) => {
      child.stderr.on('data', (chunk: Buffer) => /comparisons [1-9]/.test(chunk.toString()) && resolve())
      child.once('exit', () => resolve())
    })
    child.kill('SIGKILL')
    const ran = await quire('rank', essays, '--data', data, '--json')
    expect(ran.code).toBe(0)
    expect(ran.json).toMatchObject({ essays: 12, trigger: 'callback' })
    const batch = String(ran.json['batch'])
    const { json: listed } = await quire('batches', '--data', data, '--json')
    expect(listed['batches']).toMatchObject([{ batch, state: 'COMPLETED' }])
    const [why, journal, result, cancelled] = [
      await quire('why', batch, '--data', data, '--json'),
      await quire('journal', batch, '--data', data, '--json'),
      await quire('result', batch, '--data', data, '--json'),
      await quire('cancel', batch, '--data', data, '--json'),
    ]
    expect(why.json).toMatchObject({ state: 'COMPLETED', waitsFor: 'nothing: it is done' })
    const verdicts = (journal.json['journal'] as { readonly messageId: string; readonly event: { readonly type?: string } }[]).filter(
      ({ event }) => event.type === 'VERDICT',
    )
    expect(new Set(verdicts.map(({ messageId }) => messageId)).size).toBe(ran.json['comparisons'])
    expect(result.json['scores']).toMatchObject({ ranking: ran.json['ranking'] })
    expect(cancelled).toMatchObject({ code: exitCodes.refused, stderr: expect.stringContaining('is COMPLETED already') })
  })

  it('says in one sentence what is wrong with a folder, and ends with the documented status', async () => {
    const make = async (name: string, files: Readonly<Record<string, string | Buffer>>): Promise<string> => {
      const path = join(folder, name)
      await mkdir(path, { recursive: true })
      await Promise.all(Object.entries(files).map(([file, content]) => writeFile(join(path, file), content)))
      return path
    }
    const cases: [string, RegExp][] = [
      [join(folder, 'missing'), /cannot be read/],
      [await make('empty', {}), /holds no \.txt or \.md file/],
      [await make('blank', { 'a.txt': 'text', 'b.txt': ' \n' }), /'b\.txt' is empty/],
      [await make('binary', { 'a.txt': Buffer.from([0xff, 0xfe, 0x00]) }), /'a\.txt' is not text in UTF-8/],
      [await make('huge', { 'a.txt': 'x'.repeat(1_048_577) }), /'a\.txt' has 1048577 bytes/],
      [await make('twice', { 'a.txt': 'x', 'A.txt': 'y' }), /are the same name but for its case/],
    ]
    for (const [path, message] of cases) {
      const ran = await quire('rank', path, '--data', join(folder, 'unused'))
      expect(ran).toMatchObject({ code: exitCodes.badInput, stderr: expect.stringMatching(message) })
    }
  })

  it('of one essay completes without a comparison', async () => {
    const path = join(folder, 'single')
    await mkdir(path)
    await writeFile(join(path, 'only.md'), 'The only essay.')
    const ran = await quire('rank', path, '--data', join(folder, 'single-data'), '--json')
    expect(ran.json).toMatchObject({ essays: 1, comparisons: 0, status: 'COMPLETE_INSUFFICIENT_ESSAYS' })
  })
})

describe('a data folder', () => {
  it('of a newer version is refused', async () => {
    const data = join(folder, 'newer')
    await mkdir(data)
    await writeFile(join(data, 'quire.json'), '{"formatVersion": 99}')
    expect(await quire('rank', examples, '--data', data)).toMatchObject({
      code: exitCodes.newerVersion,
      stderr: expect.stringMatching(/has format 99.*upgrade this process/),
    })
  })

  it('is closed to other users of the machine, also one that was open; what else stands in a folder stays open', async () => {
    const modeOf = async (path: string): Promise<string> => ((await stat(path)).mode & 0o777).toString(8)
    const [open, shared] = [join(folder, 'open'), join(folder, 'shared')]
    for (const data of [open, shared]) {
      await mkdir(data)
      await chmod(data, 0o755)
    }
    await writeFile(join(shared, 'other.txt'), '')
    for (const data of [open, shared, join(folder, 'new')]) {
      expect(await quire('migrate', '--data', data)).toMatchObject({ code: 0 })
    }
    expect(await modeOf(open)).toBe('700')
    expect(await modeOf(join(folder, 'new'))).toBe('700')
    expect([await modeOf(shared), await modeOf(join(shared, 'postgres'))]).toEqual(['755', '700'])
  })

  it('that is not writable, or a file, is refused with the remedy', async () => {
    const file = join(folder, 'a-file')
    await writeFile(file, '')
    await chmod(file, 0o400)
    expect(await quire('rank', examples, '--data', file)).toMatchObject({
      code: exitCodes.unwritable,
      stderr: expect.stringMatching(/cannot be used.*name another/),
    })
    expect(await readFile(file, 'utf8')).toBe('')
  })

  it('must be named for the commands on stored batches', async () => {
    expect(await quire('batches')).toMatchObject({ code: exitCodes.usage, stderr: expect.stringContaining('--data DIR or --database URL') })
    expect((await quire('nonsense')).code).toBe(exitCodes.usage)
    expect(await quire('batches', '--data', '')).toMatchObject({
      code: exitCodes.usage,
      stderr: expect.stringContaining('--data is empty'),
    })
    expect(await quire('rank', examples, '--data', '')).toMatchObject({ code: exitCodes.usage })
    const fresh = join(folder, 'fresh')
    await quire('migrate', '--data', fresh)
    expect(await quire('why', 'nobody', '--data', fresh)).toMatchObject({
      code: exitCodes.badInput,
      stderr: expect.stringContaining('no actor was born'),
    })
  })

  it('that was mistyped is not made by looking', async () => {
    const mistyped = join(folder, 'mistyped')
    for (const command of [['batches'], ['why', 'b'], ['journal', 'b'], ['dead-letters', 'list'], ['forget', 'b']]) {
      expect(await quire(...command, '--data', mistyped)).toMatchObject({
        code: exitCodes.badInput,
        stderr: expect.stringMatching(/mistyped holds no data of Quire; check --data/),
      })
    }
    await expect(stat(mistyped)).rejects.toThrow('ENOENT')
  })
})
