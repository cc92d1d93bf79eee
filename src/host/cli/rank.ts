import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { batchSettings } from '../../batch/settings.ts'
import { CommandError } from '../command-error.ts'
import { readEssayFolder } from '../essay-folder.ts'
import { exitCodes } from '../exit-codes.ts'
import { mockJudge } from '../mock-judge.ts'
import { dataFolderFor } from './data.ts'
import type { Output } from './output.ts'
import { runRanking } from './ranking-run.ts'
import { rankingLines, rankingValue } from './ranking-report.ts'

type Options = Readonly<Record<string, string | boolean | undefined>>

/** `quire rank FOLDER`: the batch is named by names, contents and judge, so the same folder goes on where it was. */
export async function rank(path: string, options: Options, output: Output): Promise<void> {
  if (options['judge'] !== 'mock') {
    throw new CommandError(exitCodes.usage, `--judge ${String(options['judge'])} is not known; this version knows: mock`)
  }
  const folder = await readEssayFolder(path, { maxEssays: batchSettings.maxEssays })
  const dataDir = typeof options['data'] === 'string' ? options['data'] : dataFolderFor(folder.realPath)
  const maxComparisons = numberOption(options, 'maxComparisons')
  const batchId = `rank-${folder.digest}-mock${maxComparisons === undefined ? '' : `-${maxComparisons}`}`
  output.say(`judge: mock, a text heuristic in this process; data: ${dataDir}`)
  const result = await runRanking({
    folder,
    batchId,
    database: { dataDir },
    judge: mockJudge(),
    output,
    onOpened: () => sayIfChanged(dataDir, batchId, output),
    ...(maxComparisons === undefined ? {} : { maxComparisons }),
  })
  output.result({ batch: batchId, ...rankingValue(result) }, rankingLines(result))
  failIfFailed(result.progress.end?.errorCode ?? null, result.progress.end?.reason)
}

/** A changed file makes another batch: that is said, so that nobody wonders where the old one went. */
async function sayIfChanged(dataDir: string, batchId: string, output: Output): Promise<void> {
  const file = join(dataDir, 'last-batch')
  const before = existsSync(file) ? (await readFile(file, 'utf8')).trim() : undefined
  if (before !== undefined && before !== batchId) {
    output.say('the folder or the options changed since the last run: this is a new batch')
  }
  await writeFile(file, `${batchId}\n`)
}

export function numberOption(options: Options, name: string): number | undefined {
  const given = options[name]
  if (given === undefined) {
    return undefined
  }
  const value = Number(given)
  if (!Number.isInteger(value) || value < 1) {
    throw new CommandError(exitCodes.badInput, `${name} is '${String(given)}'; give a positive whole number`)
  }
  return value
}

export function failIfFailed(errorCode: string | null, reason: string | undefined): void {
  if (errorCode !== null) {
    throw new CommandError(exitCodes.batchFailed, `the batch failed (${errorCode}): ${reason ?? 'no reason is known'}`)
  }
}
