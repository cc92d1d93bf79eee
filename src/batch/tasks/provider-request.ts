import type { LlmOverrides } from '../../machines/batch.machine.ts'
import type { ComparisonRequest } from '../judge.ts'
import { batchAddress } from '../request.ts'
import type { BatchSettings } from '../settings.ts'
import type { ProviderRequest } from '../wire/provider-request.ts'
import { cjBatchId } from '../wire-ids.ts'
import { buildPrompt } from './prompt.ts'

type Defaults = Pick<BatchSettings, 'defaultProvider' | 'defaultModel' | 'defaultTemperature' | 'defaultMaxTokens'>

/**
 * Body of the post of one attempt of one comparison (domain 4.6); a repeated post of the attempt has the same bytes. The callback
 * is joined by `correlation_id`, the comparison's own id; the rest of the metadata is for people and cross-checks.
 */
export function providerRequest(comparison: ComparisonRequest, callbackTopic: string, defaults: Defaults): ProviderRequest {
  const { id, batchId, attempt, essayA, essayB, brief } = comparison
  const { system, user, blocks } = buildPrompt(comparison)
  return {
    user_prompt: user,
    prompt_blocks: [...blocks],
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
      cj_llm_batching_mode: brief.batchingMode,
    },
  }
}

/**
 * Always a provider: the service refuses a post without one. The default model belongs to the default provider: another provider
 * is asked for its own. A temperature of 0 is one.
 */
function configOf(overrides: LlmOverrides, system: string, defaults: Defaults): ProviderRequest['llm_config_overrides'] {
  const provider = overrides.provider ?? defaults.defaultProvider
  const model = overrides.model ?? (provider === defaults.defaultProvider ? defaults.defaultModel : undefined)
  return {
    provider_override: provider,
    ...(model === undefined ? {} : { model_override: model }),
    temperature_override: overrides.temperature ?? defaults.defaultTemperature,
    max_tokens_override: overrides.maxTokens ?? defaults.defaultMaxTokens,
    system_prompt_override: system,
    ...(overrides.reasoningEffort === undefined ? {} : { reasoning_effort: overrides.reasoningEffort }),
    ...(overrides.outputVerbosity === undefined ? {} : { output_verbosity: overrides.outputVerbosity }),
  }
}
