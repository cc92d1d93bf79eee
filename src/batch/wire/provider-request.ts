import { z } from 'zod'
import { uuidOut } from './formats.ts'
import { batchingModes } from './hints.ts'
import { postedOverrides } from './llm-overrides.ts'

const promptBlock = z.strictObject({
  target: z.enum(['system', 'user_content']),
  content: z.string(),
  cacheable: z.boolean(),
  ttl: z.enum(['5m', '1h']),
  content_hash: z.string().describe('SHA-256, hex.'),
})

/** A part of a prompt, for providers that cache what comes again. */
export type PromptBlock = z.output<typeof promptBlock>

/** Echoed in the callback. */
const requestMetadata = z.strictObject({
  essay_a_id: z.string(),
  essay_b_id: z.string(),
  bos_batch_id: z.string(),
  cj_batch_id: z.string(),
  cj_source: z.literal('els'),
  cj_request_type: z.enum(['cj_comparison', 'cj_retry']),
  cj_llm_batching_mode: z.enum(batchingModes).optional(),
  comparison_iteration: z.int().nonnegative().optional(),
  preferred_bundle_size: z.int().min(1).max(64).optional(),
})

/** Body of `POST {LLM provider}/comparison`: one comparison (domain 4.6). */
export const providerRequest = z.strictObject({
  user_prompt: z.string().min(1).describe('The whole prompt, with both essays.'),
  prompt_blocks: z.array(promptBlock).nullable().optional().describe('Those of 1h before those of 5m; essays are never cacheable.'),
  callback_topic: z.string().min(1),
  correlation_id: uuidOut.describe('The comparison’s own id; the same at every repeated post of one attempt.'),
  user_id: z.string().nullable().optional(),
  llm_config_overrides: postedOverrides,
  metadata: requestMetadata,
})

export type ProviderRequest = z.output<typeof providerRequest>
