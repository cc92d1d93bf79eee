import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Outcome, settle } from '../../src/judging/failed-pool.ts'
import { choosePairs } from '../../src/judging/pairing/choose-pairs.ts'
import { createPolicy } from '../../src/judging/policy.ts'
import { randomStream } from '../../src/judging/random.ts'
import { coverageCap, workCap } from '../../src/judging/work-cap.ts'
import { perfect, runJudging } from '../support/judging-loop.ts'

describe('the work cap', () => {
  it.each([
    [4, 350, false, 6],
    [5, 60, true, 50],
    [24, 288, false, 288],
    [24, 552, true, 552],
    [24, 120, false, 120],
    [100, 288, false, 288],
  ])('of %i essays and a budget of %i (explicit: %s) is %i', (n, totalBudget, explicitBudget, cap) => {
    expect(workCap(n, createPolicy({ totalBudget, explicitBudget }))).toBe(cap)
  })
})

describe('a comparison that ended in an error', () => {
  const after = (errorCode: string) =>
    settle({ a: 0, b: 1, mode: 'coverage', state: 'outstanding', attempts: 1 }, { errorCode }, createPolicy({})).state

  it.each(['RATE_LIMIT', 'PARSING_ERROR', 'LLM_PROVIDER_TIMEOUT', 'LLM_PROVIDER_OVERLOADED'])('%s is tried again', (code) => {
    expect(after(code)).toBe('retryable')
  })

  it.each(['INVALID_REQUEST', 'LLM_CONTENT_TOO_LONG', 'LLM_COST_LIMIT_EXCEEDED', 'MY_LLM_PROVIDER_TIMEOUT', 'BRAND_NEW'])(
    '%s has failed for good',
    (code) => {
      expect(after(code)).toBe('failed')
    },
  )
})

describe('four essays', () => {
  it.each([6, 7, 120, 288, 350, 100_000])('with a default budget of %i take the same six comparisons', (totalBudget) => {
    const run = runJudging(4, { totalBudget }, perfect)
    const reference = runJudging(4, { totalBudget: 120 }, perfect)
    expect(run.slots).toEqual(reference.slots)
    expect(run.slots).toHaveLength(6)
    expect(run.decision).toMatchObject({ row: 5, status: 'COMPLETE_STABLE', code: 'stable_no_cycle' })
  })

  it('with an explicit budget of 60 take 12 from a perfect judge, and of 7 take 7', () => {
    expect(runJudging(4, { totalBudget: 60, explicitBudget: true }, perfect).slots).toHaveLength(12)
    expect(runJudging(4, { totalBudget: 7, explicitBudget: true }, perfect).slots).toHaveLength(7)
  })

  it('end at their cap, not stable, when the verdicts form a cycle', () => {
    const cycle = (a: number, b: number): Outcome => ({ winner: a % 3 === (b + 2) % 3 || a === 3 ? 'a' : 'b' })
    expect(runJudging(3, {}, cycle).decision).toMatchObject({ row: 8, status: 'COMPLETE_MAX_COMPARISONS' })
  })
})

describe('a judge', () => {
  const share = (n: number, runs: number, judge: (seed: string) => (a: number, b: number) => Outcome): number =>
    Array.from({ length: runs }, (_, run) => runJudging(n, {}, judge(`judge ${run}`), `seed ${run}`)).filter(
      (run) => run.decision.status === 'COMPLETE_STABLE',
    ).length / runs

  it.each([3, 4, 5, 6, 7, 8, 9, 10, 11, 12])('that always says slot A is never declared stable with %i essays', (n) => {
    expect(share(n, 200, () => () => ({ winner: 'a' }))).toBe(0)
  })

  it.each([
    [4, 0.5],
    [5, 0.2],
    [6, 0.06],
    [7, 0.06],
    [8, 0.06],
    [9, 0.06],
    [10, 0.06],
    [11, 0.06],
    [12, 0.06],
  ])('that tosses a coin over %i essays is declared stable in at most %f of the runs', (n, most) => {
    const coin = (seed: string) => {
      const random = randomStream(seed, 0)
      return (): Outcome => ({ winner: random.next() < 0.5 ? 'a' : 'b' })
    }
    expect(share(n, 400, coin)).toBeLessThanOrEqual(most)
  })

  it('that is perfect is declared stable with 11 essays, always', () => {
    expect(share(11, 40, () => perfect)).toBe(1)
  })

  it('with a wrong key costs one wave, not the budget', () => {
    const run = runJudging(24, { totalBudget: 350 }, () => ({ errorCode: 'AUTHENTICATION_ERROR' }))
    expect(run.decision).toMatchObject({ row: 'early', action: 'fail' })
    expect(run.slots).toHaveLength(12)
  })

  it('that fails for a while is asked again, three times at most', () => {
    const run = runJudging(2, {}, () => ({ errorCode: 'RATE_LIMIT' }))
    expect(run.slots).toMatchObject([{ state: 'failed', attempts: 4 }])
    expect(run.decision.action).toBe('fail')
  })
})

