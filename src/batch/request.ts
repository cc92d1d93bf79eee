import { z } from 'zod'
import { createPolicy, PolicyError, totalBudgetOf } from '../judging/policy.ts'
import type { BatchInput } from '../machines/batch.machine.ts'
import { addressHash } from '../runtime/message.ts'
import { repairStrings } from '../runtime/strict-json.ts'
import { batchSettings, type BatchSettings } from './settings.ts'

/** A request that cannot become a batch; `field` names what is wrong. */
export class BatchRequestError extends Error {
  readonly code = 'VALIDATION_ERROR'
  readonly field: string
  constructor(field: string, message: string) {
    super(`${field}: ${message}`)
    this.name = 'BatchRequestError'
    this.field = field
  }
}

const request = z.object({
  batchId: z.string().min(1).max(200),
  correlationId: z.string().min(1).max(200).optional(),
  essays: z.array(z.object({ id: z.string().min(1).max(500), storageId: z.string().min(1).max(500) })),
  /** A request to spend this many comparisons; absent: the default budget, a ceiling only. */
  maxComparisons: z.int().positive().optional(),
  userId: z.string().min(1).max(200),
  orgId: z.string().max(200).nullable().optional(),
  language: z.string().min(1).max(50).default('en'),
  courseCode: z.string().min(1).max(50).default('ENG5'),
  assignmentId: z.string().max(100).nullable().optional(),
  highStakes: z.boolean().default(false),
  /** One wave and no other: the judge takes everything at once, or brings its own comparisons. */
  singleSubmission: z.boolean().default(false),
})

/** What a caller gives for a batch; ids are texts of the caller's own. */
export type BatchRequest = z.input<typeof request>

/** The actor's address of a batch. */
export function batchAddress(batchId: string): string {
  return `batch/${batchId}`
}

/** The id in a batch's address. */
export function batchIdOf(address: string): string {
  return address.slice(address.indexOf('/') + 1)
}

/**
 * Checks a request and makes the batch's input of it: budget, policy and seed are frozen here.
 * @throws BatchRequestError naming the first field that is wrong
 */
export function batchInput(given: BatchRequest, overrides: Partial<BatchSettings> = {}): BatchInput {
  const settings = { ...batchSettings, ...overrides }
  const parsed = request.safeParse(given)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw new BatchRequestError(issue?.path.join('.') ?? 'request', issue?.message ?? 'is not valid')
  }
  const checked = repairStrings(parsed.data) as z.output<typeof request>
  assertEssays(checked.essays, settings.maxEssays)
  return {
    bosBatchId: checked.batchId,
    correlationId: checked.correlationId ?? checked.batchId,
    userId: checked.userId,
    orgId: checked.orgId ?? null,
    language: checked.language,
    courseCode: checked.courseCode,
    assignmentId: checked.assignmentId ?? null,
    essays: checked.essays.map((essay) => [essay.id, essay.storageId] as const),
    policy: policyOf(checked, settings),
    seed: `${addressHash(batchAddress(checked.batchId))}${settings.pairGenerationSeed === undefined ? '' : `/${settings.pairGenerationSeed}`}`,
    deadlineMs: settings.comparisonDeadlineSeconds * 1_000,
    timeoutMs: settings.batchTimeoutSeconds * 1_000,
  }
}

function assertEssays(essays: readonly { readonly id: string }[], most: number): void {
  if (essays.length > most) {
    throw new BatchRequestError('essays', `there are ${essays.length}, at most ${most} are allowed (QUIRE_MAX_ESSAYS)`)
  }
  const seen = new Set<string>()
  for (const { id } of essays) {
    if (seen.has(id)) {
      throw new BatchRequestError('essays', `the id '${id}' stands twice; every essay needs its own`)
    }
    seen.add(id)
  }
}

function policyOf(checked: z.output<typeof request>, settings: BatchSettings): BatchInput['policy'] {
  const budget = {
    maxPairwiseComparisons: settings.maxPairwiseComparisons,
    ...(checked.maxComparisons === undefined ? {} : { maxComparisons: checked.maxComparisons }),
    ...(settings.maxComparisonsCeiling === undefined ? {} : { ceiling: settings.maxComparisonsCeiling }),
  }
  try {
    return createPolicy({
      totalBudget: totalBudgetOf(budget),
      explicitBudget: checked.maxComparisons !== undefined,
      smallNetSize: settings.smallNetSize,
      passesForSmallNet: settings.passesForSmallNet,
      passesForRegularNet: settings.passesForRegularNet,
      minComparisonsForStability: settings.minComparisonsForStability,
      scoreStabilityThreshold: settings.scoreStabilityThreshold,
      minSuccessRate: settings.minSuccessRate,
      maxRetryAttempts: settings.maxRetryAttempts,
      maxIterations: settings.maxIterations,
      highStakes: checked.highStakes,
      singleSubmission: checked.singleSubmission,
    })
  } catch (error) {
    throw error instanceof PolicyError ? new BatchRequestError(error.field, error.message) : error
  }
}
