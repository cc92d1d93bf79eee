import { batchInput, BatchRequestError } from '../../batch/request.ts'
import { coverageCap } from '../../judging/work-cap.ts'
import type { BatchInput } from '../../machines/batch.machine.ts'
import { CommandError } from '../command-error.ts'
import type { EssayFolder } from '../essay-folder.ts'
import { exitCodes } from '../exit-codes.ts'

export interface RankingInput {
  readonly folder: Pick<EssayFolder, 'essays'>
  readonly batchId: string
  readonly maxComparisons: number | undefined
  /** Number of judgements there are already: a plan of their own, all in one wave, whatever the caps. */
  readonly recorded: number | undefined
}

/** What the batch of a folder is born with. Whoever runs the command is the operator, too: what they ask for is the ceiling. */
export function rankingInput({ folder, batchId, maxComparisons, recorded }: RankingInput): BatchInput {
  const asked = recorded ?? maxComparisons
  const passes = recorded === undefined ? undefined : Math.min(100, Math.ceil(recorded / Math.max(1, coverageCap(folder.essays.length))))
  try {
    return batchInput(
      {
        batchId,
        userId: 'quire rank',
        essays: folder.essays.map(({ id }) => ({ id, storageId: id })),
        singleSubmission: recorded !== undefined,
        ...(asked === undefined ? {} : { maxComparisons: asked }),
      },
      {
        ...(asked === undefined ? {} : { maxComparisonsCeiling: asked }),
        ...(passes === undefined ? {} : { passesForSmallNet: passes, passesForRegularNet: passes }),
      },
    )
  } catch (error) {
    throw error instanceof BatchRequestError ? new CommandError(exitCodes.badInput, error.message) : error
  }
}
