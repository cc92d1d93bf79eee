import { batchActor } from '../../batch/batch.actor.ts'
import type { Content, Judge } from '../../batch/judge.ts'
import type { BatchProgress } from '../../batch/progress.ts'
import { batchAddress, batchInput, BatchRequestError } from '../../batch/request.ts'
import type { BatchScores } from '../../machines/batch.machine.ts'
import { createQuire, type Quire } from '../../quire.ts'
import type { ActorState } from '../../runtime/actor-state.ts'
import { CommandError } from '../command-error.ts'
import type { EssayFolder } from '../essay-folder.ts'
import { exitCodes } from '../exit-codes.ts'
import { stuckOnDatabase } from './database-wait.ts'
import type { Output } from './output.ts'
import { answerRequests } from './owner-requests.ts'

export interface RankingRun {
  readonly folder: EssayFolder
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
  readonly address: string
  readonly state: ActorState
  readonly progress: BatchProgress
  readonly scores: BatchScores | null
}

/** Ranks a folder: makes its batch, or goes on with it, shows the progress, and answers when it is done. Ctrl-C stops cleanly. */
export async function runRanking(run: RankingRun): Promise<RankingResult> {
  const address = batchAddress(run.batchId)
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
    await quire.create(address, inputOf(run), { id: 'create', timeoutMs: 60_000 })
    watched()
    const state = await Promise.race([follow(quire, address, run.output), interrupted.stopped])
    return { address, state, progress: state.progress as BatchProgress, scores: scoresOf(state) }
  } finally {
    interrupted.off()
    await quire.stop({ drainMs: 1_000 })
  }
}

function inputOf({ batchId, folder, maxComparisons }: RankingRun): object {
  try {
    return batchInput({
      batchId,
      userId: 'quire rank',
      essays: folder.essays.map(({ id }) => ({ id, storageId: id })),
      ...(maxComparisons === undefined ? {} : { maxComparisons }),
    })
  } catch (error) {
    throw error instanceof BatchRequestError ? new CommandError(exitCodes.badInput, error.message) : error
  }
}

function contentOf(folder: EssayFolder): Content {
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

/** Shows the progress after every commit of the batch until it is done. */
async function follow(quire: Quire, address: string, output: Output): Promise<ActorState> {
  const show = async (): Promise<void> => {
    const { progress } = await quire.inspect(address)
    const { settled, workCap } = progress as BatchProgress
    if (workCap !== null && workCap > 0) {
      output.progress(settled, workCap, 'comparisons')
    }
  }
  const watching = (async () => {
    for await (const transition of quire.watch(address)) {
      if (transition.kind === 'event' || transition.kind === 'done') {
        await show()
      }
    }
  })()
  const state = await quire.waitFor(address, { tag: 'done' }, { timeoutMs: 2 ** 40 })
  watching.catch(() => undefined)
  await show()
  output.progressEnds()
  return state
}

function scoresOf(state: ActorState): BatchScores | null {
  return (state.output as { readonly scores: BatchScores | null } | null)?.scores ?? null
}

/** Ctrl-C: stops after the turn under way; what was answered stays answered. */
function stopOnSignal(quire: Quire, output: Output): { readonly stopped: Promise<never>; readonly off: () => void } {
  let reject = (_: Error): void => {}
  const stopped = new Promise<never>((_, fail) => {
    reject = fail
  })
  stopped.catch(() => undefined)
  const onSignal = (): void => {
    output.say('stopping; run the same command again and it goes on where it was')
    void quire.stop({ drainMs: 0 }).then(() => reject(new CommandError(130, 'stopped by Ctrl-C; run it again to go on')))
  }
  process.once('SIGINT', onSignal)
  process.once('SIGTERM', onSignal)
  return {
    stopped,
    off: () => {
      process.off('SIGINT', onSignal)
      process.off('SIGTERM', onSignal)
    },
  }
}
