import { appendFile } from 'node:fs/promises'
import type { ComparisonRequest, Judge } from '../batch/judge.ts'
import { systemClock } from '../runtime/system.ts'
import { pause } from '../runtime/time-limit.ts'
import { compareTexts } from './text-heuristic.ts'

/** One question put to the judge, as it is logged: for the proof that nothing is asked twice after its answer is committed. */
export interface Asked {
  readonly comparison: string
  readonly at: number
  /** When its answer was durable; absent in the line written before. */
  readonly answeredAt?: number
}

export interface MockJudgeOptions {
  /** File to which every question and answer is appended as a line of JSON. */
  readonly logFile?: string
  /** Called after an answer was handed in. */
  readonly onAnswered?: () => void
  /** How many times longer than usual a verdict takes, for those who watch. */
  readonly slower?: number
}

/** Time a verdict takes, ms: from `least` on, by the comparison's id, so that verdicts come back out of order. */
const least = 60
const range = 240

/** The demo's judge: a text heuristic in this process. Its verdicts come back later, as messages through the mailbox, like a provider's. */
export function mockJudge(options: MockJudgeOptions = {}): Judge {
  const log = async (line: Asked): Promise<void> => {
    if (options.logFile !== undefined) {
      await appendFile(options.logFile, `${JSON.stringify(line)}\n`)
    }
  }
  return {
    concurrency: 16,
    async submit(comparison, scope) {
      const at = systemClock.now()
      await log({ comparison: comparison.id, at })
      await pause(systemClock, (options.slower ?? 1) * latencyOf(comparison.id), scope.signal)
      scope.signal.throwIfAborted()
      await scope.answer(answerTo(comparison, at))
      await log({ comparison: comparison.id, at, answeredAt: systemClock.now() })
      options.onAnswered?.()
    },
  }
}

function answerTo({ essayA, essayB }: ComparisonRequest, at: number): object {
  const { winner, confidence, justification } = compareTexts(essayA.text, essayB.text)
  return {
    winner,
    confidence,
    justification,
    provider: 'mock',
    model: 'text-heuristic-1',
    response_time_ms: Math.max(0, systemClock.now() - at),
    cost_estimate: 0,
    request_metadata: { essay_a_id: essayA.id, essay_b_id: essayB.id },
  }
}

function latencyOf(id: string): number {
  return least + (Number.parseInt(id.slice(-6), 16) % range)
}
