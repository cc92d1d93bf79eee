import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { calibrate, type GradedAnchor, type GradeModel } from '../../src/judging/grading/calibration.ts'
import { confidenceOf, normalizedEntropy } from '../../src/judging/grading/confidence.ts'
import { isotonic } from '../../src/judging/grading/isotonic.ts'
import { posteriorOf, projectGrades, type ScoredText } from '../../src/judging/grading/projection.ts'
import { gradeScale, isGradeScale, letterOf, normalizedScore } from '../../src/judging/grading/scales.ts'

const scaleIds = ['swedish_8_anchor', 'eng5_np_legacy_9_step', 'eng5_np_national_9_step'] as const
const wireLetter = /^([A-F][+-]?|U)$/

/** Three anchors of each grade, all at the grade's index: means 0, 1, 2 ..., bands from index - 0.5 to index + 0.5. */
function onTheGrid(scale: string): GradedAnchor[] {
  return gradeScale(scale).grades.flatMap((grade, index) => Array.from({ length: 3 }, () => ({ grade, score: index })))
}

function modelOf(scale: string, anchors: readonly GradedAnchor[]): GradeModel {
  const model = calibrate(gradeScale(scale), anchors)
  if (typeof model === 'string') {
    throw new Error(`not calibrated: ${model}`)
  }
  return model
}

function gradesAt(scale: string, anchors: readonly GradedAnchor[], scores: readonly number[]): (string | null)[] {
  const texts = scores.map((score) => ({ score, se: 0.1 }))
  return projectGrades({ scale, anchors, texts }).grades.map(({ grade }) => grade)
}

describe('isotonic means', () => {
  it('pool neighbours that fall, and leave the rest alone', () => {
    expect(isotonic([1, 2, 3])).toEqual([1, 2, 3])
    expect(isotonic([1, 4, 2, 5])).toEqual([1, 3, 3, 5])
    expect(isotonic([6, 3, 0, 1])).toEqual([2.5, 2.5, 2.5, 2.5])
    expect(isotonic([])).toEqual([])
  })

  it('never fall, keep the sum, and are nearest of all rising sequences drawn', () => {
    const values = fc.array(fc.double({ min: -9, max: 9, noNaN: true }), { minLength: 1, maxLength: 9 })
    const distance = (one: readonly number[], other: readonly number[]): number =>
      one.reduce((sum, value, index) => sum + (value - (other[index] as number)) ** 2, 0)
    fc.assert(
      fc.property(values, fc.array(fc.double({ min: -9, max: 9, noNaN: true }), { minLength: 9, maxLength: 9 }), (given, drawn) => {
        const fitted = isotonic(given)
        expect(fitted.every((value, index) => index === 0 || value >= (fitted[index - 1] as number) - 1e-12)).toBe(true)
        expect(fitted.reduce((sum, value) => sum + value, 0)).toBeCloseTo(
          given.reduce((sum, value) => sum + value, 0),
          6,
        )
        const rival = drawn.slice(0, given.length).sort((one, other) => one - other)
        expect(distance(given, fitted)).toBeLessThanOrEqual(distance(given, rival) + 1e-9)
      }),
      { numRuns: 200 },
    )
  })
})

describe('calibration', () => {
  it('of grades with three anchors takes their own mean and variance, of the others the line; by hand', () => {
    const anchors = [-1, 0, 1].map((score) => ({ grade: '1', score })).concat([7, 8, 9].map((score) => ({ grade: '9', score })))
    const model = modelOf('eng5_np_national_9_step', anchors)
    expect(model.means.map((mean) => mean.toFixed(9))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8].map((mean) => mean.toFixed(9)))
    expect(model.boundaries[0]).toBeCloseTo(0.5, 12)
    // Own: (1 + 0 + 1) / 3. Without anchors: twice the variance of all six, 2 x 100 / 6.
    expect(model.variances[0]).toBeCloseTo(2 / 3, 12)
    expect(model.variances[4]).toBeCloseTo(200 / 6, 12)
  })

  it('of a grade with one anchor shrinks it two thirds of the way to the line; by hand', () => {
    const model = modelOf('swedish_8_anchor', [
      { grade: 'F', score: 0 },
      { grade: 'C', score: 5.5 },
      { grade: 'A', score: 7 },
    ])
    // Least squares of (0, 0), (4, 5.5), (7, 7): 25/6 + 151/148 (x - 11/3), at 4: 2001/444. C: 5.5/3 + 2/3 of that = 179/37.
    expect(model.means[4]).toBeCloseTo(179 / 37, 12)
    // Variance of 0, 5.5 and 7 is 79.25 / 3 - (12.5 / 3)^2; with one anchor three times that.
    expect(model.variances[4]).toBeCloseTo(3 * (79.25 / 3 - (12.5 / 3) ** 2), 9)
  })

  it('has no variance below 0.01', () => {
    expect(new Set(modelOf('swedish_8_anchor', onTheGrid('swedish_8_anchor')).variances)).toEqual(new Set([0.01]))
  })

  it('does not depend on where the scores lie: a fixed scale from 0 to 1 for grades without anchors would', () => {
    const anchors: GradedAnchor[] = [
      { grade: 'F', score: -4 },
      { grade: 'A', score: 3 },
    ]
    const far = anchors.map(({ grade, score }) => ({ grade, score: score * 10 + 300 }))
    const scores = [-5, -3.4, -2.2, -1, 0.1, 0.9, 2.4, 8]
    expect(
      gradesAt(
        'swedish_8_anchor',
        far,
        scores.map((score) => score * 10 + 300),
      ),
    ).toEqual(gradesAt('swedish_8_anchor', anchors, scores))
  })
})

