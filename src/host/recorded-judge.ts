import type { ComparisonRequest, Judge } from '../batch/judge.ts'
import type { RecordedVerdict } from './verdict-file.ts'

/** A recorded judgement says nothing of how sure it was: the middle of 1 to 5. */
const unknownConfidence = 3

/**
 * A judge that was heard already: each recorded judgement is one comparison, answered as it is recorded. Nothing else is
 * asked, and the batch ends when they are used up.
 * @param essays ids of all essays of the batch
 */
export function recordedJudge(verdicts: readonly RecordedVerdict[], essays: readonly string[]): Judge {
  const items = [...essays].sort((one, other) => (one < other ? -1 : 1))
  const itemOf = new Map(items.map((id, item) => [id, item]))
  const place = (id: string): number => itemOf.get(id) ?? Number.POSITIVE_INFINITY
  return {
    concurrency: 64,
    recorded: verdicts.map(({ essayA, essayB }) => ({ a: place(essayA), b: place(essayB), mode: 'coverage' })),
    async submit(comparison, { answer }) {
      await answer(answerTo(comparison, verdicts[comparison.slot]))
    },
  }
}

function answerTo({ slot, essayA, essayB }: ComparisonRequest, verdict: RecordedVerdict | undefined): object {
  if (verdict === undefined || verdict.essayA !== essayA.id || verdict.essayB !== essayB.id) {
    throw new Error(`judgement ${slot + 1} is not of ${essayA.id} and ${essayB.id}`)
  }
  return {
    winner: verdict.winner === 'a' ? 'Essay A' : 'Essay B',
    justification: `recorded by ${verdict.judge}`,
    confidence: unknownConfidence,
    provider: 'recorded',
    model: verdict.judge,
    request_metadata: { essay_a_id: essayA.id, essay_b_id: essayB.id },
  }
}
