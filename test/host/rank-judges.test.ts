import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rank } from '../../src/host/cli/rank.ts'
import { openStored } from '../../src/host/cli/stored.ts'
import { exitCodeOf } from '../../src/host/command-error.ts'
import { exitCodes } from '../../src/host/exit-codes.ts'
import { quire } from '../support/command.ts'
import { loopbackServer, type Reply } from '../support/loopback-server.ts'
import { builtCommand } from '../support/built-command.ts'

const examples = fileURLToPath(new URL('../../examples/essays', import.meta.url))
const verdicts = fileURLToPath(new URL('../../examples/verdicts.csv', import.meta.url))
const essays = ['alder', 'aspen', 'birch', 'cedar', 'elm', 'hazel', 'linden', 'maple', 'oak', 'poplar', 'rowan', 'willow']
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'quire-judges-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

interface Ranked {
  readonly code: number
  /** The JSON of the result, and the lines for people. */
  readonly value: Record<string, unknown>
  readonly said: string
  readonly error: string
}

/** The command in this process, with nothing of the machine's own settings. */
async function ranked(
  path: string,
  options: Readonly<Record<string, string | boolean>>,
  environment: NodeJS.ProcessEnv = {},
): Promise<Ranked> {
  const said: string[] = []
  let value: Record<string, unknown> = {}
  const output = {
    say: (line: string) => void said.push(line),
    progress: () => {},
    progressEnds: () => {},
    result(given: object, lines: readonly string[]) {
      value = given as Record<string, unknown>
      said.push(...lines)
    },
  }
  const end = await rank(path, options, output, environment).then(
    () => ({ code: 0, error: '' }),
    (error: unknown) => ({ code: exitCodeOf(error), error: (error as Error).message }),
  )
  return { ...end, value, said: said.join('\n') }
}

/** Ids of the verdicts that counted, from the journal. */
async function verdictsOf(batch: unknown, data: string): Promise<readonly string[]> {
  const stored = await openStored({ data }, { say() {}, progress() {}, progressEnds() {}, result() {} }, {})
  try {
    const journal = await stored.journal(`batch/${String(batch)}`)
    return journal
      .filter(({ event, ignored }) => ignored === null && (event as { readonly type?: string }).type === 'VERDICT')
      .map(({ messageId }) => messageId)
  } finally {
    await stored.close()
  }
}

describe('quire rank --judge FILE.csv', () => {
  it('ranks by the recorded judgements alone; run again it shows the same batch', async () => {
    const data = join(folder, 'csv')
    const first = await ranked(examples, { judge: verdicts, data })
    expect(first).toMatchObject({
      code: 0,
      value: { essays: 12, comparisons: 48, status: 'COMPLETE_MAX_COMPARISONS', usage: { tokens: 0, cost: 0 } },
    })
    const ranking = first.value['ranking'] as readonly { readonly id: string }[]
    expect(ranking.map(({ id }) => id.slice(0, -4)).sort()).toEqual(essays)
    expect(ranking[0]?.id).toBe('alder.txt')
    expect((await ranked(examples, { judge: verdicts, data })).value).toEqual(first.value)
    expect(await verdictsOf(first.value['batch'], data)).toHaveLength(48)
  })

  it('killed on the way goes on where it was, each judgement counted once', async () => {
    const data = join(folder, 'killed')
    const file = join(folder, 'many.csv')
    const rows = Array.from({ length: 200 }, (_, row) => {
      const [one, other] = [row % 12, (row + 1 + (row % 11)) % 12]
      return `${essays[one]},${essays[other]},${one < other ? 'A' : 'B'}`
    })
    await writeFile(file, ['essay_a,essay_b,winner', ...rows].join('\n'))
    const args = ['rank', examples, '--judge', file, '--data', data, '--json']
    const child = spawn(process.execPath, [builtCommand, ...args], { stdio: ['ignore', 'ignore', 'pipe'] })
    const ended = new Promise((resolve) => child.once('exit', (_, signal) => resolve(signal)))
    const begun = new Promise<void>((resolve) => {
      child.stderr.on('data', (chunk: Buffer) => /comparisons [1-9]/.test(chunk.toString()) && resolve())
    })
    await Promise.race([begun, ended])
    child.kill('SIGKILL')
    expect(await ended).toBe('SIGKILL')
    const ran = await ranked(examples, { judge: file, data })
    expect(ran).toMatchObject({ error: '', code: 0, value: { comparisons: 200 } })
    const counted = await verdictsOf(ran.value['batch'], data)
    expect([counted.length, new Set(counted).size]).toEqual([200, 200])
    expect((ran.value['ranking'] as readonly { readonly id: string }[]).map(({ id }) => id.slice(0, -4))).toEqual(essays)
  }, 180_000)

  it('of a batch that was forgotten is another try', async () => {
    const data = join(folder, 'forgotten')
    const { value } = await ranked(examples, { judge: verdicts, data })
    const batch = String(value['batch'])
    expect(await quire('forget', batch, '--data', data)).toMatchObject({ code: 0 })
    const again = await ranked(examples, { judge: verdicts, data })
    expect(again).toMatchObject({ code: 0, value: { batch: `${batch}-try2`, comparisons: 48 } })
    expect(again.said).toMatch(/was forgotten at .*; this is another try/)
  }, 60_000)

  it('names the line and the column of a mistake', async () => {
    const file = join(folder, 'wrong.csv')
    await writeFile(file, 'essay_a,essay_b,winner\nalder,oak,nobody\n')
    expect(await ranked(examples, { judge: file })).toMatchObject({
      code: exitCodes.badInput,
      error: expect.stringContaining("wrong.csv:2, column winner: 'nobody' is none of the two"),
    })
  })
})

