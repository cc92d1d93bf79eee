export type ConfidenceLabel = 'HIGH' | 'MID' | 'LOW'

/** How sure a projected grade is. `score` is between 0 and 1. */
export interface Confidence {
  readonly score: number
  readonly label: ConfidenceLabel
}

/** Of a text without a grade. */
export const noConfidence: Confidence = { score: 0, label: 'LOW' }

/** Shannon entropy of a distribution as a share of the most there can be: 0 = certain, 1 = every grade alike. */
export function normalizedEntropy(posterior: readonly number[]): number {
  const entropy = posterior.reduce((sum, share) => (share > 0 ? sum - share * Math.log(share) : sum), 0)
  return posterior.length < 2 ? 0 : Math.min(1, Math.max(0, entropy / Math.log(posterior.length)))
}

/**
 * Confidence by the posterior over all grades and the standard error of the score, in logits (null: not known). A score of
 * a large error is never sure, however narrow the posterior: from 1.5 it is LOW, from 1.0 at most MID.
 */
export function confidenceOf(posterior: readonly number[], se: number | null): Confidence {
  const entropy = normalizedEntropy(posterior)
  if (se === null) {
    return { score: 1 - entropy, label: entropy < 0.5 ? 'HIGH' : entropy < 0.75 ? 'MID' : 'LOW' }
  }
  const score = Math.sqrt((1 - entropy) * certaintyOf(se))
  const label = score >= 0.7 ? 'HIGH' : score >= 0.4 ? 'MID' : 'LOW'
  return { score, label: se >= 1.5 ? 'LOW' : se >= 1 ? atMostMid(label) : label }
}

function certaintyOf(se: number): number {
  return se >= 1.5 ? 0.3 : se >= 1 ? 0.6 : se >= 0.5 ? 0.8 : 1
}

export function atMostMid(label: ConfidenceLabel): ConfidenceLabel {
  return label === 'HIGH' ? 'MID' : label
}
