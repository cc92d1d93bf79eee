import type { BatchingMode } from './wire/hints.ts'

/** Settings of batches. Durations in seconds; 0 switches off where it says so. The QUIRE_ name stands beside each. */
export interface BatchSettings {
  /** QUIRE_MAX_PAIRWISE_COMPARISONS: default budget of a batch. */
  readonly maxPairwiseComparisons: number
  /** QUIRE_MAX_COMPARISONS_CEILING: hard limit for requests too; default the budget above. */
  readonly maxComparisonsCeiling: number | undefined
  /** QUIRE_MAX_CONCURRENT_COMPARISONS: in flight for one batch. */
  readonly maxConcurrentComparisons: number
  /** QUIRE_MAX_ITERATIONS: waves; 0 = no limit. */
  readonly maxIterations: number
  /** QUIRE_MIN_COMPARISONS_FOR_STABILITY_CHECK. */
  readonly minComparisonsForStability: number
  /** QUIRE_SCORE_STABILITY_THRESHOLD, in logits. */
  readonly scoreStabilityThreshold: number
  /** QUIRE_MIN_SUCCESS_RATE_THRESHOLD. */
  readonly minSuccessRate: number
  /** QUIRE_MIN_RESAMPLING_NET_SIZE: largest number of essays called a small net. */
  readonly smallNetSize: number
  /** QUIRE_MAX_RESAMPLING_PASSES_FOR_SMALL_NET. */
  readonly passesForSmallNet: number
  /** QUIRE_MAX_RESAMPLING_PASSES_FOR_REGULAR_BATCH. */
  readonly passesForRegularNet: number
  /** QUIRE_MAX_RETRY_ATTEMPTS: retries of one comparison. */
  readonly maxRetryAttempts: number
  /** QUIRE_COMPARISON_DEADLINE_SECONDS: from acceptance to verdict; 0 = off. */
  readonly comparisonDeadlineSeconds: number
  /** QUIRE_BATCH_TIMEOUT_SECONDS: silence after which recovery looks. */
  readonly batchTimeoutSeconds: number
  /** QUIRE_LLM_POST_CONCURRENCY: posts under way in the process. */
  readonly llmPostConcurrency: number
  /** QUIRE_PROVIDER_PATIENCE_SECONDS: how long a batch waits for a service that is away; 0 = its failures count like others. */
  readonly providerPatienceSeconds: number
  /** QUIRE_MAX_ESSAYS of one batch. */
  readonly maxEssays: number
  /** QUIRE_MAX_BATCH_COST_USD: what a batch may cost before it pauses; 0 = no limit. */
  readonly maxBatchCostUsd: number
  /** QUIRE_PAIR_GENERATION_SEED: mixed into every batch's seed; default none. */
  readonly pairGenerationSeed: string | undefined
  /** QUIRE_LLM_BATCHING_MODE of requests that name none; `provider_batch_api` falls back where the provider has none. */
  readonly batchingMode: BatchingMode
  /** QUIRE_DEFAULT_LLM_PROVIDER and _MODEL: named in results when no verdict names one. */
  readonly defaultProvider: string
  readonly defaultModel: string
  /** QUIRE_DEFAULT_LLM_TEMPERATURE. */
  readonly defaultTemperature: number
  /** QUIRE_DEFAULT_LLM_MAX_TOKENS of an answer. */
  readonly defaultMaxTokens: number
}

export const batchSettings: BatchSettings = Object.freeze({
  maxPairwiseComparisons: 120,
  maxComparisonsCeiling: undefined,
  maxConcurrentComparisons: 100,
  maxIterations: 0,
  minComparisonsForStability: 12,
  scoreStabilityThreshold: 0.025,
  minSuccessRate: 0.8,
  smallNetSize: 10,
  passesForSmallNet: 4,
  passesForRegularNet: 1,
  maxRetryAttempts: 3,
  comparisonDeadlineSeconds: 600,
  batchTimeoutSeconds: 14_400,
  llmPostConcurrency: 3,
  providerPatienceSeconds: 900,
  maxEssays: 2_000,
  maxBatchCostUsd: 0,
  pairGenerationSeed: undefined,
  batchingMode: 'serial_bundle',
  defaultProvider: 'openai',
  defaultModel: 'gpt-5.1',
  defaultTemperature: 0.1,
  defaultMaxTokens: 1_000,
})
