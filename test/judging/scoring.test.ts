import { describe, expect, it } from 'vitest'
import { decodeSlots, encodeSlots, type Judgement, type Slot, slotAt, withSlot } from '../../src/judging/comparison.ts'
import { scoreNet } from '../../src/judging/quality.ts'
import { randomStream } from '../../src/judging/random.ts'
import { fitBradleyTerry } from '../../src/judging/scoring/bradley-terry.ts'
import { cappedStandardErrors, standardErrors } from '../../src/judging/scoring/standard-errors.ts'

const beats = (...pairs: [number, number][]): Judgement[] => pairs.map(([a, b]) => ({ a, b, winner: 'a' }))

/** choix.ilsr_pairwise as domain section 7 describes it, with the stationary distribution by power iteration: an independent way to the same scores. */
function ilsr(n: number, judgements: readonly Judgement[], alpha = 0.01): number[] {
  let weights = new Array<number>(n).fill(1)
  for (let round = 0; round < 5_000; round++) {
    const rate = Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => (i === j ? 0 : alpha)))
    for (const { a, b, winner } of judgements) {
      const [won, lost] = winner === 'a' ? [a, b] : [b, a]
      const row = rate[lost] as number[]
      row[won] = (row[won] as number) + 1 / ((weights[won] as number) + (weights[lost] as number))
    }
    const out = rate.map((row) => row.reduce((sum, value) => sum + value, 0))
    const fastest = Math.max(...out) * 1.01
    let stationary = new Array<number>(n).fill(1 / n)
    for (let step = 0; step < 3_000; step++) {
      stationary = stationary.map(
        (share, j) =>
          share * (1 - (out[j] as number) / fastest) +
          stationary.reduce((sum, other, i) => sum + (other * ((rate[i] as number[])[j] as number)) / fastest, 0),
      )
    }
    const mean = stationary.reduce((sum, share) => sum + share, 0) / n
    const next = stationary.map((share) => share / mean)
    const change = next.reduce((sum, weight, i) => sum + Math.abs(weight - (weights[i] as number)), 0)
    weights = next
    if (change < 1e-12) {
      break
    }
  }
  const logs = weights.map(Math.log)
  const centre = logs.reduce((sum, log) => sum + log, 0) / n
  return logs.map((log) => log - centre)
}

describe('Bradley-Terry scores', () => {
  it('of two essays and one comparison are +-ln(51)/2', () => {
    expect(fitBradleyTerry(2, beats([0, 1])).theta[0]).toBeCloseTo(Math.log(51) / 2, 9)
  })

  it.each([
    ['a perfect order of 4', 4, beats([0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3])],
    ['contradicting verdicts', 3, beats([0, 1], [1, 0], [1, 2], [0, 2], [2, 0])],
    ['two unconnected pairs', 4, beats([0, 1], [2, 3])],
  ])('of %s are those of iterative Luce spectral ranking', (_, n, judgements) => {
    const expected = ilsr(n, judgements)
    fitBradleyTerry(n, judgements).theta.forEach((score, item) => expect(score).toBeCloseTo(expected[item] as number, 6))
  })

  it('of a cycle of three are all 0, and without comparisons too', () => {
    for (const judgements of [beats([0, 1], [1, 2], [2, 0]), []]) {
      for (const score of fitBradleyTerry(3, judgements).theta) {
        expect(score).toBeCloseTo(0, 9)
      }
    }
  })

  it('of 300 essays with 3,000 verdicts converge to their true order', () => {
    const random = randomStream('large', 0)
    const n = 300
    const judgements = Array.from({ length: 3_000 }, (): Judgement => {
      const a = Math.floor(random.next() * n)
      const b = (a + 1 + Math.floor(random.next() * (n - 1))) % n
      return { a, b, winner: random.next() < 1 / (1 + Math.exp((a - b) / 30)) ? 'a' : 'b' }
    })
    const { theta, converged } = fitBradleyTerry(n, judgements)
    expect(converged).toBe(true)
    expect(theta.slice(0, 100).reduce((sum, score) => sum + score, 0)).toBeGreaterThan(
      theta.slice(200).reduce((sum, score) => sum + score, 0) + 100,
    )
  })
})

describe('standard errors', () => {
  it('shrink with comparisons and are largest for an item nobody compared', () => {
    const once = beats([0, 1], [1, 2], [2, 0])
    const theta = [0, 0, 0, 0]
    const few = standardErrors(4, once, theta).seMap
    const many = standardErrors(4, [...once, ...once, ...once, ...once], theta).seMap
    expect(few[3]).toBeGreaterThan(few[0] as number)
    expect(many[0]).toBeLessThan(few[0] as number)
    expect(few.every((se) => Number.isFinite(se) && se > 0)).toBe(true)
  })

  it('of the compatibility field are capped at 2, 0 for the reference and for an isolated item', () => {
    const judgements = beats([0, 1], [0, 2], [1, 2])
    const { theta } = fitBradleyTerry(4, judgements)
    const capped = cappedStandardErrors(4, judgements, theta)
    expect(Math.max(...capped)).toBeLessThanOrEqual(2)
    expect(capped[3]).toBe(0)
    expect(cappedStandardErrors(3, [], [0, 0, 0])).toEqual([0.5, 0.5, 0.5])
  })
})

describe('a scored net', () => {
  const slot = (a: number, b: number, state: Slot['state'] = 'won_a'): Slot => ({ a, b, mode: 'coverage', state, attempts: 1 })

  it('ranks from 1, breaks ties by item, and flags what is not comparable', () => {
    const scored = scoreNet({ n: 5, slots: [slot(0, 1), slot(2, 3), slot(0, 4, 'failed')] })
    expect(scored.scores.map((score) => score.rank)).toEqual([1, 2, 3, 4, 5])
    expect(scored.scores.slice(0, 2).map((score) => score.item)).toEqual([0, 2])
    expect(scored.flags).toEqual(expect.arrayContaining(['has_isolated_items', 'disconnected_components: 3', 'comparison_coverage_sparse']))
  })
})

describe('slots as text', () => {
  it('come back as they were, six characters each', () => {
    const random = randomStream('slots', 0)
    const slots = Array.from({ length: 500 }, (): Slot => {
      const pick = <T>(items: readonly T[]): T => items[Math.floor(random.next() * items.length)] as T
      return {
        a: Math.floor(random.next() * 2_000),
        b: Math.floor(random.next() * 2_000),
        mode: pick(['coverage', 'resampling']),
        state: pick(['outstanding', 'won_a', 'won_b', 'retryable', 'failed']),
        attempts: 1 + Math.floor(random.next() * 60),
      }
    })
    const text = encodeSlots(slots)
    expect(text).toHaveLength(3_000)
    expect(decodeSlots(text)).toEqual(slots)
    const changed = withSlot(text, 7, { ...(slots[7] as Slot), state: 'failed' })
    expect(slotAt(changed, 7).state).toBe('failed')
    expect(decodeSlots(changed).filter((_, number) => number !== 7)).toEqual(slots.filter((_, number) => number !== 7))
  })
})
