import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { batchAddress } from '../../batch/request.ts'
import type { Transition } from '../../runtime/watch.ts'
import { CommandError } from '../command-error.ts'
import { demoEssays } from '../demo-essays.ts'
import { readEssayFolder } from '../essay-folder.ts'
import { exitCodes } from '../exit-codes.ts'
import { type Asked, mockJudge } from '../mock-judge.ts'
import { demoOnPage } from './demo-page.ts'
import type { Output } from './output.ts'
import { failIfFailed, numberOption } from './rank.ts'
import { rankingLines, rankingValue } from './ranking-report.ts'
import { runRanking } from './ranking-run.ts'
import { openStored } from './stored.ts'

type Options = Readonly<Record<string, string | boolean | undefined>>

const batchId = 'demo'
const examplesFolder = fileURLToPath(new URL('../../../examples/essays', import.meta.url))

/** `quire demo`: four essays, a fresh data folder, no server. With `--crash` it kills itself on the way and goes on; with `--page` it is watched in a browser. */
export async function demo(options: Options, output: Output): Promise<void> {
  const given = options['data']
  const dataDir = typeof given === 'string' ? given : await mkdtemp(join(tmpdir(), 'quire-demo-'))
  try {
    if (options['page'] === true) {
      await demoOnPage(dataDir, examplesFolder, output)
      return
    }
    const crashes = options['crash'] === true ? await crashOnce(dataDir, output) : 0
    await rankExamples(dataDir, options, output, crashes)
  } finally {
    if (typeof given !== 'string') {
      await rm(dataDir, { recursive: true, force: true })
    }
  }
}

async function rankExamples(dataDir: string, options: Options, output: Output, crashes: number): Promise<void> {
  const folder = await readEssayFolder(examplesFolder, { maxEssays: demoEssays.length, only: demoEssays })
  output.say(`ranking ${demoEssays.join(', ')}; judge: mock, a text heuristic in this process`)
  const logFile = join(dataDir, 'asked.jsonl')
  const judge = mockJudge({ logFile, onAnswered: killAfter(numberOption(options, 'killAfter')) })
  const result = await runRanking({
    folder,
    batchId,
    database: { dataDir },
    judge,
    output,
    ...(options['monitor'] === false ? { monitorIntervalMs: 0 } : {}),
  })
  const facts = await factsOf(dataDir, logFile, output)
  const value = { ...rankingValue(result), ...facts, ...(options['crash'] === true ? { crashes } : { askedTwice: undefined }) }
  const crashLine =
    options['crash'] === true
      ? [`killed ${crashes} time(s) on the way; asked twice after its answer was committed: ${facts.askedTwice}`]
      : []
  output.result(value, [...rankingLines(result), `last verdict to result: ${facts.lastVerdictToCompletedMs} ms`, ...crashLine])
  failIfFailed(result.progress.end?.errorCode ?? null, result.progress.end?.reason)
}

/** Ends this process like a power cut, after so many verdicts. */
function killAfter(verdicts: number | undefined): () => void {
  let answered = 0
  return () => {
    answered += 1
    if (answered === verdicts) {
      process.kill(process.pid, 'SIGKILL')
    }
  }
}

/** Runs the demo in a child that kills itself after two verdicts. */
async function crashOnce(dataDir: string, output: Output): Promise<number> {
  output.say('first run: it will be killed with SIGKILL after two verdicts')
  const child = spawn(
    process.execPath,
    [...process.execArgv, process.argv[1] as string, 'demo', '--json', '--kill-after', '2', '--data', dataDir],
    { stdio: 'ignore' },
  )
  const signal = await new Promise<NodeJS.Signals | null>((resolve, reject) => {
    child.once('exit', (_, killedBy) => resolve(killedBy))
    child.once('error', reject)
  })
  if (signal !== 'SIGKILL') {
    throw new CommandError(exitCodes.failed, 'the first run was not killed; nothing was proved')
  }
  output.say('killed; second run: it goes on where it was')
  return 1
}

interface Facts {
  readonly distinctPairs: number
  readonly lastVerdictToCompletedMs: number
  readonly askedTwice: number
}

/** Read from the journal and the judge's own log, after everything has ended. */
async function factsOf(dataDir: string, logFile: string, output: Output): Promise<Facts> {
  const stored = await openStored({ data: dataDir }, output, {})
  try {
    const journal = await stored.journal(batchAddress(batchId))
    const asked = (await readFile(logFile, 'utf8'))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Asked)
    const verdicts = journal.filter((entry) => isVerdict(entry) && entry.ignored === null)
    const answers = asked.map((line) => line.answeredAt ?? 0)
    const completedAt = journal.at(-1)?.at ?? 0
    return {
      distinctPairs: new Set(verdicts.map(pairOf)).size,
      lastVerdictToCompletedMs: Math.max(0, completedAt - Math.max(...answers, 0)),
      askedTwice: countAskedTwice(asked, verdicts),
    }
  } finally {
    await stored.close()
  }
}

function isVerdict(entry: Transition): boolean {
  return (entry.event as { readonly type?: string } | null)?.type === 'VERDICT'
}

function pairOf(entry: Transition): string {
  const { details } = entry.event as { readonly details: { readonly essayA: string; readonly essayB: string } }
  return [details.essayA, details.essayB].sort().join(' ')
}

/** Questions put after the verdict of the same comparison was committed. */
function countAskedTwice(asked: readonly Asked[], verdicts: readonly Transition[]): number {
  const committed = new Map(verdicts.map((entry) => [(entry.event as { readonly comparison: string }).comparison, entry.at]))
  return asked.filter((line) => line.answeredAt === undefined && line.at > (committed.get(line.comparison) ?? Number.POSITIVE_INFINITY))
    .length
}
