import { z } from 'zod'

export const batchingModes = ['per_request', 'serial_bundle', 'provider_batch_api'] as const

export type BatchingMode = (typeof batchingModes)[number]

const mode = z
  .string()
  .transform((text) => text.toLowerCase())
  .pipe(z.enum(batchingModes))

/** What is not of this form is as if it were not there. */
function ignoredUnless<S extends z.ZodType>(schema: S) {
  return schema.optional().catch(undefined)
}

/** Checked and kept with the request; without effect except for the mode (domain 4.5). */
const batchConfigOverrides = z.object({
  batch_size: ignoredUnless(z.int().min(10).max(200)),
  max_concurrent_batches: ignoredUnless(z.int().min(1).max(5)),
  partial_completion_threshold: ignoredUnless(z.number().min(0.5).max(1)),
  llm_batching_mode_override: ignoredUnless(mode),
})

/** What an envelope's metadata may ask for. Nothing in it can make a request invalid. */
export const requestMetadata = z.object({
  max_comparisons: ignoredUnless(z.int().positive()).describe('A request to spend this many comparisons, up to the operator’s ceiling.'),
  batch_config_overrides: ignoredUnless(batchConfigOverrides),
  llm_batching_mode_hint: ignoredUnless(mode).describe('In any case; wins over llm_batching_mode_override.'),
})

export interface RequestHints {
  readonly maxComparisons?: number
  readonly batchingMode?: BatchingMode
  readonly batchConfig: {
    readonly batchSize?: number
    readonly maxConcurrentBatches?: number
    readonly partialCompletionThreshold?: number
  }
}

/** Reads the metadata of a request's envelope. */
export function readHints(metadata: unknown): RequestHints {
  const { data } = requestMetadata.safeParse(metadata)
  const config = data?.batch_config_overrides
  const batchingMode = data?.llm_batching_mode_hint ?? config?.llm_batching_mode_override
  return {
    ...(data?.max_comparisons === undefined ? {} : { maxComparisons: data.max_comparisons }),
    ...(batchingMode === undefined ? {} : { batchingMode }),
    batchConfig: {
      ...(config?.batch_size === undefined ? {} : { batchSize: config.batch_size }),
      ...(config?.max_concurrent_batches === undefined ? {} : { maxConcurrentBatches: config.max_concurrent_batches }),
      ...(config?.partial_completion_threshold === undefined ? {} : { partialCompletionThreshold: config.partial_completion_threshold }),
    },
  }
}
