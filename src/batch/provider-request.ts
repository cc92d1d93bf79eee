import type { RequestOptions } from '../machines/batch.machine.ts'
import type { ComparisonRequest } from './judge.ts'
import type { BatchSettings } from './settings.ts'
import type { ProviderRequest } from './wire/provider-request.ts'
import { topics } from './wire/topics.ts'
import { cjBatchId } from './wire-ids.ts'
import { batchAddress } from './request.ts'

export interface Post {
  readonly comparison: ComparisonRequest
  /** The whole prompt, with both essays. */
  readonly prompt: string
  readonly options: Pick<RequestOptions, 'llm'>
  readonly settings: Pick<BatchSettings, 'defaultProvider' | 'defaultModel' | 'defaultTemperature'>
  readonly userId?: string
  /** Default the platform's own. */
  readonly callbackTopic?: string
}

/** Body of the post of one attempt of one comparison (domain 4.6). A repeated post of the attempt has the same bytes. */
export function providerRequest({ comparison, prompt, options, settings, userId, callbackTopic = topics.callback }: Post): ProviderRequest {
  return {
    user_prompt: prompt,
    callback_topic: callbackTopic,
    correlation_id: comparison.id,
    ...(userId === undefined ? {} : { user_id: userId }),
    llm_config_overrides: overridesOf(options.llm, settings),
    metadata: {
      essay_a_id: comparison.essayA.id,
      essay_b_id: comparison.essayB.id,
      bos_batch_id: comparison.batchId,
      cj_batch_id: cjBatchId(batchAddress(comparison.batchId)),
      cj_source: 'els',
      cj_request_type: comparison.attempt === 1 ? 'cj_comparison' : 'cj_retry',
    },
  }
}

/** Always a provider: the service refuses a post without one. A temperature of 0 is one. */
function overridesOf(llm: RequestOptions['llm'], settings: Post['settings']): ProviderRequest['llm_config_overrides'] {
  return {
    provider_override: llm.provider ?? settings.defaultProvider,
    model_override: llm.model ?? settings.defaultModel,
    temperature_override: llm.temperature ?? settings.defaultTemperature,
    ...(llm.maxTokens === undefined ? {} : { max_tokens_override: llm.maxTokens }),
    ...(llm.systemPrompt === undefined ? {} : { system_prompt_override: llm.systemPrompt }),
    ...(llm.reasoningEffort === undefined ? {} : { reasoning_effort: llm.reasoningEffort }),
    ...(llm.outputVerbosity === undefined ? {} : { output_verbosity: llm.outputVerbosity }),
  }
}
