import { isotonic } from './isotonic.ts'
import type { GradeScale } from './scales.ts'

/** A text of known grade among those that were compared. `score` in logits. */
export interface GradedAnchor {
  readonly grade: string
  readonly score: number
}

/** Where the grades lie on the scale of scores: of each grade the mean and variance of a text of it, and the bands between. */
export interface GradeModel {
  readonly scale: GradeScale
  /** Never falling from grade to grade, in logits. */
  readonly means: readonly number[]
  readonly variances: readonly number[]
  /** Between each grade and the next: the midpoint of their means. One fewer than grades. */
  readonly boundaries: readonly number[]
}

/** Why no grades can be projected. */
export type Uncalibrated = 'no_anchors' | 'one_distinct_grade' | 'anchors_do_not_rise'

/** Anchors of a grade from which on its mean and variance are taken from them alone. */
const enough = 3
const leastVariance = 0.01

/**
 * Places the grades by the anchors (domain 11, rules 65). A grade with fewer than three anchors is shrunk toward the line
 * fitted through all of them, score on grade index, so that it stays on the scores' own scale and between its neighbours.
 * Anchors whose grade the scale does not have, or whose score is no finite number, are left out.
 */
export function calibrate(scale: GradeScale, given: readonly GradedAnchor[]): GradeModel | Uncalibrated {
  const anchors = usableAnchors(scale, given)
  if (anchors.length === 0) {
    return 'no_anchors'
  }
  if (new Set(anchors.map(({ grade }) => grade)).size < 2) {
    return 'one_distinct_grade'
  }
  const expected = risingLine(anchors.map(({ grade, score }) => [scale.grades.indexOf(grade), score]))
  if (expected === undefined) {
    return 'anchors_do_not_rise'
  }
  const pooled = variance(anchors.map(({ score }) => score))
  const placed = scale.grades.map((grade, index) =>
    place(
      anchors.filter((anchor) => anchor.grade === grade).map(({ score }) => score),
      expected(index),
      pooled,
    ),
  )
  const means = isotonic(placed.map(({ mean: center }) => center))
  return {
    scale,
    means,
    variances: placed.map((grade) => Math.max(leastVariance, grade.variance)),
    boundaries: means.slice(1).map((upper, index) => ((means[index] as number) + upper) / 2),
  }
}

/** The anchors a calibration can use. */
export function usableAnchors(scale: GradeScale, anchors: readonly GradedAnchor[]): GradedAnchor[] {
  return anchors.filter(({ grade, score }) => scale.grades.includes(grade) && Number.isFinite(score))
}

function place(scores: readonly number[], expected: number, pooled: number): { readonly mean: number; readonly variance: number } {
  if (scores.length === 0) {
    return { mean: expected, variance: 2 * pooled }
  }
  if (scores.length >= enough) {
    return { mean: mean(scores), variance: variance(scores) }
  }
  const share = scores.length / enough
  return { mean: share * mean(scores) + (1 - share) * expected, variance: pooled / share }
}

/** Least squares; undefined when the line does not rise: then the anchors say nothing about grades. */
function risingLine(points: readonly (readonly [x: number, y: number])[]): ((x: number) => number) | undefined {
  const centerX = mean(points.map(([x]) => x))
  const centerY = mean(points.map(([, y]) => y))
  const covariance = points.reduce((sum, [x, y]) => sum + (x - centerX) * (y - centerY), 0)
  const slope = covariance / points.reduce((sum, [x]) => sum + (x - centerX) ** 2, 0)
  return slope > 0 ? (x) => centerY + slope * (x - centerX) : undefined
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

/** Of the population, not of a sample. */
function variance(values: readonly number[]): number {
  const center = mean(values)
  return mean(values.map((value) => (value - center) ** 2))
}
