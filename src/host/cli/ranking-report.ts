import { usd } from '../token-price.ts'
import type { RankingResult } from './ranking-run.ts'
import { rankingTable } from './ranking-table.ts'

/** A finished ranking as JSON. */
export function rankingValue({ progress, scores, usage }: RankingResult): object {
  return {
    essays: progress.essays,
    comparisons: progress.counters.completed,
    status: progress.status,
    trigger: progress.end?.trigger ?? null,
    reason: progress.end?.reason ?? null,
    ranking: scores?.ranking ?? [],
    reliability: scores?.reliability ?? null,
    flags: scores?.flags ?? [],
    usage,
  }
}

/** A finished ranking for people: the table, and why it ended. */
export function rankingLines({ progress, scores, usage }: RankingResult): string[] {
  const why = progress.end === null ? '' : `${progress.status}: ${progress.end.reason}`
  const spent = usage.tokens === 0 ? '' : `, ${usage.tokens} tokens${usage.cost === 0 ? '' : `, ${usd(usage.cost)}`}`
  const counts = `${progress.counters.completed} comparisons of ${progress.essays} essays${spent}`
  return ['', ...rankingTable(scores?.ranking ?? []), '', why, counts]
}
