import { decodeSlots } from '../judging/comparison.ts'
import { componentsOf } from '../judging/components.ts'
import { type GradeProjection, type ProjectedGrade, projectGrades } from '../judging/grading/projection.ts'
import { gradeScale, letterOf, normalizedScore } from '../judging/grading/scales.ts'
import type { BatchContext, RankedItem } from '../machines/batch.machine.ts'
import { anchorGrades } from './anchor-items.ts'

/** A place in the ranking; an essay that was never scored has no error. */
export type Ranked = Omit<RankedItem, 'se'> & { readonly se: number | null }

type Compared = Pick<BatchContext, 'items' | 'slots' | 'scores' | 'assigned'>

/**
 * Grades of a ranking, projected from the anchors among its items (domain 11). Scores are comparable only within what verdicts
 * join: an item without any path to the anchors, or without a verdict at all, gets no grade and lends none. An anchor keeps the
 * grade it is known to have.
 */
export function gradesOf(context: Compared, ranking: readonly Ranked[]): GradeProjection {
  const known = anchorGrades(context)
  const scale = context.assigned?.gradeScale ?? null
  const reached = context.scores === null ? new Set<string>() : reachedByAnchors(context, known)
  const anchors = ranking.flatMap(({ id, score }) => {
    const grade = known.get(id)
    return grade === undefined || !reached.has(id) ? [] : [{ grade, score }]
  })
  const texts = ranking.map(({ id, score, se }) => ({ score: reached.has(id) ? score : null, se }))
  const projected = projectGrades({ scale, anchors, texts })
  const grades = projected.grades.map((grade, place) => knownGrade(known.get(ranking[place]?.id ?? ''), scale) ?? grade)
  return { ...projected, grades }
}

function knownGrade(grade: string | undefined, scale: string | null): ProjectedGrade | undefined {
  if (grade === undefined) {
    return undefined
  }
  const letter = letterOf(gradeScale(scale), grade)
  return { grade, letter, normalizedScore: normalizedScore(letter), confidence: { score: 1, label: 'HIGH' } }
}

/** Items in the part of the net that holds the most anchors; of equal parts the one with the first of them. */
function reachedByAnchors({ items, slots }: Compared, known: ReadonlyMap<string, string>): ReadonlySet<string> {
  const decided = decodeSlots(slots).filter(({ state }) => state === 'won_a' || state === 'won_b')
  const compared = new Set(decided.flatMap(({ a, b }) => [a, b]))
  const components = componentsOf(items.length, decided)
  const anchorsOf = new Map<number, number>()
  for (const [item, id] of items.entries()) {
    if (known.has(id) && compared.has(item)) {
      const root = components.rootOf(item)
      anchorsOf.set(root, (anchorsOf.get(root) ?? 0) + 1)
    }
  }
  const [[part] = []] = [...anchorsOf].sort(([, one], [, other]) => other - one)
  return new Set(items.filter((_, item) => compared.has(item) && components.rootOf(item) === part))
}
