import { z } from 'zod'
import { createPolicy, PolicyError, totalBudgetOf } from '../judging/policy.ts'
import type { BatchInput, RequestOptions } from '../machines/batch.machine.ts'
import { addressHash } from '../runtime/message.ts'
import { repairStrings } from '../runtime/strict-json.ts'
import { batchSettings, type BatchSettings } from './settings.ts'
import { type BatchingMode, batchingModes } from './wire/hints.ts'

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

/** What a request may change about the model's calls. */
export const llmOverrides = z.object({
  provider: z.string().min(1).optional(),
  model: z.string().min(1).optional(),
  temperature: z.number().min(0).max(2).optional(),
  maxTokens: z.int().positive().optional(),
  systemPrompt: z.string().optional(),
  judgeRubric: z.string().optional(),
  reasoningEffort: z.enum(['none', 'low', 'medium', 'high']).optional(),
  outputVerbosity: z.enum(['low', 'medium', 'high']).optional(),
})

const batchConfig = z.object({
  batchSize: z.int().min(10).max(200).optional(),
  maxConcurrentBatches: z.int().min(1).max(5).optional(),
  partialCompletionThreshold: z.number().min(0.5).max(1).optional(),
})

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
  /** Where the students' prompt lies; an assignment brings its own. */
  promptStorageId: z.string().min(1).max(500).nullable().optional(),
  /** What this batch changes about the model's calls. */
  llm: llmOverrides.optional(),
  /** How the provider may bundle posts; absent: as the settings say. */
  batchingMode: z.enum(batchingModes).optional(),
  /** Kept with the request, without effect. */
  batchConfig: batchConfig.optional(),
  /** The request's text as it came, kept by the journal. */
  originalRequest: z.string().nullable().optional(),
  /** One wave and no other: the judge takes everything at once, or brings its own comparisons. */
  singleSubmission: z.boolean().default(false),
})

/** What a caller gives for a batch; ids are texts of the caller's own. */
export type BatchRequest = z.input<typeof request>

type Checked = z.output<typeof request>

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
  const checked = repairStrings(parsed.data) as Checked
  const options = optionsOf(checked, settings)
  assertEssays(checked.essays, settings.maxEssays)
  return {
    bosBatchId: checked.batchId,
    correlationId: checked.correlationId ?? checked.batchId,
    userId: checked.userId,
    orgId: checked.orgId ?? null,
    language: checked.language,
    courseCode: checked.courseCode,
    assignmentId: checked.assignmentId ?? null,
    options,
    originalRequest: checked.originalRequest ?? null,
    essays: checked.essays.map((essay) => [essay.id, essay.storageId] as const),
    policy: policyOf(checked, options, settings),
    seed: `${addressHash(batchAddress(checked.batchId))}${settings.pairGenerationSeed === undefined ? '' : `/${settings.pairGenerationSeed}`}`,
    deadlineMs: settings.comparisonDeadlineSeconds * 1_000,
    timeoutMs: settings.batchTimeoutSeconds * 1_000,
    costCap: settings.maxBatchCostUsd,
  }
}

/** @throws BatchRequestError when there are more essays than `most` */
export function assertEssayCount(count: number, most: number): void {
  if (count > most) {
    throw new BatchRequestError('essays', `there are ${count}, at most ${most} are allowed (QUIRE_MAX_ESSAYS)`)
  }
}

function assertEssays(essays: readonly { readonly id: string }[], most: number): void {
  assertEssayCount(essays.length, most)
  const seen = new Set<string>()
  for (const { id } of essays) {
    if (seen.has(id)) {
      throw new BatchRequestError('essays', `the id '${id}' stands twice; every essay needs its own`)
    }
    seen.add(id)
  }
}

function optionsOf(checked: Checked, settings: BatchSettings): RequestOptions {
  const overrides = withoutAbsent(checked.llm ?? {})
  return {
    promptStorageId: checked.assignmentId == null ? (checked.promptStorageId ?? null) : null,
    llm: overrides,
    batchingMode: batchingModeOf(checked.batchingMode ?? settings.batchingMode, overrides.provider ?? settings.defaultProvider),
    requestedComparisons: checked.maxComparisons ?? null,
    budgetSource: checked.maxComparisons === undefined ? 'service_default' : 'runner_override',
    batchConfig: withoutAbsent(checked.batchConfig ?? {}),
  }
}

/** These have an interface for whole batches; the others fall back (domain 12). */
const batchProviders: ReadonlySet<string> = new Set(['openai', 'anthropic'])

function batchingModeOf(asked: BatchingMode, provider: string): BatchingMode {
  return asked === 'provider_batch_api' && !batchProviders.has(provider) ? 'serial_bundle' : asked
}

type Present<T> = { [K in keyof T]: Exclude<T[K], undefined> }

/** The fields that are there. */
export function withoutAbsent<T extends object>(fields: T): Present<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Present<T>
}

function policyOf(checked: Checked, options: RequestOptions, settings: BatchSettings): BatchInput['policy'] {
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
      singleSubmission: checked.singleSubmission || options.batchingMode === 'provider_batch_api',
    })
  } catch (error) {
    throw error instanceof PolicyError ? new BatchRequestError(error.field, error.message) : error
  }
}
