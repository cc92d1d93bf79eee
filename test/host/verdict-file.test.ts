import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { noBrief } from '../../src/batch/judging-brief.ts'
import { exitCodes } from '../../src/host/exit-codes.ts'
import { recordedJudge } from '../../src/host/recorded-judge.ts'
import { readVerdictFile } from '../../src/host/verdict-file.ts'

const essays = ['oak.txt', 'elm.txt', 'birch.md', 'birch.txt', 'öl.txt']
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'quire-verdicts-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function read(content: string | Uint8Array) {
  const path = join(folder, 'v.csv')
  await writeFile(path, content)
  return await readVerdictFile(path, essays)
}

describe('a file of judgements', () => {
  it('names essays by file name, with or without its ending, and the winner by name or place', async () => {
    const { verdicts } = await read(
      'essay_a,essay_b,winner,judge\noak.txt,elm,oak,Ines\nelm,oak.txt,B,\n\n"birch.md", birch.txt ,essay_a,Siri\no\u0308l,oak,Essay B,Siri\n',
    )
    expect(verdicts).toEqual([
      { essayA: 'oak.txt', essayB: 'elm.txt', winner: 'a', judge: 'Ines' },
      { essayA: 'elm.txt', essayB: 'oak.txt', winner: 'b', judge: 'v.csv' },
      { essayA: 'birch.md', essayB: 'birch.txt', winner: 'a', judge: 'Siri' },
      { essayA: 'öl.txt', essayB: 'oak.txt', winner: 'b', judge: 'Siri' },
    ])
  })

  it('may come from a spreadsheet: semicolons, a byte order mark, other columns in any order, CRLF', async () => {
    const { verdicts } = await read('\ufeffWinner;comment;Essay_B;Essay_A\r\nelm;"clear; short";elm;oak\r\n')
    expect(verdicts).toEqual([{ essayA: 'oak.txt', essayB: 'elm.txt', winner: 'b', judge: 'v.csv' }])
  })

  it('takes A for the place, and refuses it where it may as well be the name of the other essay', async () => {
    const file = join(folder, 'v.csv')
    const readAs = async (rows: string) => {
      await writeFile(file, `essay_a,essay_b,winner\n${rows}\n`)
      return (await readVerdictFile(file, ['a.txt', 'b.txt', 'c.txt'])).verdicts.map(({ winner }) => winner)
    }
    expect(await readAs('a,b,A\na,b,b\nb,a,a.txt\nb,c,A\nc,a,B\nb,a,b')).toEqual(['a', 'b', 'b', 'a', 'b', 'a'])
    await expect(readAs('a,b,A\nb,a,A')).rejects.toThrow(
      /v\.csv:3, column winner: 'A' may be the place or the other essay; write b\.txt or a\.txt/,
    )
    await expect(readAs('b,a,Essay A\nb.txt,a.txt,a')).rejects.toThrow(/v\.csv:3, column winner: 'a' may be the place/)
  })

  it('may begin with an empty line, and hold rows without any value', async () => {
    const { verdicts } = await read('\n\nessay_a;essay_b;winner\noak;elm;oak\n;;\n ; ;\nelm;oak;oak\n;;\n')
    expect(verdicts.map(({ winner }) => winner)).toEqual(['a', 'b'])
    await expect(read('essay_a,essay_b,winner\noak,elm,oak\n,,\nelm,oak,\n')).rejects.toThrow(/v\.csv:4, column winner: '' is none/)
  })

  it('has a digest of what it says, not of how it is written', async () => {
    const one = await read('essay_a,essay_b,winner\noak,elm,oak\n')
    const same = await read('essay_b;winner;essay_a\nelm.txt;A;oak.txt\n')
    const other = await read('essay_a,essay_b,winner\noak,elm,elm\n')
    expect(same.digest).toBe(one.digest)
    expect(other.digest).not.toBe(one.digest)
  })

  const mistakes: readonly [content: string | Uint8Array, message: RegExp][] = [
    ['', /v\.csv:1 has no column 'essay_a'/],
    ['essay_a,essay_b\noak,elm\n', /v\.csv:1 has no column 'winner'/],
    ['essay_a,essay_b,winner\n', /holds no judgement/],
    ['essay_a,essay_b,winner\noak,elm,oak\noak,ash,oak\n', /v\.csv:3, column essay_b: 'ash' names no essay/],
    ['essay_a,essay_b,winner\n\n\nbirch,elm,A\n', /v\.csv:4, column essay_a: 'birch' names no essay/],
    ['essay_a,essay_b,winner\noak\n', /v\.csv:2, column essay_b: '' names no essay/],
    ['essay_a,essay_b,winner\noak,oak.txt,A\n', /v\.csv:2, column essay_b: 'oak\.txt' is compared with itself/],
    ['essay_a,essay_b,winner\noak,elm,draw\n', /v\.csv:2, column winner: 'draw' is none of the two; write oak, elm, A or B/],
    ['essay_a,essay_b,winner\noak,elm,birch.md\n', /column winner: 'birch\.md' is none of the two/],
    ['essay_a,essay_b,winner\noak,"elm,A\n', /v\.csv:\d is no CSV: .*[Qq]uote/],
    [Uint8Array.from([0xff, 0xfe, 0x00]), /cannot be read .*UTF-8/],
    [`essay_a,essay_b,winner\n${'oak,elm,A\n'.repeat(20_001)}`, /holds 20001 judgements, at most 20000/],
  ]
  it.each(mistakes)('with a mistake is refused, with line and column: %#', async (content, message) => {
    await expect(read(content)).rejects.toMatchObject({ message: expect.stringMatching(message), exitCode: exitCodes.badInput })
  })

  it('that is missing is refused by name', async () => {
    await expect(readVerdictFile(join(folder, 'none.csv'), essays)).rejects.toThrow(/none\.csv cannot be read/)
  })
})

describe('the judge of recorded judgements', () => {
  const judge = recordedJudge([{ essayA: 'oak.txt', essayB: 'elm.txt', winner: 'b', judge: 'Ines' }], ['oak.txt', 'elm.txt'])
  const scope = (answers: object[]) => ({
    signal: new AbortController().signal,
    idempotencyKey: 'k',
    traceparent: null,
    answer: async (data: object) => void answers.push(data),
  })
  const comparison = {
    id: 'c',
    batchId: 'b',
    slot: 0,
    attempt: 1,
    essayA: { id: 'oak.txt', text: '' },
    essayB: { id: 'elm.txt', text: '' },
    brief: noBrief,
  }

  it('brings its own pairs, items in the order of their ids, and answers as it is recorded', async () => {
    const answers: object[] = []
    expect(judge.recorded).toEqual([{ a: 1, b: 0, mode: 'coverage' }])
    await judge.submit(comparison, scope(answers))
    expect(answers).toMatchObject([{ winner: 'Essay B', provider: 'recorded', model: 'Ines' }])
  })

  it('answers nothing that was not recorded', async () => {
    await expect(judge.submit({ ...comparison, essayA: { id: 'ash', text: '' } }, scope([]))).rejects.toThrow(/judgement 1 is not of ash/)
    await expect(judge.submit({ ...comparison, slot: 1 }, scope([]))).rejects.toThrow(/judgement 2 is not of/)
  })
})
