import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cp, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../..', import.meta.url))
const packageName = '@quire-cj/quire'
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc')
const nodeTypes = join(root, 'node_modules', '@types')

/** What an embedder writes: a judge of his own, four essays, a folder for the data. */
const tenLines = `
import { batchActor, batchAddress, batchInput, createQuire } from '${packageName}'

const judge = { submit: async ({ essayA, essayB }, { answer }) => answer({ winner: essayA.text.length > essayB.text.length ? 'Essay A' : 'Essay B', justification: 'longer', confidence: 3, provider: 'ruler', model: '1' }) }
const content = { fetch: async (storageId) => 'word '.repeat(storageId.length) }
const quire = await createQuire({ database: { dataDir: './data' }, actors: { batch: batchActor({ judge, content }) } })
await quire.start()
const essays = ['a', 'bb', 'ccc', 'dddd'].map((id) => ({ id, storageId: id }))
await quire.create(batchAddress('42'), batchInput({ batchId: '42', userId: 'me', essays }), { id: 'request-42' })
await quire.waitFor(batchAddress('42'), { tag: 'done' })
const ended = await quire.inspect(batchAddress('42'))
console.log(JSON.stringify({ state: ended.state, status: ended.progress.status }))
await quire.stop()
`

/** The types of all three entries, as a strict project sees them. */
const typed = `
import { batchActor, createQuire, type Content, type Judge, type Quire } from '${packageName}'
import { workCap, type Policy } from '${packageName}/judging'
import { createScenario, SimulatedClock } from '${packageName}/testing'

const judge: Judge = { submit: async (comparison, { answer }) => answer({ winner: 'Essay A', justification: comparison.essayA.text }) }
const content: Content = { fetch: async (storageId) => storageId }
export const made: Promise<Quire> = createQuire({ database: 'memory:', actors: { batch: batchActor({ judge, content }) } })
export const scenario: ReturnType<typeof createScenario> = createScenario({ actors: {} })
export const cap: (...given: Parameters<typeof workCap>) => number = workCap
export type Given = Policy
export const clock: SimulatedClock = new SimulatedClock()
// @ts-expect-error: a judge without submit is none; were the types absent, this line would be an error.
export const none: Judge = {}
`

let folder: string
let files: readonly string[]

/** The checkout once more: packing builds it, which empties the folder of the page, and other tests serve theirs meanwhile. */
async function checkoutOfItsOwn(): Promise<string> {
  const copy = await mkdtemp(join(tmpdir(), 'quire-checkout-'))
  const filter = (source: string): boolean => !['node_modules', '.git'].includes(relative(root, source))
  await cp(root, copy, { recursive: true, preserveTimestamps: true, filter })
  await symlink(join(root, 'node_modules'), join(copy, 'node_modules'))
  return copy
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'quire-packed-'))
  const checkout = await checkoutOfItsOwn()
  const packed = await run('npm', ['pack', '--json', '--pack-destination', folder], { cwd: checkout, maxBuffer: 10_000_000 })
  await rm(checkout, { recursive: true })
  // The build says what it does on stdout too: the list is the last thing there.
  const [tarball] = JSON.parse(packed.stdout.slice(packed.stdout.indexOf('[\n'))) as {
    readonly filename: string
    readonly files: readonly { readonly path: string }[]
  }[]
  files = (tarball?.files ?? []).map(({ path }) => path)
  await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'embedder', private: true, type: 'module' }))
  const install = ['install', '--prefer-offline', '--no-audit', '--no-fund', join(folder, tarball?.filename ?? '')]
  await run('npm', install, { cwd: folder, maxBuffer: 10_000_000 })
}, 300_000)
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('the packed package', () => {
  it('holds what is built from a source, what the command reads, and documents; nothing else', () => {
    const others = files.filter(
      (file) => !/^(docs|ops|dist\/page|examples\/essays)\/|^(README|CHANGELOG)\.md$|^LICENSE$|^package\.json$/.test(file),
    )
    const unmade = others.filter((file) => {
      const source = /^dist\/(.*?)(?:\.d\.ts|\.js)$/.exec(file)?.[1]
      return source === undefined || !existsSync(join(root, 'src', `${source}.ts`))
    })
    expect(unmade).toEqual(['examples/verdicts.csv'])
    for (const needed of ['dist/index.js', 'dist/index.d.ts', 'dist/host/main.js', 'dist/batch/tasks/worker.js', 'LICENSE', 'README.md']) {
      expect(files).toContain(needed)
    }
  })

  it('installed in an empty folder ranks a batch in ten lines, and nothing of the checkout is near', async () => {
    await writeFile(join(folder, 'embedder.mjs'), tenLines)
    const { stdout } = await run(process.execPath, ['embedder.mjs'], { cwd: folder })
    expect(JSON.parse(stdout)).toEqual({ state: 'COMPLETED', status: 'COMPLETE_STABLE' })
  })

  it('gives its types to a strict project, for all three entries', async () => {
    await writeFile(join(folder, 'typed.ts'), typed)
    const options = ['--strict', '--noEmit', '--module', 'nodenext', '--target', 'es2023', '--lib', 'es2024']
    const checked = await run(process.execPath, [tsc, ...options, '--typeRoots', nodeTypes, '--types', 'node', 'typed.ts'], {
      cwd: folder,
    }).catch((error: { readonly stdout: string }) => error)
    expect(checked.stdout).toBe('')
  })

  it('brings the command with it, and lets nobody reach behind its entries', async () => {
    const version = await run('npx', ['--no-install', 'quire', '--version'], { cwd: folder })
    const { version: expected } = createRequire(import.meta.url)('../../package.json') as { readonly version: string }
    expect(version.stdout.trim()).toContain(expected)
    await writeFile(join(folder, 'behind.mjs'), `await import('${packageName}/dist/quire.js')`)
    await expect(run(process.execPath, ['behind.mjs'], { cwd: folder })).rejects.toThrow(/ERR_PACKAGE_PATH_NOT_EXPORTED/)
  })
})