describe('projected grades', () => {
  it('of the Swedish scale carry - in the lowest and + in the highest quarter of the bands that have them', () => {
    const anchors = onTheGrid('swedish_8_anchor')
    const at = (...scores: number[]): (string | null)[] => gradesAt('swedish_8_anchor', anchors, scores)
    expect(at(-9, -0.49, 0.49)).toEqual(['F', 'F', 'F'])
    expect(at(0.6, 1, 1.4)).toEqual(['E-', 'E', 'E+'])
    expect(at(1.6, 2, 2.4)).toEqual(['D-', 'D', 'D'])
    expect(at(2.6, 3, 3.4)).toEqual(['D+', 'D+', 'D+'])
    expect(at(3.6, 4, 4.4)).toEqual(['C-', 'C', 'C'])
    expect(at(4.6, 5, 5.4)).toEqual(['C+', 'C+', 'C+'])
    expect(at(5.6, 6, 6.4)).toEqual(['B-', 'B', 'B+'])
    expect(at(6.6, 7, 40)).toEqual(['A-', 'A', 'A'])
  })

  it('of the other scales carry no modifier, and fall below the lowest grade more than two deviations under its mean', () => {
    const at = (scale: string, ...scores: number[]): (string | null)[] => gradesAt(scale, onTheGrid(scale), scores)
    // Lowest grade: mean 0, variance 0.01: two deviations below is -0.2.
    expect(at('eng5_np_legacy_9_step', -0.21, -0.19, 0.6, 8)).toEqual(['F', 'F+', 'E-', 'A'])
    expect(at('eng5_np_national_9_step', -0.21, -0.19, 0.6, 8)).toEqual(['0', '1', '2', '9'])
  })

  it('of the national scale reach the wire as letters, step by step', () => {
    const scale = gradeScale('eng5_np_national_9_step')
    expect(['0', ...scale.grades].map((grade) => letterOf(scale, grade))).toEqual(['F', 'F+', 'E-', 'E+', 'D-', 'D+', 'C-', 'C+', 'B', 'A'])
    const { grades } = projectGrades({ scale: scale.id, anchors: onTheGrid(scale.id), texts: [{ score: 6, se: 0.1 }] })
    expect(grades[0]).toMatchObject({ grade: '7', letter: 'C+', normalizedScore: 0.67 })
  })

  it('are U, without confidence, when nothing can be projected', () => {
    const texts: ScoredText[] = [{ score: 1, se: 0.1 }]
    const nothing = { grade: null, letter: 'U', normalizedScore: 0, confidence: { score: 0, label: 'LOW' } }
    const cases: [readonly GradedAnchor[], string][] = [
      [[], 'no_anchors'],
      [[{ grade: 'Z', score: 1 }], 'no_anchors'],
      [[{ grade: 'B', score: Number.NaN }], 'no_anchors'],
      [
        [
          { grade: 'B', score: 1 },
          { grade: 'B', score: 2 },
        ],
        'one_distinct_grade',
      ],
      [
        [
          { grade: 'A', score: -1 },
          { grade: 'F', score: 1 },
        ],
        'anchors_do_not_rise',
      ],
    ]
    for (const [anchors, reason] of cases) {
      const projection = projectGrades({ scale: 'swedish_8_anchor', anchors, texts })
      expect(projection).toMatchObject({ method: 'default', reason, anchorsUsed: 0, model: null, grades: [nothing] })
    }
    const { grades } = projectGrades({ scale: null, anchors: onTheGrid('swedish_8_anchor'), texts: [{ score: null, se: null }] })
    expect(grades).toEqual([nothing])
  })

  it('tell the known grades of the anchors, counted by letter', () => {
    const anchors = [...onTheGrid('swedish_8_anchor'), { grade: 'Z', score: 1 }]
    const { anchorDistribution, anchorsUsed } = projectGrades({ scale: 'swedish_8_anchor', anchors, texts: [] })
    expect(anchorDistribution).toEqual({ A: 3, B: 3, C: 6, D: 6, E: 3, F: 3, U: 1 })
    expect(anchorsUsed).toBe(24)
    expect(projectGrades({ scale: null, anchors: [], texts: [] }).anchorDistribution).toEqual({})
  })

  it('take an unknown scale for the Swedish one', () => {
    expect([gradeScale('nobody_knows').id, gradeScale(null).id]).toEqual(['swedish_8_anchor', 'swedish_8_anchor'])
    expect([isGradeScale('nobody_knows'), ...scaleIds.map(isGradeScale)]).toEqual([false, true, true, true])
  })
})

