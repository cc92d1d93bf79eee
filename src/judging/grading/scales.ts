/** A grade scale; grades from the lowest to the highest. */
export interface GradeScale {
  readonly id: string
  readonly grades: readonly string[]
  /** How frequent each grade is before anything is known; sums to 1. */
  readonly priors: readonly number[]
  /** What is given to a text far below the lowest grade's anchors, if the scale has it. */
  readonly belowLowest: string | null
  /** Grades that get a `-` in the lowest quarter of their band, and a `+` in the highest. */
  readonly minus: readonly string[]
  readonly plus: readonly string[]
  /** Letter of each grade as the wire knows it, where it is another text. */
  readonly letters: Readonly<Record<string, string>>
}

const legacyGrades = ['F+', 'E-', 'E+', 'D-', 'D+', 'C-', 'C+', 'B', 'A'] as const

const swedish: GradeScale = {
  id: 'swedish_8_anchor',
  grades: ['F', 'E', 'D', 'D+', 'C', 'C+', 'B', 'A'],
  priors: [0.02, 0.08, 0.15, 0.2, 0.25, 0.15, 0.1, 0.05],
  belowLowest: null,
  minus: ['E', 'D', 'C', 'B', 'A'],
  plus: ['E', 'B'],
  letters: {},
}

const legacy: GradeScale = {
  id: 'eng5_np_legacy_9_step',
  grades: legacyGrades,
  priors: uniform(legacyGrades.length),
  belowLowest: 'F',
  minus: [],
  plus: [],
  letters: {},
}

/** The nine steps of the national test: on the wire, which knows letters alone, each is the step of the legacy scale. */
const national: GradeScale = {
  id: 'eng5_np_national_9_step',
  grades: legacyGrades.map((_, step) => String(step + 1)),
  priors: uniform(legacyGrades.length),
  belowLowest: '0',
  minus: [],
  plus: [],
  letters: Object.fromEntries([['0', 'F'], ...legacyGrades.map((letter, step) => [String(step + 1), letter] as const)]),
}

const scales: ReadonlyMap<string, GradeScale> = new Map([swedish, legacy, national].map((scale) => [scale.id, scale]))

/** Names of the grade scales there are. */
export const gradeScaleIds: readonly string[] = [...scales.keys()]

/** The scale of this name; an unknown one is taken for `swedish_8_anchor`. */
export function gradeScale(id: string | null | undefined): GradeScale {
  return scales.get(id ?? '') ?? swedish
}

/** True when a grade scale of this name exists. */
export function isGradeScale(id: string): boolean {
  return scales.has(id)
}

/** The grade as a letter the wire takes, `^([A-F][+-]?|U)$`; U for one that is none. */
export function letterOf(scale: GradeScale, grade: string): string {
  const letter = scale.letters[grade] ?? grade
  return normalizedScores.has(letter) ? letter : noGrade
}

/** The letter of a text that no grade could be projected for. */
export const noGrade = 'U'

const normalizedScores: ReadonlyMap<string, number> = new Map([
  ['A', 1],
  ['A-', 0.93],
  ['B+', 0.87],
  ['B', 0.8],
  ['B-', 0.73],
  ['C+', 0.67],
  ['C', 0.6],
  ['C-', 0.53],
  ['D+', 0.47],
  ['D', 0.4],
  ['D-', 0.33],
  ['E+', 0.27],
  ['E', 0.2],
  ['E-', 0.13],
  ['F+', 0.07],
  ['F', 0],
  [noGrade, 0],
])

/** A letter on the scale from 0 to 1; 0 for U and for what is no letter. */
export function normalizedScore(letter: string): number {
  return normalizedScores.get(letter) ?? 0
}

function uniform(steps: number): number[] {
  return new Array<number>(steps).fill(1 / steps)
}
