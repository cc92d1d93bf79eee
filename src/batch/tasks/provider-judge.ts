import { exchange } from '../http/exchange.ts'
import type { HostCircuit } from '../http/host-circuit.ts'
import { serviceCircuit, type ServicePorts } from '../http/service-circuit.ts'
import { serviceUrl } from '../http/service-url.ts'
import { traceparentFor } from '../http/traceparent.ts'
import type { Judge } from '../judge.ts'
import type { BatchSettings } from '../settings.ts'
import type { ProviderRequest } from '../wire/provider-request.ts'
import { topics } from '../wire/topics.ts'
import { readProviderAnswer } from './provider-answer.ts'
import { providerRequest } from './provider-request.ts'

export interface ProviderJudgeOptions extends ServicePorts {
  /** Base of the provider service, e.g. `http://llm_provider_service:8080/api/v1` (QUIRE_LLM_PROVIDER_SERVICE_URL). */
  readonly url: string
  /** Topic the verdicts are to be sent to; default the platform's own. */
  readonly callbackTopic?: string
  readonly settings: BatchSettings
  /** Of one post, ms. Default 60,000. */
  readonly timeoutMs?: number
}

/** An answer is a few lines; more is no answer of this service. */
const mostBytes = 1_000_000

/**
 * Posts comparisons to the LLM provider service (domain 4.6); their verdicts come as messages. While the service is away or
 * asks for time a post waits, uncounted (rules 24). Prompts are never logged.
 * @throws QuireError `invalid-option` when the URL is none
 */
export function providerJudge(options: ProviderJudgeOptions): Judge {
  const url = `${serviceUrl(options.url, service)}/comparison`
  const circuit = serviceCircuit(url, options)
  const post = { method: 'POST', url, timeoutMs: options.timeoutMs ?? 60_000, mostBytes } as const
  return {
    async submit(comparison, { signal, traceparent }) {
      await circuit.admit(comparison.batchId)
      const request = providerRequest(comparison, options.callbackTopic ?? topics.callback, options.settings)
      const headers = { 'content-type': 'application/json', traceparent: traceparentFor(comparison, { traceparent }) }
      const answer = await exchange({ ...post, headers, body: JSON.stringify(request), signal }).catch(async (error: Error) => {
        signal.throwIfAborted()
        throw await circuit.failed(comparison.batchId, error)
      })
      const said = readProviderAnswer(answer, { now: options.clock.now(), sent: textsOf(request) })
      switch (said.kind) {
        case 'accepted':
          circuit.accepted()
          return
        case 'wait':
          circuit.answered()
          throw circuit.hold(said.ms, said.reason)
        case 'refused':
          throw await refusal(circuit, comparison.batchId, said)
      }
    },
  }
}

async function refusal(
  circuit: HostCircuit,
  batchId: string,
  { error, isDown, retryAfterMs }: Extract<ReturnType<typeof readProviderAnswer>, { kind: 'refused' }>,
): Promise<Error> {
  if (retryAfterMs !== undefined && !error.permanent) {
    circuit.hold(retryAfterMs, error.message)
  }
  if (isDown && !error.permanent) {
    return await circuit.failed(batchId, error)
  }
  circuit.answered()
  return error
}

/** All of the post that may hold the words of a pupil or of a teacher. */
function textsOf({ user_prompt, llm_config_overrides }: ProviderRequest): string[] {
  return [user_prompt, llm_config_overrides.system_prompt_override ?? '']
}

const service = {
  service: 'LLM provider service',
  field: 'QUIRE_LLM_PROVIDER_SERVICE_URL',
  example: 'http://HOST:PORT/api/v1',
}