const outcome = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom<Outcome>({ winner: 'a' }, { winner: 'b' }) },
  { weight: 1, arbitrary: fc.constantFrom<Outcome>({ errorCode: 'TIMEOUT' }, { errorCode: 'INVALID_REQUEST' }) },
)

describe('any net', () => {
  it('comes to an end within its caps, whatever the outcomes', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 12 }),
        fc.integer({ min: 1, max: 400 }),
        fc.boolean(),
        fc.infiniteStream(outcome),
        fc.string(),
        (n, totalBudget, explicitBudget, outcomes, seed) => {
          const run = runJudging(n, { totalBudget, explicitBudget }, () => outcomes.next().value as Outcome, seed)
          const policy = createPolicy({ totalBudget, explicitBudget })
          expect(run.slots.length).toBeLessThanOrEqual(workCap(n, policy))
          expect(run.slots.reduce((sum, slot) => sum + slot.attempts, 0)).toBeLessThanOrEqual(totalBudget)
          if (run.decision.action === 'finish') {
            expect(run.decision.numbers.successes).toBeGreaterThan(0)
          }
        },
      ),
      { numRuns: 400 },
    )
  })

  it('of an even size is covered in n - 1 waves in which every essay is compared once', () => {
    for (const n of [12, 24, 50]) {
      const run = runJudging(n, { totalBudget: coverageCap(n) }, (a, b) => ({ winner: (a + b) % 2 === 0 ? 'a' : 'b' }))
      expect(run.waves).toBe(n - 1)
      for (let wave = 0; wave < n - 1; wave++) {
        const items = run.slots.slice((wave * n) / 2, ((wave + 1) * n) / 2).flatMap(({ a, b }) => [a, b])
        expect(new Set(items).size).toBe(n)
      }
    }
  })

  it('shows every essay in both slots alike: 24 essays at 552 have no skew, at 288 at most a fifth', () => {
    const skews = (totalBudget: number): number[] => {
      let slots = runJudging(24, { totalBudget, explicitBudget: true, scoreStabilityThreshold: 0 }, (a, b) => ({
        winner: (a * 7 + b * 3) % 2 === 0 ? 'a' : 'b',
      })).slots
      slots = slots.slice(0, totalBudget)
      return Array.from({ length: 24 }, (_, item) => {
        const inA = slots.filter((slot) => slot.a === item).length
        const inB = slots.filter((slot) => slot.b === item).length
        return Math.abs(inA - inB) / Math.max(1, inA + inB)
      })
    }
    expect(Math.max(...skews(552))).toBe(0)
    expect(Math.max(...skews(288))).toBeLessThanOrEqual(0.2)
  })

  it('is joined first when a cap clips its wave', () => {
    for (const n of [4, 6, 9]) {
      const pairs = choosePairs(
        { n, slots: [], waveStarts: [], previous: undefined, exhausted: false },
        createPolicy({ totalBudget: n - 1 }),
        'seed',
      )
      const run = runJudging(n, { totalBudget: n - 1 }, perfect)
      expect(pairs).toHaveLength(n - 1)
      expect(run.decision.numbers.components).toBe(1)
    }
  })
})
