import { z } from 'zod'

const shared = {
  model_override: z.string(),
  temperature_override: z.number().min(0).max(2).describe('0 is a temperature, not an absence.'),
  max_tokens_override: z.int().positive(),
  system_prompt_override: z.string(),
  reasoning_effort: z.enum(['none', 'low', 'medium', 'high']),
  output_verbosity: z.enum(['low', 'medium', 'high']),
}

/** LLMConfigOverrides of a request: each may be absent or null (domain 4.3). */
export const requestedOverrides = z.object({
  model_override: shared.model_override.nullish(),
  temperature_override: shared.temperature_override.nullish(),
  max_tokens_override: shared.max_tokens_override.nullish(),
  provider_override: z.string().nullish(),
  system_prompt_override: shared.system_prompt_override.nullish(),
  judge_rubric_override: z.string().nullish(),
  reasoning_effort: shared.reasoning_effort.nullish(),
  output_verbosity: shared.output_verbosity.nullish(),
})

/** The overrides of one post: the provider refuses one without provider_override; the rubric is part of the prompt (domain 4.6). */
export const postedOverrides = z.strictObject({
  provider_override: z.string().min(1).describe('anthropic, openai, google, openrouter or mock'),
  model_override: shared.model_override.optional(),
  temperature_override: shared.temperature_override.optional(),
  max_tokens_override: shared.max_tokens_override.optional(),
  system_prompt_override: shared.system_prompt_override.optional(),
  reasoning_effort: shared.reasoning_effort.optional(),
  output_verbosity: shared.output_verbosity.optional(),
})
