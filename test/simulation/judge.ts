import type { ComparisonRequest, Judge } from '../../src/batch/judge.ts'
import { batchAddress } from '../../src/batch/request.ts'
import { randomStream } from '../../src/judging/random.ts'
import type { SimulatedClock } from '../../src/testing/simulated-clock.ts'

/** What the provider says of one comparison; one that is sent twice says it in two copies. */
export interface Callback {
  readonly address: string
  readonly comparison: string
  readonly data: object
  readonly copy: number
}

export interface JudgeParts {
  readonly seed: string
  readonly clock: SimulatedClock
  /** Delivers the data of a callback as the outside does: it is no part of any node. */
  readonly deliver: (callback: Callback) => void
  /** True while the judge may misbehave. */
  readonly chaos: () => boolean
  readonly onAsked: (comparison: ComparisonRequest) => void
}

/** Attempts of one comparison that may go wrong; the next one is answered well, so that the outcome is that of a calm run. */
const badAttempts = 2

/**
 * A provider far away: accepts posts, sends verdicts later, some twice, out of order, late, as errors, or never. The
 * lower essay id is the better one, always. What it does depends on seed and comparison alone.
 */
export function simulatedJudge(parts: JudgeParts): Judge {
  return {
    concurrency: 32,
    async submit(comparison, { signal }) {
      parts.onAsked(comparison)
      const random = randomStream(`${parts.seed} ${comparison.id}`, 0)
      const bad = parts.chaos() && comparison.attempt <= badAttempts && random.next() < 0.3
      const kind = bad ? (['refuse', 'error', 'late', 'never', 'malformed'] as const)[Math.floor(random.next() * 5)] : 'well'
      await wait(parts.clock, random.next() * 20, signal)
      if (kind === 'refuse') {
        throw Object.assign(new Error('the provider refuses'), { code: 'RATE_LIMIT' })
      }
      answerLater(comparison, kind ?? 'well', random, parts)
      await wait(parts.clock, random.next() * 20, signal)
    },
  }
}

function answerLater(comparison: ComparisonRequest, kind: string, random: { next(): number }, parts: JudgeParts): void {
  if (kind === 'never') {
    return
  }
  const delay = kind === 'late' ? 25_000 + random.next() * 20_000 : random.next() * 8_000
  const copies = parts.chaos() && random.next() < 0.3 ? 2 : 1
  for (let copy = 0; copy < copies; copy++) {
    const callback = { address: batchAddress(comparison.batchId), comparison: comparison.id, data: dataOf(comparison, kind, copy), copy }
    parts.clock.schedule(delay + copy * random.next() * 10_000, () => parts.deliver(callback))
  }
}

function dataOf({ id, essayA, essayB }: ComparisonRequest, kind: string, copy: number): object {
  const base = { provider: 'sim', model: 'sim', response_time_ms: 1 }
  const winner = essayA.id < essayB.id ? 'Essay A' : 'Essay B'
  const well = { ...base, winner, justification: `copy ${copy}`, confidence: 4 }
  const detail = { error_code: 'TIMEOUT', message: 'too slow', correlation_id: id, timestamp: '2026-01-01T00:00:00Z' }
  const error = { ...base, error_detail: { ...detail, service: 'provider', operation: 'compare' } }
  return kind === 'error' ? error : kind === 'malformed' ? { ...well, confidence: 99 } : well
}

function wait(clock: SimulatedClock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    clock.schedule(ms, resolve)
    signal.addEventListener('abort', () => reject(signal.reason as Error))
  })
}
