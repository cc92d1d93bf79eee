import type { AnyMachineSnapshot } from 'xstate'
import type { BatchContext } from '../machines/batch.machine.ts'
import type { Json } from '../runtime/define-actor.ts'

/** What a batch waits for, in a sentence, and the numbers of its last decision. */
export function explainBatch(snapshot: AnyMachineSnapshot): { readonly waitsFor: string; readonly numbers: Json } {
  const context = snapshot.context as BatchContext
  return {
    waitsFor: context.paused ? `an operator to resume it (${pauseOf(context)}; ${waits(snapshot, context)})` : waits(snapshot, context),
    numbers: numbers(context),
  }
}

function pauseOf({ pausedBy }: BatchContext): string {
  return pausedBy === null ? 'paused' : `paused by ${pausedBy.by}${pausedBy.reason === null ? '' : `: ${pausedBy.reason}`}`
}

function waits(snapshot: AnyMachineSnapshot, context: BatchContext): string {
  if (snapshot.matches('INITIALIZING')) {
    const pending = [...context.content].filter((mark) => mark === 'p').length
    const texts = `the texts of ${pending} of ${context.essays.length} essays`
    return context.prompt === 'pending' ? `${texts} and the prompt of the students` : texts
  }
  if (snapshot.matches('GENERATING_PAIRS')) {
    return 'the choice of the next pairs'
  }
  if (snapshot.matches('WAITING_CALLBACKS')) {
    const accepted = Object.keys(context.accepted).length
    return context.outstanding === 0
      ? 'the scores of its comparisons'
      : `${context.outstanding} comparisons: ${accepted} accepted and unanswered, ${context.outstanding - accepted} not accepted yet`
  }
  return 'the final scores'
}

/** The decision without its list of retries; `stable` of a small net says that the verdicts form no cycle (rules 45). */
function numbers({ decision }: BatchContext): Json {
  if (decision === null) {
    return null
  }
  const { row, action, code, reason, numbers: counted } = decision
  const needed = counted.comparisonsForReliability
  return {
    row,
    action,
    code,
    reason,
    ...(needed === null ? {} : { note: `at the present spread a reliability of 0.80 would take about ${needed} comparisons` }),
    ...counted,
  }
}