describe('for any anchors', () => {
  const finite = fc.double({ min: -6, max: 6, noNaN: true })
  const anyScale = fc.constantFrom(...scaleIds)
  const anchorsOf = (scale: string) =>
    fc.array(fc.record({ grade: fc.constantFrom(...gradeScale(scale).grades), score: finite }), { maxLength: 20 })
  const situation = anyScale.chain((scale) =>
    fc.record({ scale: fc.constant(scale), anchors: anchorsOf(scale), scores: fc.array(finite, { minLength: 2, maxLength: 12 }) }),
  )

  it('grades never fall as scores rise, and every letter is one of the wire', () => {
    fc.assert(
      fc.property(situation, ({ scale, anchors, scores }) => {
        const texts = [...scores].sort((one, other) => one - other).map((score) => ({ score, se: 0.3 }))
        const { grades } = projectGrades({ scale, anchors, texts })
        expect(grades.every(({ letter }) => wireLetter.test(letter))).toBe(true)
        expect(grades.every((grade, index) => index === 0 || grade.normalizedScore >= (grades[index - 1]?.normalizedScore ?? 0))).toBe(true)
      }),
      { numRuns: 300 },
    )
  })

  it('on a rising line, a text between two anchors is graded between them, one above all at least as high', () => {
    const line = fc.record({ slope: fc.double({ min: 0.05, max: 3, noNaN: true }), start: finite })
    const some = anyScale.chain((scale) => {
      const indices = fc.uniqueArray(fc.nat({ max: gradeScale(scale).grades.length - 1 }), { minLength: 2, maxLength: 9 })
      return fc.record({
        scale: fc.constant(scale),
        indices,
        line,
        times: fc.integer({ min: 1, max: 4 }),
        share: fc.double({ min: 0, max: 1, noNaN: true }),
      })
    })
    fc.assert(
      fc.property(some, ({ scale, indices, line: { slope, start }, times, share }) => {
        const { grades } = gradeScale(scale)
        const sorted = [...indices].sort((one, other) => one - other)
        const at = (index: number): number => start + slope * index
        const anchors = sorted.flatMap((index) =>
          Array.from({ length: times }, () => ({ grade: grades[index] as string, score: at(index) })),
        )
        const [low, high] = [sorted[0] as number, sorted.at(-1) as number]
        const between = at(low) + share * (at(high) - at(low))
        const given = gradesAt(scale, anchors, [between, at(high) + 2]).map((grade) => grades.indexOf(plain(grade, grades)))
        expect(given[0]).toBeGreaterThanOrEqual(low)
        expect(given[0]).toBeLessThanOrEqual(high)
        expect(given[1]).toBeGreaterThanOrEqual(high)
      }),
      { numRuns: 300 },
    )
  })

  it('the posterior is a distribution, however far the score', () => {
    fc.assert(
      fc.property(situation, fc.constantFrom(-1e9, -50, 0, 50, 1e9), ({ scale, anchors }, score) => {
        const model = calibrate(gradeScale(scale), anchors)
        fc.pre(typeof model !== 'string')
        const posterior = posteriorOf(score, 0.4, model)
        expect(posterior.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9)
        expect(posterior.every((share) => share >= 0 && share <= 1)).toBe(true)
      }),
      { numRuns: 100 },
    )
  })
})

