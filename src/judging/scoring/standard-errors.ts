import type { Judgement } from '../comparison.ts'
import { defaultAlpha, information } from './bradley-terry.ts'
import { cholesky, inverse, type Matrix } from './linear-solve.ts'

/** Uncertainty of scores, in logits. */
export interface StandardErrors {
  /** By item: posterior standard deviation around the maximum, in the frame where scores sum to 0. Never 0 for an unknown item. */
  readonly seMap: readonly number[]
  /** Of the difference of two scores. */
  readonly differenceSe: (one: number, other: number) => number
}

/**
 * Laplace approximation: the inverse of (Fisher information + prior curvature alpha n e^theta), projected on sum 0.
 * @param theta scores by item; any constant may be added
 */
export function standardErrors(
  n: number,
  judgements: readonly Judgement[],
  theta: readonly number[],
  alpha: number = defaultAlpha,
): StandardErrors {
  const curvature = information(n, judgements, theta)
  for (let item = 0; item < n; item++) {
    curvature[item * n + item] = (curvature[item * n + item] as number) + alpha * n * Math.exp(theta[item] as number)
  }
  const factor = cholesky(curvature, n)
  if (factor === undefined) {
    throw new Error('the curvature of the scores is not positive definite')
  }
  const covariance = inverse(factor, n)
  const rows = rowMeans(covariance, n)
  const mean = rows.reduce((sum, row) => sum + row, 0) / Math.max(1, n)
  return {
    seMap: rows.map((row, item) => root((covariance[item * n + item] as number) - 2 * row + mean)),
    differenceSe: (one, other) =>
      root((covariance[one * n + one] as number) + (covariance[other * n + other] as number) - 2 * (covariance[one * n + other] as number)),
  }
}

function rowMeans(matrix: Matrix, n: number): number[] {
  return Array.from({ length: n }, (_, row) => matrix.subarray(row * n, (row + 1) * n).reduce((sum, value) => sum + value, 0) / n)
}

function root(variance: number): number {
  return Math.sqrt(Math.max(0, variance))
}

/** What the original reports: capped here. */
export const seCap = 2

/**
 * The original's standard error, a compatibility field only: inverse Fisher information without the row of the reference (the
 * last item), pairs more than 10 logits apart ignored, capped at 2. It is 0 for an isolated item and depends on the reference.
 * A part that is not joined to the reference uses the pseudo-inverse of its Laplacian, (L + J/k)^-1 - J/k.
 */
export function cappedStandardErrors(n: number, judgements: readonly Judgement[], theta: readonly number[]): number[] {
  if (n < 2 || judgements.length === 0) {
    return Array.from({ length: n }, () => (n < 2 ? 0 : 0.5))
  }
  const laplacian = information(n, judgements, theta, 10)
  const result = new Array<number>(n).fill(0)
  for (const part of partsOf(laplacian, n)) {
    const hasReference = part.includes(n - 1)
    const items = hasReference ? part.filter((item) => item !== n - 1) : part
    variances(laplacian, n, items, hasReference).forEach((variance, index) => {
      result[items[index] as number] = Math.min(seCap, root(variance))
    })
  }
  return result
}

function variances(laplacian: Matrix, n: number, items: readonly number[], hasReference: boolean): number[] {
  const size = items.length
  const shift = hasReference || size < 2 ? 0 : 1 / size
  const block = new Float64Array(size * size)
  items.forEach((row, r) => {
    items.forEach((column, c) => {
      block[r * size + c] = (laplacian[row * n + column] as number) + shift
    })
  })
  const factor = size === 0 ? undefined : cholesky(block, size)
  if (factor === undefined) {
    return items.map(() => 0)
  }
  const inverted = inverse(factor, size)
  return items.map((_, index) => (inverted[index * size + index] as number) - shift)
}

/** Items joined by edges of positive weight. */
function partsOf(laplacian: Matrix, n: number): number[][] {
  const seen = new Set<number>()
  const parts: number[][] = []
  for (let start = 0; start < n; start++) {
    if (seen.has(start)) {
      continue
    }
    const part = [start]
    seen.add(start)
    for (const item of part) {
      for (let other = 0; other < n; other++) {
        if (!seen.has(other) && (laplacian[item * n + other] as number) < 0) {
          seen.add(other)
          part.push(other)
        }
      }
    }
    parts.push(part)
  }
  return parts
}
