import type { BatchProgress } from '../batch/progress.ts'
import type { ResultData } from '../batch/wire/result.ts'
import { topics } from '../batch/wire/topics.ts'
import type { BatchScores, RankedItem } from '../machines/batch.machine.ts'
import type { Explanation } from '../runtime/explain.ts'
import type { OutboundEvent } from '../runtime/local-publisher.ts'

/** A place in the ranking; of a batch with anchors with its grade, projected or, of an anchor, known. */
export interface GradedItem extends RankedItem {
  readonly grade?: string
  readonly isAnchor?: boolean
}

export interface BatchResult extends Pick<BatchProgress, 'status' | 'end'> {
  readonly batch: string
  /** Null while it goes on, and of a batch that failed. */
  readonly scores: (BatchScores & { readonly ranking: readonly GradedItem[] }) | null
  readonly events: readonly OutboundEvent[]
  readonly waitsFor: string
}

/** What a batch came to, as it is stored. @throws QuireError `unknown-actor` */
export async function batchResult(
  batch: string,
  address: string,
  stored: { inspect(address: string): Promise<Explanation>; outputs(address: string): Promise<readonly OutboundEvent[]> },
): Promise<BatchResult> {
  const [found, events] = await Promise.all([stored.inspect(address), stored.outputs(address)])
  const { status, end } = found.progress as BatchProgress
  const scores = (found.output as { readonly scores: BatchScores | null } | null)?.scores ?? null
  const graded = scores === null ? null : { ...scores, ranking: gradedRanking(scores.ranking, events) }
  return { batch, status, end, scores: graded, events, waitsFor: found.waitsFor }
}

/** The grades are those the result event told; without anchors to project from it told U for all, which is no grade. */
function gradedRanking(ranking: readonly RankedItem[], events: readonly OutboundEvent[]): readonly GradedItem[] {
  const told = (events.find(({ topic }) => topic === topics.result)?.payload as { readonly data: ResultData } | undefined)?.data
  if (told?.assessment_metadata.calibration_method !== 'anchor') {
    return ranking
  }
  const essays = new Map(told.essay_results.map((essay) => [essay.essay_id, essay]))
  return ranking.map((item) => {
    const essay = essays.get(item.id)
    return essay === undefined ? item : { ...item, grade: essay.letter_grade, isAnchor: essay.is_anchor }
  })
}

/** Why there is no ranking, in a sentence. */
export function noRanking({ batch, end, waitsFor }: Omit<BatchResult, 'events'>): string {
  return `${batch} has no ranking: ${end === null ? `it waits for ${waitsFor}` : `it ended ${end.status}: ${end.reason}`}`
}
