import type { AnyMachineSnapshot } from 'xstate'
import { decodeSlots } from '../judging/comparison.ts'
import type { BatchContext, Usage } from '../machines/batch.machine.ts'

/** The coarse status and the counters of a batch (rules 50, 56, 59), kept in a column for lists. */
export type BatchProgress = {
  readonly status: string
  readonly counters: { readonly submitted: number; readonly completed: number; readonly failed: number }
  /** Slots planned, settled, and allowed; null before the net is known. */
  readonly planned: number
  readonly settled: number
  readonly workCap: number | null
  readonly outstanding: number
  readonly essays: number
  readonly paused: boolean
  /** Absent where a version wrote it that did not know them: who paused it, and what its answers took as far as they said. */
  readonly pausedBy?: BatchContext['pausedBy']
  readonly usage?: Usage
  readonly end: BatchContext['end']
}

export function batchProgress(snapshot: AnyMachineSnapshot): BatchProgress {
  const context = snapshot.context as BatchContext
  const slots = decodeSlots(context.slots)
  const won = slots.filter(({ state }) => state === 'won_a' || state === 'won_b').length
  return {
    status: coarseStatus(snapshot, context),
    counters: { submitted: slots.reduce((sum, slot) => sum + slot.attempts, 0), completed: won, failed: context.errors },
    planned: slots.length,
    settled: won + slots.filter(({ state }) => state === 'failed').length,
    workCap: context.workCap,
    outstanding: context.outstanding,
    essays: context.essays.length,
    paused: context.paused,
    pausedBy: context.pausedBy,
    usage: context.usage,
    end: context.end,
  }
}

function coarseStatus(snapshot: AnyMachineSnapshot, context: BatchContext): string {
  if (snapshot.status !== 'active' && context.end !== null) {
    return context.end.status
  }
  if (snapshot.matches('INITIALIZING')) {
    return context.content === '' ? 'PENDING' : 'FETCHING_CONTENT'
  }
  return 'PERFORMING_COMPARISONS'
}
