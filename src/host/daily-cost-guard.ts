import type { BatchProgress } from '../batch/progress.ts'
import { comparisons } from '../batch/tables.ts'
import type { Quire } from '../quire.ts'
import { messageOf } from '../runtime/errors.ts'
import { partitionOf } from '../runtime/message.ts'
import type { ActorSummary, Clock, Logger } from '../runtime/ports.ts'
import { pause } from '../runtime/time-limit.ts'

export interface DailyGuardParts {
  readonly quire: Pick<Quire, 'actors' | 'send' | 'status' | 'total'>
  readonly clock: Clock
  readonly log: Logger
  readonly partitions: number
  /** USD of a day; 0 = no limit. */
  readonly capUsd: number
  /** Between two looks, ms. Default 5,000. */
  readonly everyMs?: number
}

/** In journal and `why`. */
const guard = 'daily cost guard'
const dayMs = 24 * 3_600_000
const pageSize = 500
const lookMs = 5_000
/** So long after a new day, or after partitions came or went, batches to resume are looked for, ms: a pause may still be under way. */
const settlingMs = 60_000

/**
 * Pauses the batches of this process's partitions while the answers of the UTC day have cost what they may, and resumes those
 * it paused when a new day begins. Each batch is paused at most once a day: one that an operator resumes goes on. What was
 * asked before is still paid.
 */
export async function guardDailyCost(parts: DailyGuardParts, signal: AbortSignal): Promise<void> {
  const seen: Seen = { day: '', owned: '', changedAt: 0, paused: new Set() }
  while (parts.capUsd > 0 && !signal.aborted) {
    await look(parts, seen).catch((error: unknown) =>
      parts.log.warn({ error: messageOf(error) }, "the day's cost could not be looked at; tried again soon"),
    )
    await pause(parts.clock, parts.everyMs ?? lookMs, signal)
  }
}

/** What a guard remembers from look to look. */
interface Seen {
  day: string
  owned: string
  /** Since when it is this day and these partitions are owned. */
  changedAt: number
  /** Addresses it has paused on this day. */
  paused: Set<string>
}

async function look(parts: DailyGuardParts, seen: Seen): Promise<void> {
  const { quire, clock, capUsd } = parts
  const { database, partitions } = quire.status.getSnapshot().context
  if (database.state !== 'up') {
    return
  }
  const now = clock.now()
  const from = Math.floor(now / dayMs) * dayMs
  const day = new Date(from).toISOString().slice(0, 10)
  const owned = partitions.join()
  if (seen.day !== day || seen.owned !== owned) {
    Object.assign(seen, { day, owned, changedAt: now, paused: seen.day === day ? seen.paused : new Set() })
  }
  const spent = await quire.total(comparisons.name, { column: 'cost', time: 'answered_at', from })
  if (spent >= capUsd) {
    await pauseAll(parts, { day, spent }, seen.paused)
  } else if (now - seen.changedAt <= settlingMs) {
    await resumeAll(parts, day)
  }
}

async function pauseAll(
  parts: DailyGuardParts,
  { day, spent }: { readonly day: string; readonly spent: number },
  paused: Set<string>,
): Promise<void> {
  const reason = `the answers of ${day} have cost ${spent.toFixed(4)} USD (QUIRE_MAX_DAILY_COST_USD is ${parts.capUsd}); it goes on at 00:00 UTC`
  for await (const { address, progress } of ownBatches(parts)) {
    if (!progress.paused && !paused.has(address)) {
      await parts.quire.send(address, { type: 'PAUSE', by: guard, reason } as { readonly type: string }, { id: `daily-cost-${day}` })
      paused.add(address)
      parts.log.warn({ address, spent }, 'a batch was paused by the daily cost guard')
    }
  }
}

async function resumeAll(parts: DailyGuardParts, day: string): Promise<void> {
  for await (const { address, progress } of ownBatches(parts)) {
    if (progress.paused && progress.pausedBy?.by === guard) {
      await parts.quire.send(address, { type: 'RESUME', by: guard } as { readonly type: string }, { id: `daily-cost-${day}-resume` })
    }
  }
}

/** Running batches of the partitions this process owns, as they are listed. */
async function* ownBatches({ quire, partitions }: DailyGuardParts) {
  const owned = new Set(quire.status.getSnapshot().context.partitions)
  let page: readonly ActorSummary[] = []
  do {
    const last = page.at(-1)
    page = await quire.actors({
      type: 'batch',
      runStatus: 'active',
      limit: pageSize,
      ...(last === undefined ? {} : { after: last.address }),
    })
    for (const { address, progress } of page) {
      if (owned.has(partitionOf(address, partitions))) {
        yield { address, progress: JSON.parse(progress ?? 'null') as BatchProgress }
      }
    }
  } while (page.length === pageSize)
}
