import { judgementsOf, type Slot } from './comparison.ts'
import { componentsOf } from './components.ts'
import { fitBradleyTerry } from './scoring/bradley-terry.ts'
import { reliability } from './scoring/reliability.ts'
import { cappedStandardErrors, seCap, standardErrors } from './scoring/standard-errors.ts'

/** One item's place. Scores and errors in logits; `seCapped` as the original reports it. */
export interface Score {
  readonly item: number
  readonly rank: number
  readonly score: number
  readonly se: number
  readonly seCapped: number
  readonly comparisons: number
}

/** A finished scoring, in rank order. Flags are for diagnosis; they decide nothing. */
export interface NetScores {
  readonly scores: readonly Score[]
  readonly reliability: number
  readonly components: number
  readonly flags: readonly string[]
  readonly seSummary: SeSummary
  /** Logits by which slot A is preferred, and its standard error; null without verdicts both ways. */
  readonly positionBias: { readonly estimate: number; readonly se: number } | null
}

export interface SeSummary {
  readonly mean: number
  readonly max: number
  readonly min: number
  readonly itemCount: number
  readonly comparisonCount: number
  readonly itemsAtCap: number
  readonly isolatedItems: number
  readonly meanComparisons: number
  readonly minComparisons: number
  readonly maxComparisons: number
}

/** Thresholds of the flags (domain 7 and 12). */
const warn = { meanSe: 0.4, maxSe: 0.8, meanComparisons: 1 }

/**
 * Scores, ranks and quality of a net. Ties of score are broken by item, so that replays agree.
 * @throws Error when the fit does not converge
 */
export function scoreNet({ n, slots }: { readonly n: number; readonly slots: readonly Slot[] }): NetScores {
  const judgements = judgementsOf(slots)
  const { theta, converged } = fitBradleyTerry(n, judgements)
  if (!converged || theta.some((score) => !Number.isFinite(score))) {
    throw new Error('the scores did not converge')
  }
  const { seMap } = standardErrors(n, judgements, theta)
  const capped = cappedStandardErrors(n, judgements, theta)
  const compared = new Array<number>(n).fill(0)
  for (const { a, b } of judgements) {
    compared[a] = (compared[a] ?? 0) + 1
    compared[b] = (compared[b] ?? 0) + 1
  }
  const order = theta.map((_, item) => item).sort((one, other) => (theta[other] as number) - (theta[one] as number) || one - other)
  const scores = order.map((item, place) => ({
    item,
    rank: place + 1,
    score: theta[item] as number,
    se: seMap[item] as number,
    seCapped: capped[item] as number,
    comparisons: compared[item] as number,
  }))
  const components = componentsOf(n, judgements).count
  const seSummary = summarise(scores, judgements.length)
  return {
    scores,
    reliability: reliability(theta, seMap),
    components,
    flags: flagsOf(seSummary, components),
    seSummary,
    positionBias: positionBias(judgements.filter((judgement) => judgement.winner === 'a').length, judgements.length),
  }
}

function summarise(scores: readonly Score[], comparisonCount: number): SeSummary {
  const errors = scores.map((score) => score.se)
  const comparisons = scores.map((score) => score.comparisons)
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length)
  return {
    mean: mean(errors),
    max: Math.max(0, ...errors),
    min: errors.length === 0 ? 0 : Math.min(...errors),
    itemCount: scores.length,
    comparisonCount,
    itemsAtCap: scores.filter((score) => score.seCapped >= seCap).length,
    isolatedItems: comparisons.filter((count) => count === 0).length,
    meanComparisons: mean(comparisons),
    minComparisons: comparisons.length === 0 ? 0 : Math.min(...comparisons),
    maxComparisons: Math.max(0, ...comparisons),
  }
}

function flagsOf(summary: SeSummary, components: number): string[] {
  return [
    ...(summary.mean > warn.meanSe || summary.max > warn.maxSe ? ['bt_se_inflated'] : []),
    ...(summary.meanComparisons < warn.meanComparisons ? ['comparison_coverage_sparse'] : []),
    ...(summary.isolatedItems > 0 ? ['has_isolated_items'] : []),
    ...(components > 1 ? [`disconnected_components: ${components}`] : []),
  ]
}

/** Log-odds of slot A winning, with half a verdict added to each side (Haldane-Anscombe), and its standard error. */
function positionBias(winsOfA: number, total: number): NetScores['positionBias'] {
  if (total === 0) {
    return null
  }
  const a = winsOfA + 0.5
  const b = total - winsOfA + 0.5
  return { estimate: Math.log(a / b), se: Math.sqrt(1 / a + 1 / b) }
}
