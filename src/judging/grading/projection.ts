import { calibrate, type GradedAnchor, type GradeModel, type Uncalibrated, usableAnchors } from './calibration.ts'
import { atMostMid, type Confidence, confidenceOf, noConfidence } from './confidence.ts'
import { type GradeScale, gradeScale, letterOf, noGrade, normalizedScore } from './scales.ts'

/** A text to be graded. Score and standard error in logits; null: it has no score, or its error is not known. */
export interface ScoredText {
  readonly score: number | null
  readonly se: number | null
}

export interface ProjectedGrade {
  /** In the words of the scale, e.g. `7` or `B+`; null when none could be projected. */
  readonly grade: string | null
  /** For the wire, `^([A-F][+-]?|U)$`. */
  readonly letter: string
  /** Of the letter, from 0 to 1. */
  readonly normalizedScore: number
  readonly confidence: Confidence
}

export interface GradeProjection {
  /** One for each text, in the order given. */
  readonly grades: readonly ProjectedGrade[]
  /** `default`: nothing was projected, and `reason` says why. */
  readonly method: 'anchor' | 'default'
  readonly reason: Uncalibrated | null
  readonly anchorsUsed: number
  /** The anchors' known grades, counted by the first letter A to F, and U. Empty without anchors. */
  readonly anchorDistribution: Readonly<Record<string, number>>
  /** Means, variances and boundaries of the grades; null when nothing was projected. */
  readonly model: GradeModel | null
}

/**
 * Projects grades onto texts from anchors of known grade in the same ranking (domain 11, rules 65).
 *
 * The grade is the band the score falls into: bands lie between the midpoints of the grades' means, so grades never fall
 * as scores rise. The posterior over all grades (prior x normal density of variance + se^2) is not masked by the band: it
 * says how sure the grade is. Without anchors of two different grades every text gets U.
 *
 * @param input.scale name of the grade scale; an unknown one is `swedish_8_anchor`
 */
export function projectGrades(input: {
  readonly scale: string | null
  readonly anchors: readonly GradedAnchor[]
  readonly texts: readonly ScoredText[]
}): GradeProjection {
  const scale = gradeScale(input.scale)
  const model = calibrate(scale, input.anchors)
  const isCalibrated = typeof model !== 'string'
  return {
    grades: input.texts.map((text) => (isCalibrated ? gradeOf(text, model) : ungraded)),
    method: isCalibrated ? 'anchor' : 'default',
    reason: isCalibrated ? null : model,
    anchorsUsed: isCalibrated ? usableAnchors(scale, input.anchors).length : 0,
    anchorDistribution: distributionOf(scale, input.anchors),
    model: isCalibrated ? model : null,
  }
}

/** An error without bounds (a text nobody compared) leaves the prior alone, logits. */
const largestError = 1e6

const ungraded: ProjectedGrade = { grade: null, letter: noGrade, normalizedScore: 0, confidence: noConfidence }

function gradeOf({ score, se }: ScoredText, model: GradeModel): ProjectedGrade {
  if (score === null || !Number.isFinite(score)) {
    return ungraded
  }
  const error = se === null || Number.isNaN(se) ? null : Math.min(largestError, Math.max(0, se))
  const band = model.boundaries.filter((boundary) => boundary < score).length
  const grade = inBand(score, band, model)
  const letter = letterOf(model.scale, grade)
  return { grade, letter, normalizedScore: normalizedScore(letter), confidence: sureness(score, error, band, model) }
}

/** The grade of a band, with its modifier, or the one below the lowest. */
function inBand(score: number, band: number, model: GradeModel): string {
  const { scale, means, variances } = model
  const grade = scale.grades[band] as string
  const far = (means[0] as number) - 2 * Math.sqrt(variances[0] as number)
  if (band === 0 && scale.belowLowest !== null && score < far) {
    return scale.belowLowest
  }
  const place = placeInBand(score, band, model)
  if (place < 0.25 && scale.minus.includes(grade)) {
    return `${grade}-`
  }
  return place > 0.75 && scale.plus.includes(grade) ? `${grade}+` : grade
}

/** From 0 to 1 within the band. The lowest and the highest band are open: they are taken to be as wide on either side of their mean. */
function placeInBand(score: number, band: number, { means, boundaries }: GradeModel): number {
  const center = means[band] as number
  const low = boundaries[band - 1] ?? 2 * center - (boundaries[band] as number)
  const high = boundaries[band] ?? 2 * center - (boundaries[band - 1] as number)
  return high > low ? (score - low) / (high - low) : 0.5
}

/** Never HIGH for a grade which the posterior does not favour: near a boundary prior and variances may speak for the neighbour. */
function sureness(score: number, se: number | null, band: number, model: GradeModel): Confidence {
  const posterior = posteriorOf(score, se ?? 0, model)
  const confidence = confidenceOf(posterior, se)
  const isFavoured = posterior.every((share) => share <= (posterior[band] as number))
  return isFavoured ? confidence : { ...confidence, label: atMostMid(confidence.label) }
}

/** Prior x normal density over all grades, normalised; by logarithms, so that far scores do not become 0/0. */
export function posteriorOf(score: number, se: number, { scale, means, variances }: GradeModel): number[] {
  const logs = means.map((mean, grade) => {
    const spread = (variances[grade] as number) + se ** 2
    return Math.log(scale.priors[grade] as number) - 0.5 * (Math.log(spread) + (score - mean) ** 2 / spread)
  })
  const most = Math.max(...logs)
  const shares = logs.map((log) => Math.exp(log - most))
  const sum = shares.reduce((total, share) => total + share, 0)
  return shares.map((share) => share / sum)
}

/** Of the grades the anchors are known to have, not of what was projected. */
function distributionOf(scale: GradeScale, anchors: readonly GradedAnchor[]): Record<string, number> {
  if (anchors.length === 0) {
    return {}
  }
  const counts: Record<string, number> = { A: 0, B: 0, C: 0, D: 0, E: 0, F: 0, U: 0 }
  for (const { grade } of anchors) {
    const letter = letterOf(scale, grade).charAt(0)
    counts[letter] = (counts[letter] ?? 0) + 1
  }
  return counts
}
