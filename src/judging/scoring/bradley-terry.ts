import type { Judgement } from '../comparison.ts'
import { cholesky, type Matrix, solve } from './linear-solve.ts'

/** Strength of the prior, as in choix.ilsr_pairwise. */
export const defaultAlpha = 0.01

/** Scores in logits, by item, with mean 0. */
export interface Fit {
  readonly theta: readonly number[]
  readonly iterations: number
  readonly converged: boolean
}

/**
 * Bradley-Terry scores: P(i beats j) = e^ti / (e^ti + e^tj), by Newton on
 * `log L(t) - alpha n sum(e^ti - ti)`, strictly concave, so the maximum exists and is unique for any data. It is the fixed point
 * of choix.ilsr_pairwise with the same alpha (Maystre and Grossglauser 2015): independent log-gamma priors of shape and rate
 * alpha n. Two items, one comparison: +-ln(51)/2.
 */
export function fitBradleyTerry(n: number, judgements: readonly Judgement[], options: { readonly alpha?: number } = {}): Fit {
  const strength = (options.alpha ?? defaultAlpha) * n
  let theta = new Float64Array(n)
  let value = objective(theta, judgements, strength)
  for (let iteration = 1; iteration <= maxIterations; iteration++) {
    const { gradient, curvature } = derivatives(theta, judgements, strength)
    const factor = cholesky(curvature, n)
    if (factor === undefined) {
      return { theta: centred(theta), iterations: iteration, converged: false }
    }
    const direction = solve(factor, gradient, n)
    const step = climb(theta, direction, value, judgements, strength)
    theta = step.theta
    value = step.value
    if (largest(direction) * step.length < tolerance) {
      return { theta: centred(theta), iterations: iteration, converged: true }
    }
  }
  return { theta: centred(theta), iterations: maxIterations, converged: false }
}

const maxIterations = 100
const tolerance = 1e-10

/** Halves the Newton step until the objective does not fall. */
function climb(
  theta: Float64Array,
  direction: Float64Array,
  value: number,
  judgements: readonly Judgement[],
  strength: number,
): { readonly theta: Float64Array<ArrayBuffer>; readonly value: number; readonly length: number } {
  for (let length = 1; ; length /= 2) {
    const next = Float64Array.from(theta, (score, item) => score + length * (direction[item] as number))
    const reached = objective(next, judgements, strength)
    if (reached >= value - 1e-12 * Math.abs(value) || length < 1e-10) {
      return { theta: next, value: reached, length }
    }
  }
}

function objective(theta: Float64Array, judgements: readonly Judgement[], strength: number): number {
  let value = 0
  for (const judgement of judgements) {
    value -= Math.log1p(Math.exp(-lead(theta, judgement)))
  }
  for (const score of theta) {
    value -= strength * (Math.exp(score) - score)
  }
  return value
}

/** How far the winner is ahead of the loser. */
function lead(theta: Float64Array, { a, b, winner }: Judgement): number {
  const gap = (theta[a] as number) - (theta[b] as number)
  return winner === 'a' ? gap : -gap
}

function derivatives(
  theta: Float64Array,
  judgements: readonly Judgement[],
  strength: number,
): { readonly gradient: Float64Array; readonly curvature: Matrix } {
  const n = theta.length
  const gradient = Float64Array.from(theta, (score) => -strength * (Math.exp(score) - 1))
  for (const judgement of judgements) {
    const surprise = 1 / (1 + Math.exp(lead(theta, judgement)))
    const winner = judgement.winner === 'a' ? judgement.a : judgement.b
    const loser = judgement.winner === 'a' ? judgement.b : judgement.a
    gradient[winner] = (gradient[winner] as number) + surprise
    gradient[loser] = (gradient[loser] as number) - surprise
  }
  const curvature = information(n, judgements, theta)
  for (let item = 0; item < n; item++) {
    curvature[item * n + item] = (curvature[item * n + item] as number) + strength * Math.exp(theta[item] as number)
  }
  return { gradient, curvature }
}

/** Fisher information of the comparisons: the Laplacian of the graph whose edges weigh p (1 - p). Pairs further apart than `widest` logits count 0. */
export function information(
  n: number,
  judgements: readonly Judgement[],
  theta: ArrayLike<number>,
  widest = Number.POSITIVE_INFINITY,
): Matrix {
  const matrix = new Float64Array(n * n)
  const add = (row: number, column: number, weight: number): void => {
    matrix[row * n + column] = (matrix[row * n + column] as number) + weight
  }
  for (const { a, b } of judgements) {
    const gap = (theta[a] as number) - (theta[b] as number)
    const p = 1 / (1 + Math.exp(-gap))
    const weight = Math.abs(gap) > widest ? 0 : p * (1 - p)
    add(a, a, weight)
    add(b, b, weight)
    add(a, b, -weight)
    add(b, a, -weight)
  }
  return matrix
}

function centred(theta: Float64Array): number[] {
  const mean = theta.reduce((sum, score) => sum + score, 0) / Math.max(1, theta.length)
  return Array.from(theta, (score) => score - mean)
}

function largest(direction: Float64Array): number {
  return direction.reduce((most, step) => Math.max(most, Math.abs(step)), 0)
}
