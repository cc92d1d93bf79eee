import type { ComparisonRequest } from '../judge.ts'
import type { LlmOverrides } from '../judging-brief.ts'
import { cjBatchId } from '../outbound.ts'
import { batchAddress } from '../request.ts'
import type { BatchSettings } from '../settings.ts'
import { buildPrompt, type PromptBlock } from './prompt.ts'

/** Body of a post to the provider service (domain 4.6). */
export interface ProviderRequest {
  readonly user_prompt: string
  readonly prompt_blocks: readonly PromptBlock[]
  readonly callback_topic: string
  readonly correlation_id: string
  readonly user_id: string | null
  readonly llm_config_overrides: Readonly<Record<string, string | number>>
  readonly metadata: Readonly<Record<string, string>>
}

type Defaults = Pick<BatchSettings, 'defaultProvider' | 'defaultModel' | 'defaultTemperature' | 'defaultMaxTokens'>

/** The callback is joined by `correlation_id`, the comparison's own id; the rest of the metadata is for people and cross-checks. */
export function providerRequest(comparison: ComparisonRequest, callbackTopic: string, defaults: Defaults): ProviderRequest {
  const { id, batchId, attempt, essayA, essayB, brief } = comparison
  const { system, user, blocks } = buildPrompt(comparison)
  return {
    user_prompt: user,
    prompt_blocks: blocks,
    callback_topic: callbackTopic,
    correlation_id: id,
    user_id: brief.userId,
    llm_config_overrides: configOf(brief.overrides, system, defaults),
    metadata: {
      essay_a_id: essayA.id,
      essay_b_id: essayB.id,
      bos_batch_id: batchId,
      cj_batch_id: cjBatchId(batchAddress(batchId)),
      cj_source: 'els',
      cj_request_type: attempt > 1 ? 'cj_retry' : 'cj_comparison',
    },
  }
}

/** The default model belongs to the default provider: another provider is asked for its own. A temperature of 0 is one. */
function configOf(overrides: LlmOverrides, system: string, defaults: Defaults): Record<string, string | number> {
  const provider = overrides.provider_override ?? defaults.defaultProvider
  const model = overrides.model_override ?? (provider === defaults.defaultProvider ? defaults.defaultModel : undefined)
  return {
    provider_override: provider,
    ...(model === undefined ? {} : { model_override: model }),
    temperature_override: overrides.temperature_override ?? defaults.defaultTemperature,
    max_tokens_override: overrides.max_tokens_override ?? defaults.defaultMaxTokens,
    system_prompt_override: system,
    ...(overrides.reasoning_effort == null ? {} : { reasoning_effort: overrides.reasoning_effort }),
    ...(overrides.output_verbosity == null ? {} : { output_verbosity: overrides.output_verbosity }),
  }
}
