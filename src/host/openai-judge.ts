import { exchange, type HttpAnswer } from '../batch/http/exchange.ts'
import type { HostCircuit } from '../batch/http/host-circuit.ts'
import { serviceCircuit, type ServicePorts } from '../batch/http/service-circuit.ts'
import { traceparentFor } from '../batch/http/traceparent.ts'
import type { ComparisonRequest, Judge, JudgeScope } from '../batch/judge.ts'
import { PostRefused } from '../batch/post-error.ts'
import { batchSettings } from '../batch/settings.ts'
import { buildPrompt, type Prompt } from '../batch/tasks/prompt.ts'
import { type ChatAnswer, type ChatOutcome, chatRequest, type OptionalParameter, readChatAnswer } from './chat-completion.ts'
import { RequestPace } from './request-pace.ts'
import { costOf, type TokenPrice } from './token-price.ts'

export interface OpenaiJudgeOptions extends Omit<ServicePorts, 'settings'> {
  /** E.g. `https://api.openai.com/v1`, `http://localhost:11434/v1`. */
  readonly baseUrl: string
  readonly model: string
  /** Absent for an endpoint that asks for none. */
  readonly apiKey?: string
  /** What the essays answer, and what a better one is. */
  readonly assignment?: string
  readonly rubric?: string
  /** To tell what a verdict cost. */
  readonly price?: TokenPrice
  /** Calls a minute at most; 0 = no limit. */
  readonly requestsPerMinute: number
  /** Told why a call was refused or waits. */
  readonly onTrouble?: (message: string) => void
}

/** Of one call, ms: models that think first take a minute. */
const callMs = 120_000
const mostBytes = 4_000_000
const mostUnderWay = 8

/**
 * A judge in this process that asks any OpenAI-compatible chat endpoint. Each comparison is one call; its verdict is handed
 * in under the comparison's id, so that a kill costs at most the same question again (rules 57). An unusable answer is handed
 * in too, as an error outcome: it was paid, and only what is handed in is counted. A limit of the endpoint and an outage wait.
 */
export function openaiJudge(options: OpenaiJudgeOptions): Judge {
  const endpoint = new ChatEndpoint(options)
  const pace = new RequestPace(options.requestsPerMinute, options.clock)
  return {
    concurrency: concurrencyFor(options.requestsPerMinute),
    timeoutMs: 3 * callMs,
    async submit(comparison, scope) {
      const { signal, answer } = scope
      const at = options.clock.now()
      try {
        const outcome = await endpoint.judge(comparison, () => pace.turn(signal), scope)
        await answer(callbackData(comparison, outcome, options, options.clock.now() - at))
        if (outcome.kind === 'unusable') {
          options.onTrouble?.(outcome.reason)
        }
      } catch (error) {
        if (!signal.aborted) {
          options.onTrouble?.((error as Error).message)
        }
        throw error
      }
    },
  }
}

/** So few that none waits more than some seconds for its turn. */
function concurrencyFor(perMinute: number): number {
  return perMinute === 0 ? mostUnderWay : Math.min(mostUnderWay, Math.max(1, Math.floor(perMinute / 6)))
}

function callbackData({ essayA, essayB }: ComparisonRequest, outcome: ChatOutcome, { price }: OpenaiJudgeOptions, ms: number): object {
  const { model, promptTokens, completionTokens } = outcome.use
  return {
    ...(outcome.kind === 'verdict' ? outcome.verdict : { error_detail: errorDetail(outcome.reason) }),
    provider,
    model,
    response_time_ms: Math.max(0, ms),
    token_usage: { prompt_tokens: promptTokens, completion_tokens: completionTokens, total_tokens: promptTokens + completionTokens },
    cost_estimate: costOf({ input: promptTokens, output: completionTokens }, price),
    request_metadata: { essay_a_id: essayA.id, essay_b_id: essayB.id },
  }
}

const provider = 'openai'

/** Another question may be answered better. */
function errorDetail(message: string): object {
  return { error_code: 'INVALID_RESPONSE', message, details: { provider } }
}

interface Asking {
  readonly prompt: Prompt
  readonly without: ReadonlySet<OptionalParameter>
}

type CallScope = Pick<JudgeScope, 'signal' | 'traceparent'>

/** One endpoint: its circuit, and the parameters it was found to refuse. */
class ChatEndpoint {
  readonly #options: OpenaiJudgeOptions
  readonly #base: string
  readonly #circuit: HostCircuit
  readonly #refused = new Set<OptionalParameter>()

  constructor(options: OpenaiJudgeOptions) {
    this.#options = options
    this.#base = options.baseUrl.replace(/\/+$/, '')
    this.#circuit = serviceCircuit(`${this.#base}/models`, { ...options, settings: batchSettings })
  }

  /** Asks until the model answers, each time without a parameter that was just refused. `turn` is awaited before every call. */
  async judge(comparison: ComparisonRequest, turn: () => Promise<void>, scope: CallScope): Promise<ChatOutcome> {
    await this.#circuit.admit(comparison.batchId)
    await turn()
    const prompt = this.#promptFor(comparison)
    // As it is now: by the answer another call under way may have met the same refusal.
    const without = new Set(this.#refused)
    const answer = await this.#call(comparison, { prompt, without }, scope)
    const sent = [prompt.system, prompt.user]
    const said = readChatAnswer(answer, { model: this.#options.model, now: this.#options.clock.now(), sent })
    if (said.kind === 'unsupported' && !without.has(said.parameter)) {
      this.#refused.add(said.parameter)
      return await this.judge(comparison, turn, scope)
    }
    return await this.#outcomeOf(said, comparison.batchId)
  }

  async #outcomeOf(said: ChatAnswer, batchId: string): Promise<ChatOutcome> {
    switch (said.kind) {
      case 'verdict':
      case 'unusable':
        this.#circuit.accepted()
        return said
      case 'wait':
        this.#circuit.answered()
        throw this.#circuit.hold(said.ms, said.reason)
      case 'unsupported':
        throw new PostRefused('INVALID_REQUEST', `the endpoint refuses the parameter '${said.parameter}' that was not sent`, true)
      case 'refused':
        if (said.isDown) {
          throw await this.#circuit.failed(batchId, said.error)
        }
        this.#circuit.answered()
        throw said.error
    }
  }

  #promptFor(comparison: ComparisonRequest): Prompt {
    const { assignment = null, rubric = null } = this.#options
    const { brief } = comparison
    return buildPrompt({ ...comparison, brief: { ...brief, assignment: brief.assignment ?? assignment, rubric: brief.rubric ?? rubric } })
  }

  async #call(comparison: ComparisonRequest, { prompt, without }: Asking, scope: CallScope): Promise<HttpAnswer> {
    const { apiKey, model } = this.#options
    const temperature = comparison.brief.overrides.temperature ?? batchSettings.defaultTemperature
    try {
      return await exchange({
        method: 'POST',
        url: `${this.#base}/chat/completions`,
        headers: {
          'content-type': 'application/json',
          'idempotency-key': comparison.id,
          traceparent: traceparentFor(comparison, scope),
          ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
        },
        body: JSON.stringify(chatRequest(prompt, model, temperature, without)),
        timeoutMs: callMs,
        mostBytes,
        signal: scope.signal,
      })
    } catch (error) {
      scope.signal.throwIfAborted()
      throw await this.#circuit.failed(comparison.batchId, error as Error)
    }
  }
}
