import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { batchSettings } from '../../batch/settings.ts'
import { CommandError } from '../command-error.ts'
import { type EssayFolder, readEssayFolder } from '../essay-folder.ts'
import { exitCodes } from '../exit-codes.ts'
import { dataFolderFor, folderOption } from './data.ts'
import { flagOf } from './flag.ts'
import { chooseJudge, type JudgeChoice } from './judge-choice.ts'
import type { Output } from './output.ts'
import { planLines, planOf } from './plan.ts'
import { rankingInput } from './ranking-input.ts'
import { runRanking } from './ranking-run.ts'
import { rankingLines, rankingValue } from './ranking-report.ts'

type Options = Readonly<Record<string, string | boolean | undefined>>

/** `quire rank FOLDER`: the batch is named by names, contents and judge, so the same folder goes on where it was. */
export async function rank(path: string, options: Options, output: Output, environment = process.env): Promise<void> {
  const folder = await readEssayFolder(path, { maxEssays: batchSettings.maxEssays })
  const choice = await chooseJudge(options, folder, environment, output)
  const maxComparisons = numberOption(options, 'maxComparisons')
  if (options['plan'] === true) {
    showPlan(folder, choice, maxComparisons, output)
    return
  }
  const dataDir = typeof options['data'] === 'string' ? folderOption(options['data']) : dataFolderFor(folder.realPath)
  const batchId = `rank-${folder.digest}-${choice.name}${maxComparisons === undefined ? '' : `-${maxComparisons}`}`
  const judge = choice.create()
  output.say(`judge: ${choice.about}; data: ${dataDir}`)
  const result = await runRanking({
    folder,
    batchId,
    database: { dataDir },
    judge,
    output,
    onOpened: () => sayIfChanged(dataDir, batchId, output),
    ...(maxComparisons === undefined ? {} : { maxComparisons }),
  })
  output.result({ batch: result.batchId, ...rankingValue(result) }, rankingLines(result))
  failIfFailed(result.progress.end?.errorCode ?? null, result.progress.end?.reason)
}

/** `--plan`: what it would take, without a key and without a question. */
function showPlan(folder: EssayFolder, choice: JudgeChoice, maxComparisons: number | undefined, output: Output): void {
  const recorded = choice.recorded
  const { policy } = rankingInput({ folder, batchId: 'plan', recorded, maxComparisons })
  const plan = planOf(folder.essays, policy, choice, recorded)
  output.result({ judge: choice.name, plan }, [`judge: ${choice.about}`, ...planLines(plan, choice.price)])
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
    throw new CommandError(exitCodes.badInput, `${flagOf(name)} is '${String(given)}'; give a positive whole number`)
  }
  return value
}

export function failIfFailed(errorCode: string | null, reason: string | undefined): void {
  if (errorCode !== null) {
    throw new CommandError(exitCodes.batchFailed, `the batch failed (${errorCode}): ${reason ?? 'no reason is known'}`)
  }
}