/** A grade without its modifier: `E-` of the Swedish scale is its E, `E-` of the legacy scale a grade of its own. */
function plain(grade: string | null, grades: readonly string[]): string {
  const given = grade ?? ''
  return grades.includes(given) ? given : given.replace(/[+-]$/, '')
}

describe('confidence', () => {
  it('follows entropy and standard error; by hand', () => {
    const model = modelOf('eng5_np_legacy_9_step', onTheGrid('eng5_np_legacy_9_step'))
    const se = Math.sqrt(0.99)
    // Variance 0.01 + 0.99 = 1, uniform prior, score 4: weights exp(-d^2 / 2), sum 2.506621; the middle one 0.398943.
    const posterior = posteriorOf(4, se, model)
    expect(posterior[4]).toBeCloseTo(0.398943, 6)
    // ln 2.506621 + 0.499965 = 1.418901 of ln 9 = 2.197225.
    expect(normalizedEntropy(posterior)).toBeCloseTo(0.645769, 5)
    expect(confidenceOf(posterior, se)).toEqual({ score: expect.closeTo(Math.sqrt((1 - 0.645769) * 0.8), 5), label: 'MID' })
  })

  it('is less than HIGH from an error of 1.0 on, and LOW from 1.5 on, however narrow the posterior', () => {
    const sure = [1, 0, 0]
    expect([0, 0.49, 0.5, 1, 1.5].map((se) => confidenceOf(sure, se))).toEqual([
      { score: 1, label: 'HIGH' },
      { score: 1, label: 'HIGH' },
      { score: expect.closeTo(Math.sqrt(0.8), 12), label: 'HIGH' },
      { score: expect.closeTo(Math.sqrt(0.6), 12), label: 'MID' },
      { score: expect.closeTo(Math.sqrt(0.3), 12), label: 'LOW' },
    ])
  })

  it('without an error is that of the entropy alone', () => {
    expect(confidenceOf([1, 0], null)).toEqual({ score: 1, label: 'HIGH' })
    expect(confidenceOf([0.5, 0.5, 0, 0], null)).toEqual({ score: expect.closeTo(0.5, 12), label: 'MID' })
    expect(confidenceOf([0.25, 0.25, 0.25, 0.25], null)).toEqual({ score: expect.closeTo(0, 12), label: 'LOW' })
  })

  it('of real anchors is not certainty: the posterior is not masked by the band, and the prior has its say', () => {
    const anchors = onTheGrid('swedish_8_anchor')
    const [centre, boundary] = projectGrades({
      scale: 'swedish_8_anchor',
      anchors,
      texts: [
        { score: 4, se: 0.45 },
        { score: 3.52, se: 0.9 },
      ],
    }).grades
    expect(centre?.confidence.score).toBeGreaterThan(boundary?.confidence.score ?? 1)
    expect(boundary?.confidence.score).toBeLessThan(0.8)
    const lowest = posteriorOf(0.5, 1, modelOf('swedish_8_anchor', anchors))
    expect((lowest[1] as number) / (lowest[0] as number)).toBeCloseTo(0.08 / 0.02, 9)
  })

  it('is not HIGH for a grade that the posterior does not favour', () => {
    // Just above the boundary of B and A the band says A, the prior B (0.10 against 0.05).
    const { grades } = projectGrades({
      scale: 'swedish_8_anchor',
      anchors: onTheGrid('swedish_8_anchor'),
      texts: [{ score: 6.51, se: 0.3 }],
    })
    expect(grades[0]).toMatchObject({ grade: 'A-', confidence: { label: 'MID' } })
    expect(grades[0]?.confidence.score).toBeGreaterThan(0.7)
  })

  it('of a text nobody compared, whose error has no bounds, is LOW', () => {
    const texts = [{ score: 4, se: Number.POSITIVE_INFINITY }]
    const { grades } = projectGrades({ scale: null, anchors: onTheGrid('swedish_8_anchor'), texts })
    expect(grades[0]?.confidence.label).toBe('LOW')
  })
})

describe('normalised scores', () => {
  it('are those of the letters, F and U being 0', () => {
    const letters = ['A', 'A-', 'B+', 'B', 'B-', 'C+', 'C', 'C-', 'D+', 'D', 'D-', 'E+', 'E', 'E-', 'F+', 'F', 'U', '7']
    expect(letters.map(normalizedScore)).toEqual([
      1, 0.93, 0.87, 0.8, 0.73, 0.67, 0.6, 0.53, 0.47, 0.4, 0.33, 0.27, 0.2, 0.13, 0.07, 0, 0, 0,
    ])
  })
})
