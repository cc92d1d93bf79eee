import { batchActor } from '../../batch/batch.actor.ts'
import type { Content, Judge } from '../../batch/judge.ts'
import type { BatchProgress } from '../../batch/progress.ts'
import { batchAddress } from '../../batch/request.ts'
import type { BatchScores } from '../../machines/batch.machine.ts'
import { createQuire, type Quire } from '../../quire.ts'
import type { ActorState } from '../../runtime/actor-state.ts'
import { isQuireError } from '../../runtime/errors.ts'
import { systemClock } from '../../runtime/system.ts'
import { CommandError } from '../command-error.ts'
import type { EssayFolder } from '../essay-folder.ts'
import { stuckOnDatabase } from './database-wait.ts'
import type { Output } from './output.ts'
import { rankingInput } from './ranking-input.ts'
import { answerRequests } from './owner-requests.ts'

export interface RankingRun {
  readonly folder: EssayFolder
  /** Of the batch; one that failed or was cancelled is followed by another, `-try2`, `-try3` and so on. */
  readonly batchId: string
  readonly database: string | { readonly dataDir: string }
  readonly judge: Judge
  readonly maxComparisons?: number
  readonly monitorIntervalMs?: number
  /** Called when the data folder is open and this process owns it. */
  readonly onOpened?: () => Promise<void>
  readonly output: Output
}

export interface RankingResult {
  readonly batchId: string
  readonly state: ActorState
  readonly progress: BatchProgress
  readonly scores: BatchScores | null
  /** Tokens of the verdicts and their price in USD; 0 where the judge tells none. */
  readonly usage: { readonly tokens: number; readonly cost: number }
}

/** Ranks a folder: makes its batch, or goes on with it, shows the progress, and answers when it is done. Ctrl-C stops cleanly. */
export async function runRanking(run: RankingRun): Promise<RankingResult> {
  const quire = await createQuire({
    database: run.database,
    actors: { batch: batchActor({ judge: run.judge, content: contentOf(run.folder) }) },
    ...(run.monitorIntervalMs === undefined ? {} : { monitorIntervalMs: run.monitorIntervalMs }),
  })
  quire.onRequest(answerRequests(quire))
  const interrupted = stopOnSignal(quire, run.output)
  try {
    await run.onOpened?.()
    await quire.start()
    const watched = stuckOnDatabase(quire, run.output)
    const batchId = await openBatchId(quire, run)
    const address = batchAddress(batchId)
    const { folder, maxComparisons, judge } = run
    const input = rankingInput({ folder, batchId, maxComparisons, recorded: judge.recorded?.length })
    await quire.create(address, input, { id: 'create', timeoutMs: 60_000 })
    watched()
    return await Promise.race([rankingOf(quire, batchId, run.output), interrupted.stopped])
  } catch (error) {
    // What waited for this Quire is told that it stops before the stop has ended.
    throw isQuireError(error, 'stopped') && interrupted.isAsked() ? await interrupted.stopped : error
  } finally {
    interrupted.off()
    await quire.stop({ drainMs: 1_000 })
  }
}

/** Shows the progress of a batch until it is done, and reads what came of it. */
export async function rankingOf(quire: Quire, batchId: string, output: Output): Promise<RankingResult> {
  const address = batchAddress(batchId)
  const state = await follow(quire, address, output)
  const usage = await usageOf(quire, address)
  return { batchId, state, progress: state.progress as BatchProgress, scores: scoresOf(state), usage }
}

/** A batch that failed, was cancelled or forgotten stays as it is: running again is another try, a finished one is shown again. */
async function openBatchId(quire: Quire, { batchId, output }: RankingRun): Promise<string> {
  for (let number = 1; ; number++) {
    const id = number === 1 ? batchId : `${batchId}-try${number}`
    const why = await endOf(quire, batchAddress(id))
    if (why === null) {
      return id
    }
    output.say(`${why}; this is another try`)
  }
}