/** A model that prefers the essay whose text stands later in the alphabet. */
function chat(body: string, said?: string): Reply {
  const { messages } = JSON.parse(body) as { readonly messages: readonly { readonly content: string }[] }
  const [a = '', b = ''] = [...(messages[1]?.content ?? '').matchAll(/begins \w+ ===\n(.*)/g)].map((match) => match[1])
  const content = said ?? JSON.stringify({ winner: a > b ? 'Essay A' : 'Essay B', justification: 'It is later.', confidence: 5 })
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
    const options = { judge: 'openai', baseUrl: `${server.url}/v1`, model: 'small', priceIn: '1', priceOut: '10', data: `${path}-data` }
    const ran = await ranked(path, options, { QUIRE_OPENAI_API_KEY: 'sk-a' })
    expect(ran).toMatchObject({
      code: 0,
      value: { comparisons: 3, status: 'COMPLETE_STABLE', usage: { tokens: 3 * 550, cost: 3 * (500 + 500) * 1e-6 } },
      said: expect.stringMatching(/the texts are sent to 127\.0\.0\.1[^]*3 comparisons of 3 essays, 1650 tokens, 0\.0030 USD/),
    })
    expect(ran.value['ranking']).toMatchObject([{ id: 'c.txt' }, { id: 'b.txt' }, { id: 'a.txt' }])
    expect(server.received.map(({ headers }) => headers.authorization)).toEqual(['Bearer sk-a', 'Bearer sk-a', 'Bearer sk-a'])
    expect(`${ran.said}${JSON.stringify(ran.value)}`).not.toContain('sk-a')
  })

  it('stopped by Ctrl-C says so, and goes on when it is run again', async () => {
    let stop = (): void => {}
    await using server = await loopbackServer(({ body }) => {
      if (server.received.length > 1) {
        stop()
        return 'silence'
      }
      return chat(body)
    })
    const path = await threeEssays('interrupted-')
    const data = `${path}-data`
    const args = ['rank', path, '--judge', 'openai', '--base-url', server.url, '--requests-per-minute', '0', '--data', data, '--json']
    const child = spawn(process.execPath, [builtCommand, ...args], { stdio: ['ignore', 'ignore', 'pipe'] })
    let said = ''
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString()
    })
    stop = () => void child.kill('SIGINT')
    expect(await new Promise((resolve) => child.once('close', resolve))).toBe(130)
    expect(said).toContain('quire: stopped by Ctrl-C; run it again to go on')
    server.reply = ({ body }) => chat(body)
    const options = { judge: 'openai', baseUrl: server.url, requestsPerMinute: '0', data }
    expect(await ranked(path, options)).toMatchObject({ code: 0, value: { comparisons: 3, status: 'COMPLETE_STABLE' } })
  }, 60_000)

  it('counts what unusable answers cost, and asks again', async () => {
    let calls = 0
    await using server = await loopbackServer(({ body }) => (++calls === 2 ? chat(body, 'Both are fine.') : chat(body)))
    const path = await threeEssays('unusable-')
    const options = { judge: 'openai', baseUrl: server.url, priceIn: '1', priceOut: '10', data: `${path}-data` }
    const ran = await ranked(path, options, { QUIRE_OPENAI_API_KEY: 'sk-a' })
    expect(ran).toMatchObject({
      code: 0,
      value: { comparisons: 3, status: 'COMPLETE_STABLE', usage: { tokens: 4 * 550, cost: 4 * (500 + 500) * 1e-6 } },
      said: expect.stringContaining("judge: the model's answer is no verdict"),
    })
  })

  it('with a wrong key fails at once and says why; with the right one it is another try', async () => {
    await using server = await loopbackServer(({ body, headers }) =>
      headers.authorization === 'Bearer right' ? chat(body) : { status: 401, body: { error: { message: 'Incorrect API key' } } },
    )
    const path = await threeEssays('key-')
    const options = { judge: 'openai', baseUrl: server.url, data: `${path}-data` }
    const wrong = await ranked(path, options, { OPENAI_API_KEY: 'wrong' })
    expect(wrong).toMatchObject({
      code: exitCodes.batchFailed,
      said: expect.stringContaining('judge: the endpoint answered 401: Incorrect API key'),
    })
    expect(server.received).toHaveLength(3)
    const right = await ranked(path, options, { OPENAI_API_KEY: 'right' })
    expect(right).toMatchObject({ code: 0, value: { comparisons: 3, batch: `${String(wrong.value['batch'])}-try2` } })
    expect(right.said).toContain('this is another try')
  })

  it('plans without asking: comparisons, tokens and price, and no key is needed', async () => {
    await using server = await loopbackServer(({ body }) => chat(body))
    const path = await threeEssays('plan-')
    const options = { judge: 'openai', baseUrl: server.url, plan: true }
    const priced = await ranked(path, { ...options, priceIn: '2', priceOut: '8' })
    const { plan } = priced.value as { readonly plan: { readonly inputTokens: number; readonly price: number } }
    expect(plan).toMatchObject({ essays: 3, pairs: 3, mostComparisons: 3, outputTokens: 270 })
    expect(plan.inputTokens).toBeGreaterThan(3 * 100)
    expect(plan.price).toBeCloseTo((plan.inputTokens * 2 + 270 * 8) / 1e6, 12)
    expect((await ranked(path, options)).said).toMatch(
      /at most 3 comparisons\n.*tokens in.*\nprice: not known; give --price-in and --price-out/,
    )
    expect((await ranked(examples, { judge: verdicts, plan: true })).value['plan']).toMatchObject({
      mostComparisons: 48,
      inputTokens: 0,
      price: 0,
    })
    expect((await ranked(examples, { plan: true, maxComparisons: '300' })).value['plan']).toMatchObject({ mostComparisons: 132 })
    expect(server.received).toEqual([])
  })

  it('refuses options that cannot be used, in one sentence', async () => {
    const cases: readonly [options: Readonly<Record<string, string>>, code: number, message: string][] = [
      [{ judge: 'nobody' }, exitCodes.usage, '--judge nobody is not known; give mock, openai, or a file'],
      [{ judge: 'openai' }, exitCodes.badInput, 'needs a key; set QUIRE_OPENAI_API_KEY or OPENAI_API_KEY'],
      [{ judge: 'openai', baseUrl: 'somewhere' }, exitCodes.badInput, "--base-url is 'somewhere'"],
      [{ judge: 'openai', priceIn: '3' }, exitCodes.badInput, 'give both --price-in and --price-out'],
      [{ judge: 'openai', requestsPerMinute: '-1', baseUrl: 'http://127.0.0.1:1' }, exitCodes.badInput, "--requests-per-minute is '-1'"],
      [{ maxComparisons: 'many' }, exitCodes.badInput, "--max-comparisons is 'many'; give a positive whole number"],
      [{ judge: 'openai', rubric: join(folder, 'none') }, exitCodes.badInput, 'none cannot be read'],
      [{ judge: join(folder, 'none.csv') }, exitCodes.badInput, 'none.csv cannot be read'],
    ]
    for (const [options, code, message] of cases) {
      expect(await ranked(examples, options)).toMatchObject({ code, error: expect.stringContaining(message) })
    }
  })

  it('takes its options from the command line', async () => {
    const plan = ['rank', examples, '--judge', 'openai', '--model', 'm', '--price-in', '1', '--price-out', '2', '--plan', '--json']
    expect((await quire(...plan)).json).toMatchObject({
      judge: expect.stringMatching(/^openai-/),
      plan: { mostComparisons: 120, price: expect.any(Number) },
    })
  })
})
