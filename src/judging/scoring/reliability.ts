/** Scores nearer than this are tied. */
export const tie = 1e-6

/**
 * Share of the scores' variance that is not error: max(0, 1 - mean(se^2) / var(theta)), 0 when var(theta) < 1e-9 (rules 41).
 * Adaptive pairing inflates it: never the only ground to stop.
 */
export function reliability(theta: readonly number[], se: readonly number[]): number {
  const variance = meanOf(theta.map((score) => score * score)) - meanOf(theta) ** 2
  if (!(variance >= 1e-9)) {
    return 0
  }
  return Math.max(0, 1 - meanOf(se.map((error) => error * error)) / variance)
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length)
}

/** Items by descending score; undefined when two are tied, which is no order. */
export function strictOrder(theta: readonly number[]): readonly number[] | undefined {
  const order = theta.map((_, item) => item).sort((one, other) => (theta[other] as number) - (theta[one] as number) || one - other)
  const tied = order.some((item, place) => place > 0 && (theta[order[place - 1] as number] as number) - (theta[item] as number) < tie)
  return tied ? undefined : order
}
