import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { exitCodes } from '../../src/host/exit-codes.ts'
import { main, quire, quireWith } from '../support/command.ts'
import { loopbackServer, type Reply } from '../support/loopback-server.ts'

const examples = fileURLToPath(new URL('../../examples/essays', import.meta.url))
const verdicts = fileURLToPath(new URL('../../examples/verdicts.csv', import.meta.url))
const essays = ['alder', 'aspen', 'birch', 'cedar', 'elm', 'hazel', 'linden', 'maple', 'oak', 'poplar', 'rowan', 'willow']
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'quire-judges-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

interface Entry {
  readonly messageId: string
  readonly ignored: string | null
  readonly event: { readonly type?: string }
}

async function verdictsOf(batch: unknown, data: string): Promise<readonly Entry[]> {
  const { json } = await quire('journal', String(batch), '--data', data, '--json')
  return (json['journal'] as readonly Entry[]).filter(({ event }) => event.type === 'VERDICT')
}

describe('quire rank --judge FILE.csv', () => {
  it('ranks by the recorded judgements alone; run again it shows the same batch', async () => {
    const data = join(folder, 'csv')
    const first = await quire('rank', examples, '--judge', verdicts, '--data', data, '--json')
    expect(first).toMatchObject({
      code: 0,
      json: { essays: 12, comparisons: 48, status: 'COMPLETE_MAX_COMPARISONS', usage: { tokens: 0, cost: 0 } },
    })
    const ranking = first.json['ranking'] as readonly { readonly id: string }[]
    expect(ranking.map(({ id }) => id.slice(0, -4)).sort()).toEqual(essays)
    expect(ranking[0]?.id).toBe('alder.txt')
    const again = await quire('rank', examples, '--judge', verdicts, '--data', data, '--json')
    expect(again.json).toEqual(first.json)
    expect(await verdictsOf(first.json['batch'], data)).toHaveLength(48)
  })

  it('killed on the way goes on where it was, each judgement counted once', async () => {
    const data = join(folder, 'killed')
    const file = join(folder, 'many.csv')
    const rows = Array.from({ length: 1_200 }, (_, row) => {
      const [one, other] = [row % 12, (row + 1 + (row % 11)) % 12]
      return `${essays[one]},${essays[other]},${one < other ? 'A' : 'B'}`
    })
    await writeFile(file, ['essay_a,essay_b,winner', ...rows].join('\n'))
    const args = ['rank', examples, '--judge', file, '--data', data, '--json']
    const child = spawn(process.execPath, ['--import', 'tsx', main, ...args], { stdio: ['ignore', 'ignore', 'pipe'] })
    await new Promise<void>((resolve) => {
      child.stderr.on('data', (chunk: Buffer) => /comparisons [1-9]/.test(chunk.toString()) && resolve())
      child.once('exit', () => resolve())
    })
    child.kill('SIGKILL')
    const ran = await quire(...args)
    expect(ran).toMatchObject({ code: 0, json: { comparisons: 1_200 } })
    const counted = (await verdictsOf(ran.json['batch'], data)).filter(({ ignored }) => ignored === null)
    expect(new Set(counted.map(({ messageId }) => messageId)).size).toBe(1_200)
    expect((ran.json['ranking'] as readonly { readonly id: string }[]).map(({ id }) => id.slice(0, -4))).toEqual(essays)
  })

  it('names the line and the column of a mistake', async () => {
    const file = join(folder, 'wrong.csv')
    await writeFile(file, 'essay_a,essay_b,winner\nalder,oak,nobody\n')
    expect(await quire('rank', examples, '--judge', file)).toMatchObject({
      code: exitCodes.badInput,
      stderr: expect.stringContaining("wrong.csv:2, column winner: 'nobody' is none of the two"),
    })
  })
})

/** A model that prefers the essay whose text stands later in the alphabet. */
function chat(body: string): Reply {
  const { messages } = JSON.parse(body) as { readonly messages: readonly { readonly content: string }[] }
  const [a = '', b = ''] = [...(messages[1]?.content ?? '').matchAll(/begins \w+ ===\n(.*)/g)].map((match) => match[1])
  const content = JSON.stringify({ winner: a > b ? 'Essay A' : 'Essay B', justification: 'It is later.', confidence: 5 })
  return {
    status: 200,
    body: { model: 'small-1', choices: [{ message: { content } }], usage: { prompt_tokens: 500, completion_tokens: 50 } },
  }
}

async function threeEssays(name: string): Promise<string> {
  const path = await mkdtemp(join(folder, name))
  await Promise.all(['a', 'b', 'c'].map((id) => writeFile(join(path, `${id}.txt`), `${id}: a text.`)))
  return path
}

