import { z } from 'zod'
import type { BatchProgress } from '../../batch/progress.ts'
import type { ActorSummary } from '../../runtime/ports.ts'
import { batchOf } from '../batch-ids.ts'

const counters = z
  .object({ submitted: z.int(), completed: z.int(), failed: z.int() })
  .describe('Attempts recorded, comparisons with a verdict, attempts that ended with an error.')

const progressView = z
  .object({ planned: z.int(), settled: z.int(), workCap: z.int().nullable(), outstanding: z.int(), essays: z.int() })
  .describe('Comparisons planned, decided or given up, allowed, and under way; texts asked for.')

export const batchItem = z.object({
  batch: z.string(),
  state: z.string(),
  status: z.string(),
  counters,
  progress: progressView,
  paused: z.boolean(),
  usage: z.object({ tokens: z.int(), cost: z.number() }).describe('What its answers took: tokens and USD, as far as they said.'),
  parked: z.string().nullable().describe('Why it stands still until its dead letter is replayed.'),
  createdAt: z.iso.datetime(),
  stateSince: z.iso.datetime(),
})

/** A batch in a list. */
export function itemOf(summary: Pick<ActorSummary, 'address' | 'state' | 'parked' | 'createdAt' | 'stateSince'>, progress: BatchProgress) {
  const { planned, settled, workCap, outstanding, essays } = progress
  return {
    batch: batchOf(summary.address) ?? summary.address,
    state: summary.state,
    status: progress.status,
    counters: progress.counters,
    progress: { planned, settled, workCap, outstanding, essays },
    paused: progress.paused,
    usage: progress.usage ?? { tokens: 0, cost: 0 },
    parked: summary.parked,
    createdAt: isoTime(summary.createdAt),
    stateSince: isoTime(summary.stateSince),
  }
}

export function isoTime(at: number): string {
  return new Date(at).toISOString()
}
