import { exchange, type HttpAnswer } from '../batch/http/exchange.ts'
import type { HostCircuit } from '../batch/http/host-circuit.ts'
import { serviceCircuit, type ServicePorts } from '../batch/http/service-circuit.ts'
import { traceparentFor } from '../batch/http/traceparent.ts'
import type { ComparisonRequest, Judge, JudgeScope } from '../batch/judge.ts'
import { PostRefused } from '../batch/post-error.ts'
import { batchSettings } from '../batch/settings.ts'
import { buildPrompt } from '../batch/tasks/prompt.ts'
import { type ChatAnswer, type ChatVerdict, chatRequest, type OptionalParameter, readChatAnswer } from './chat-completion.ts'
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
 * in under the comparison's id, so that a kill costs at most the same question again (rules 57). An unusable answer counts
 * as a failed call; a limit of the endpoint and an outage wait, uncounted.
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
        const verdict = await endpoint.judge(comparison, () => pace.turn(signal), scope)
        await answer(callbackData(comparison, verdict, options, options.clock.now() - at))
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

function callbackData({ essayA, essayB }: ComparisonRequest, verdict: ChatVerdict, { price }: OpenaiJudgeOptions, ms: number): object {
  const { promptTokens, completionTokens } = verdict
  return {
    winner: verdict.winner,
    justification: verdict.justification,
    confidence: verdict.confidence,
    provider: 'openai',
    model: verdict.model,
    response_time_ms: Math.max(0, ms),
    token_usage: { prompt_tokens: promptTokens, completion_tokens: completionTokens, total_tokens: promptTokens + completionTokens },
    cost_estimate: costOf({ input: promptTokens, output: completionTokens }, price),
    request_metadata: { essay_a_id: essayA.id, essay_b_id: essayB.id },
  }
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

  /** Asks until it has a verdict, each time without a parameter that was just refused. `turn` is awaited before every call. */
  async judge(comparison: ComparisonRequest, turn: () => Promise<void>, scope: CallScope): Promise<ChatVerdict> {
    await this.#circuit.admit(comparison.batchId)
    await turn()
    const answer = await this.#call(comparison, scope)
    const said = readChatAnswer(answer, this.#options.model, this.#options.clock.now())
    if (said.kind === 'unsupported' && !this.#refused.has(said.parameter)) {
      this.#refused.add(said.parameter)
      return await this.judge(comparison, turn, scope)
    }
    return await this.#verdictOf(said, comparison.batchId)
  }

  async #verdictOf(said: ChatAnswer, batchId: string): Promise<ChatVerdict> {
    switch (said.kind) {
      case 'verdict':
        this.#circuit.accepted()
        return said.verdict
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

  async #call(comparison: ComparisonRequest, scope: CallScope): Promise<HttpAnswer> {
    const { apiKey, model, assignment = null, rubric = null } = this.#options
    const brief = { ...comparison.brief, assignment: comparison.brief.assignment ?? assignment, rubric: comparison.brief.rubric ?? rubric }
    const prompt = buildPrompt({ ...comparison, brief })
    const temperature = brief.overrides.temperature ?? batchSettings.defaultTemperature
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
        body: JSON.stringify(chatRequest(prompt, model, temperature, this.#refused)),
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