describe('quire rank --judge openai', () => {
  it('ranks by a chat endpoint, and tells tokens and price', async () => {
    await using server = await loopbackServer(({ body }) => chat(body))
    const path = await threeEssays('openai-')
    const options = ['--judge', 'openai', '--base-url', `${server.url}/v1`, '--model', 'small', '--price-in', '1', '--price-out', '10']
    const ran = await quireWith({ QUIRE_OPENAI_API_KEY: 'sk-a' }, 'rank', path, ...options, '--data', `${path}-data`, '--json')
    expect(ran).toMatchObject({
      code: 0,
      json: { comparisons: 3, status: 'COMPLETE_STABLE', usage: { tokens: 3 * 550, cost: 3 * (500 + 500) * 1e-6 } },
      stderr: expect.stringContaining('the texts are sent to 127.0.0.1'),
    })
    expect(ran.json['ranking']).toMatchObject([{ id: 'c.txt' }, { id: 'b.txt' }, { id: 'a.txt' }])
    expect(server.received.map(({ headers }) => headers.authorization)).toEqual(['Bearer sk-a', 'Bearer sk-a', 'Bearer sk-a'])
    expect(`${ran.stdout}${ran.stderr}`).not.toContain('sk-a')
  })

  it('with a wrong key fails at once and says why; with the right one it is another try', async () => {
    await using server = await loopbackServer(({ body, headers }) =>
      headers.authorization === 'Bearer right' ? chat(body) : { status: 401, body: { error: { message: 'Incorrect API key' } } },
    )
    const path = await threeEssays('key-')
    const args = ['rank', path, '--judge', 'openai', '--base-url', server.url, '--data', `${path}-data`, '--json']
    const wrong = await quireWith({ OPENAI_API_KEY: 'wrong' }, ...args)
    expect(wrong).toMatchObject({
      code: exitCodes.batchFailed,
      stderr: expect.stringContaining('judge: the endpoint answered 401: Incorrect API key'),
    })
    expect(server.received).toHaveLength(3)
    const right = await quireWith({ OPENAI_API_KEY: 'right' }, ...args)
    expect(right).toMatchObject({ code: 0, json: { comparisons: 3, batch: `${String(wrong.json['batch'])}-2` } })
    expect(right.stderr).toContain('this is another try')
  })

  it('plans without asking: comparisons, tokens and price, and no key is needed', async () => {
    await using server = await loopbackServer(({ body }) => chat(body))
    const path = await threeEssays('plan-')
    const options = ['--judge', 'openai', '--base-url', server.url, '--plan']
    const priced = await quire('rank', path, ...options, '--price-in', '2', '--price-out', '8', '--json')
    const { plan } = priced.json as {
      readonly plan: { readonly inputTokens: number; readonly outputTokens: number; readonly price: number }
    }
    expect(plan).toMatchObject({ essays: 3, pairs: 3, mostComparisons: 3, outputTokens: 270 })
    expect(plan.inputTokens).toBeGreaterThan(3 * 100)
    expect(plan.price).toBeCloseTo((plan.inputTokens * 2 + 270 * 8) / 1e6, 12)
    const unpriced = await quire('rank', path, ...options)
    expect(unpriced.stdout).toMatch(/at most 3 comparisons\n.*tokens in.*\nprice: not known; give --price-in and --price-out/)
    const recorded = await quire('rank', examples, '--judge', verdicts, '--plan', '--json')
    expect(recorded.json['plan']).toMatchObject({ mostComparisons: 48, inputTokens: 0, price: 0 })
    expect(server.received).toEqual([])
  })

  it('refuses options that cannot be used, in one sentence', async () => {
    const cases: readonly [args: readonly string[], code: number, message: string][] = [
      [['--judge', 'nobody'], exitCodes.usage, '--judge nobody is not known; give mock, openai, or a file'],
      [['--judge', 'openai'], exitCodes.badInput, 'needs a key; set QUIRE_OPENAI_API_KEY or OPENAI_API_KEY'],
      [['--judge', 'openai', '--base-url', 'somewhere'], exitCodes.badInput, "--base-url is 'somewhere'"],
      [['--judge', 'openai', '--price-in', '3'], exitCodes.badInput, 'give both --price-in and --price-out'],
      [['--judge', 'openai', '--rubric', join(folder, 'none')], exitCodes.badInput, 'none cannot be read'],
      [['--judge', join(folder, 'none.csv')], exitCodes.badInput, 'none.csv cannot be read'],
    ]
    const runs = await Promise.all(cases.map(([args]) => quire('rank', examples, ...args)))
    runs.forEach((ran, index) => {
      expect(ran).toMatchObject({ code: cases[index]?.[1], stderr: expect.stringContaining(String(cases[index]?.[2])) })
    })
  })
})
