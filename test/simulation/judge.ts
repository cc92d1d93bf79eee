import type { ComparisonRequest, Judge } from '../../src/batch/judge.ts'
import { verdictOf } from '../../src/batch/verdict.ts'
import { batchAddress } from '../../src/batch/request.ts'
import { randomStream } from '../../src/judging/random.ts'
import type { Message } from '../../src/runtime/message.ts'
import type { SimulatedClock } from '../../src/testing/simulated-clock.ts'

export interface JudgeParts {
  readonly seed: string
  readonly clock: SimulatedClock
  /** Appends as the outside does: it is no part of any node. */
  readonly deliver: (message: Message) => void
  /** True while the judge may misbehave. */
  readonly chaos: () => boolean
  readonly onAsked: (comparison: string) => void
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
      parts.onAsked(comparison.id)
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
    const message = verdict(comparison, kind, copy)
    parts.clock.schedule(delay + copy * random.next() * 10_000, () => parts.deliver(message))
  }
}

function verdict({ id, batchId, essayA, essayB }: ComparisonRequest, kind: string, copy: number): Message {
  const base = { correlation_id: id, provider: 'sim', model: 'sim', response_time_ms: 1 }
  const winner = essayA.id < essayB.id ? 'Essay A' : 'Essay B'
  const well = { ...base, winner, justification: `copy ${copy}`, confidence: 4 }
  const error = { ...base, error_detail: { error_code: 'TIMEOUT', message: 'too slow' } }
  const data = kind === 'error' ? error : kind === 'malformed' ? { ...well, confidence: 99 } : well
  const decoded = verdictOf(data)
  if ('problem' in decoded) {
    throw new Error(decoded.problem)
  }
  return { id: `${id}/${copy}`, address: batchAddress(batchId), kind: 'event', body: JSON.stringify(decoded.event) }
}

function wait(clock: SimulatedClock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    clock.schedule(ms, resolve)
    signal.addEventListener('abort', () => reject(signal.reason as Error))
  })
}