/** Why nothing more comes of a batch, in a sentence; null of one that runs, has its ranking, or was never born. */
async function endOf(quire: Quire, address: string): Promise<string | null> {
  try {
    const { end } = (await quire.inspect(address)).progress as BatchProgress
    return end === null || end.errorCode === null ? null : `${address.slice('batch/'.length)} ended as ${end.status}: ${end.reason}`
  } catch (error) {
    if (isQuireError(error, 'actor-gone')) {
      return error.message
    }
    if (isQuireError(error, 'unknown-actor')) {
      return null
    }
    throw error
  }
}

const pageSize = 1_000

/** Summed over the verdicts, of this run and of those before it. */
async function usageOf(quire: Quire, address: string): Promise<RankingResult['usage']> {
  let tokens = 0
  let cost = 0
  for (let after = -1, more = true; more; ) {
    const page = await quire.journal(address, { after, limit: pageSize })
    for (const { event, ignored } of page) {
      const { type, details } = event as VerdictEntry
      tokens += type === 'VERDICT' && ignored === null ? (details?.tokens ?? 0) : 0
      cost += type === 'VERDICT' && ignored === null ? (details?.cost ?? 0) : 0
    }
    after = page.at(-1)?.position.entry ?? after
    more = page.length === pageSize
  }
  return { tokens, cost: Math.round(cost * 1e6) / 1e6 }
}

/** What is read of a journal entry; only a verdict has details. */
interface VerdictEntry {
  readonly type?: string
  readonly details?: { readonly tokens?: number | null; readonly cost?: number }
}

/** The texts of a folder, by the ids of its essays. */
export function contentOf(folder: EssayFolder): Content {
  const texts = new Map(folder.essays.map(({ id, text }) => [id, text]))
  return {
    async fetch(storageId) {
      const text = texts.get(storageId)
      if (text === undefined) {
        throw Object.assign(new Error(`${storageId} is not in the folder any more`), { code: 'RESOURCE_NOT_FOUND' })
      }
      return text
    },
  }
}

/** Shortest time between two looks at the progress, ms: at a thousand verdicts a second looking would take longer than judging. */
const lookEveryMs = 100

/** Shows the progress until the batch is done. */
async function follow(quire: Quire, address: string, output: Output): Promise<ActorState> {
  const show = async (): Promise<void> => {
    const { progress } = await quire.inspect(address)
    const { settled, workCap } = progress as BatchProgress
    if (workCap !== null && workCap > 0) {
      output.progress(settled, workCap, 'comparisons')
    }
  }
  const watching = (async () => {
    let shownAt = 0
    for await (const _ of quire.watch(address)) {
      if (systemClock.now() - shownAt >= lookEveryMs) {
        await show()
        shownAt = systemClock.now()
      }
    }
  })()
  watching.catch(() => undefined)
  const state = await quire.waitFor(address, { tag: 'done' }, { timeoutMs: 2 ** 40 })
  await show()
  output.progressEnds()
  return state
}

function scoresOf(state: ActorState): BatchScores | null {
  return (state.output as { readonly scores: BatchScores | null } | null)?.scores ?? null
}

interface Interruption {
  /** Rejects when a signal came and everything has stopped. */
  readonly stopped: Promise<never>
  readonly isAsked: () => boolean
  readonly off: () => void
}

/** Ctrl-C: stops after the turn under way; what was answered stays answered. */
function stopOnSignal(quire: Quire, output: Output): Interruption {
  let asked = false
  let reject = (_: Error): void => {}
  const stopped = new Promise<never>((_, fail) => {
    reject = fail
  })
  stopped.catch(() => undefined)
  const onSignal = (): void => {
    asked = true
    output.say('stopping; run the same command again and it goes on where it was')
    void quire.stop({ drainMs: 0 }).then(() => reject(new CommandError(130, 'stopped by Ctrl-C; run it again to go on')))
  }
  process.once('SIGINT', onSignal)
  process.once('SIGTERM', onSignal)
  return {
    stopped,
    isAsked: () => asked,
    off: () => {
      process.off('SIGINT', onSignal)
      process.off('SIGTERM', onSignal)
    },
  }
}
