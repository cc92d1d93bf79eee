import { PortFailure, type PortServer } from '../../src/runtime/port-failure.ts'
import type { RandomStream } from '../../src/judging/random.ts'

/** How a port call goes wrong. `before` and `after` say whether it was carried out. */
export type CallFault = 'none' | 'crash-before' | 'crash-after' | 'refused' | 'answer-lost' | 'slow'

/** Faults of one seed: how likely each is, and how many may come. */
export interface FaultPlan {
  readonly crash: number
  readonly refused: number
  readonly answerLost: number
  readonly slow: number
  readonly mostCrashes: number
}

export const noFaults: FaultPlan = { crash: 0, refused: 0, answerLost: 0, slow: 0, mostCrashes: 0 }

/** Draws a plan: some seeds are calm in one respect, so that faults are also seen alone. */
export function drawPlan(random: RandomStream): FaultPlan {
  const maybe = (most: number): number => (random.next() < 0.6 ? most * random.next() : 0)
  return {
    crash: maybe(0.02),
    refused: maybe(0.05),
    answerLost: maybe(0.05),
    slow: maybe(0.03),
    mostCrashes: 1 + Math.floor(random.next() * 6),
  }
}

const passing = ['refused', 'answer-lost', 'slow'] as const

export function drawFault(plan: FaultPlan, crashes: number, random: RandomStream): CallFault {
  const lot = random.next()
  const crash = crashes < plan.mostCrashes ? plan.crash : 0
  if (lot < crash) {
    return lot < crash / 2 ? 'crash-before' : 'crash-after'
  }
  let edge = crash
  for (const fault of passing) {
    edge += fault === 'answer-lost' ? plan.answerLost : plan[fault]
    if (lot < edge) {
      return fault
    }
  }
  return 'none'
}

/** What a client of this server meets. Those of the broker are errors of its client library, which our adapter classifies. */
export function outage(server: PortServer): Error {
  return server === 'database'
    ? new PortFailure('database', 'transient', 'simulated outage')
    : Object.assign(new Error('simulated outage'), { code: 'ECONNRESET' })
}
