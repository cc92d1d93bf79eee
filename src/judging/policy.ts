/** The settings of one batch's completion, frozen at its birth. */
export interface Policy {
  /** Submissions in all; a ceiling. */
  readonly totalBudget: number
  /** True when the request asked for a number of comparisons: a request to spend. */
  readonly explicitBudget: boolean
  /** Largest number of essays still called a small net. */
  readonly smallNetSize: number
  readonly passesForSmallNet: number
  readonly passesForRegularNet: number
  readonly minComparisonsForStability: number
  /** Largest change of a score, in logits, that counts as stable. */
  readonly scoreStabilityThreshold: number
  readonly minSuccessRate: number
  /** Retries of one slot after its first attempt. */
  readonly maxRetryAttempts: number
  /** Waves; 0 = no limit. */
  readonly maxIterations: number
  /** Asks for a reliability of 0.90 instead of 0.80. */
  readonly highStakes: boolean
  /** One submission, no further waves (provider_batch_api). */
  readonly singleSubmission: boolean
}

export const defaultPolicy: Policy = Object.freeze({
  totalBudget: 120,
  explicitBudget: false,
  smallNetSize: 10,
  passesForSmallNet: 4,
  passesForRegularNet: 1,
  minComparisonsForStability: 12,
  scoreStabilityThreshold: 0.025,
  minSuccessRate: 0.8,
  maxRetryAttempts: 3,
  maxIterations: 0,
  highStakes: false,
  singleSubmission: false,
})

/** A setting outside its range; `field` names it. */
export class PolicyError extends Error {
  readonly field: string
  constructor(field: string, message: string) {
    super(`${field}: ${message}`)
    this.name = 'PolicyError'
    this.field = field
  }
}

const integers: readonly (readonly [field: keyof Policy, least: number, most: number])[] = [
  ['totalBudget', 1, 10_000_000],
  ['smallNetSize', 2, 60],
  ['passesForSmallNet', 0, 100],
  ['passesForRegularNet', 0, 100],
  ['minComparisonsForStability', 0, 1_000_000],
  ['maxRetryAttempts', 0, 60],
  ['maxIterations', 0, 1_000_000],
]

/** The defaults with some settings replaced. @throws PolicyError naming the first field outside its range */
export function createPolicy(overrides: Partial<Policy>): Policy {
  const policy = { ...defaultPolicy, ...overrides }
  for (const [field, least, most] of integers) {
    const value = policy[field]
    if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most) {
      throw new PolicyError(field, `is ${String(value)}; give an integer from ${least} to ${most}`)
    }
  }
  if (!(policy.minSuccessRate > 0 && policy.minSuccessRate <= 1)) {
    throw new PolicyError('minSuccessRate', `is ${policy.minSuccessRate}; give a share above 0, at most 1`)
  }
  if (!(policy.scoreStabilityThreshold >= 0 && Number.isFinite(policy.scoreStabilityThreshold))) {
    throw new PolicyError('scoreStabilityThreshold', `is ${policy.scoreStabilityThreshold}; give a number of logits, at least 0`)
  }
  return Object.freeze(policy)
}

export interface Budget {
  /** What the request asked for, if anything. */
  readonly maxComparisons?: number
  readonly maxPairwiseComparisons: number
  /** Hard limit of the operator; default `maxPairwiseComparisons`. */
  readonly ceiling?: number
}

/** min(request, else default; ceiling): an operator's limit always holds (rules 60). */
export function totalBudgetOf({ maxComparisons, maxPairwiseComparisons, ceiling }: Budget): number {
  return Math.min(maxComparisons ?? maxPairwiseComparisons, ceiling ?? maxPairwiseComparisons)
}
