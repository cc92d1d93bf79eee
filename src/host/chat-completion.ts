import { z } from 'zod'
import type { HttpAnswer } from '../batch/http/exchange.ts'
import { jsonIn } from '../batch/http/json-text.ts'
import { retryAfterMs } from '../batch/http/retry-after.ts'
import { PostRefused } from '../batch/post-error.ts'
import type { Prompt } from '../batch/tasks/prompt.ts'

/** Parameters some endpoints refuse: asked with, then without. */
const optional = ['response_format', 'temperature'] as const
export type OptionalParameter = (typeof optional)[number]

const verdictFormat = {
  type: 'json_schema',
  json_schema: {
    name: 'verdict',
    strict: true,
    schema: {
      type: 'object',
      additionalProperties: false,
      required: ['winner', 'justification', 'confidence'],
      properties: {
        winner: { type: 'string', enum: ['Essay A', 'Essay B'] },
        justification: { type: 'string' },
        confidence: { type: 'number' },
      },
    },
  },
}

/** Body of a call to `/chat/completions`, without the parameters this endpoint is known to refuse. */
export function chatRequest(prompt: Prompt, model: string, temperature: number, refused: ReadonlySet<OptionalParameter>): object {
  const parameters = { temperature, response_format: verdictFormat }
  return {
    model,
    messages: [
      { role: 'system', content: prompt.system },
      { role: 'user', content: prompt.user },
    ],
    ...Object.fromEntries(Object.entries(parameters).filter(([name]) => !refused.has(name as OptionalParameter))),
  }
}

export interface ChatVerdict {
  readonly winner: 'Essay A' | 'Essay B'
  readonly justification: string
  readonly confidence: number
  /** As the endpoint names it. */
  readonly model: string
  readonly promptTokens: number
  readonly completionTokens: number
}

/** What an endpoint said. `wait`: it wants the call later. `unsupported`: the same call again, without that parameter. */
export type ChatAnswer =
  | { readonly kind: 'verdict'; readonly verdict: ChatVerdict }
  | { readonly kind: 'wait'; readonly ms: number | undefined; readonly reason: string }
  | { readonly kind: 'unsupported'; readonly parameter: OptionalParameter }
  | { readonly kind: 'refused'; readonly error: PostRefused; readonly isDown: boolean }

const tokens = z.number().nonnegative().catch(0)
const part = z.object({ text: z.string().catch('') })
const completion = z.object({
  model: z.string().optional(),
  choices: z
    .array(
      z.object({
        finish_reason: z.string().nullish(),
        message: z.object({
          content: z.union([z.string(), z.array(part).transform((parts) => parts.map(({ text }) => text).join(''))]).nullish(),
          refusal: z.string().nullish(),
        }),
      }),
    )
    .min(1),
  usage: z.object({ prompt_tokens: tokens, completion_tokens: tokens }).nullish(),
})

const verdict = z.object({
  winner: z
    .string()
    .trim()
    .regex(/^(essay )?[ab]$/i, 'is neither "Essay A" nor "Essay B"')
    .transform((text) => (text.toLowerCase().endsWith('a') ? ('Essay A' as const) : ('Essay B' as const))),
  justification: z.string().trim().min(1),
  confidence: z.number().min(1).max(5),
})

const failure = z.object({
  error: z.union([
    z.string(),
    z.object({ message: z.string().catch(''), code: z.unknown(), type: z.unknown(), param: z.unknown() }).partial(),
  ]),
})

/** Reads the answer of an OpenAI-compatible endpoint. */
export function readChatAnswer(answer: HttpAnswer, model: string, now: number): ChatAnswer {
  const body = jsonIn(answer.text)
  return answer.status === 200 ? readCompletion(body, model) : readFailure(answer, body, now)
}

function readCompletion(body: unknown, model: string): ChatAnswer {
  const read = completion.safeParse(body)
  const choice = read.data?.choices[0]
  if (!read.success || choice === undefined) {
    return unusable('the endpoint answered 200, but no chat completion')
  }
  if (choice.message.refusal != null) {
    return unusable('the model refused to judge')
  }
  const said = verdict.safeParse(objectIn(choice.message.content ?? ''))
  if (!said.success) {
    const [issue] = said.error.issues
    const why =
      choice.finish_reason === 'length' ? 'it was cut off' : `${issue?.path.join('.') || 'it'} ${issue?.message ?? 'is malformed'}`
    return unusable(`the model's answer is no verdict: ${why}`)
  }
  const { usage } = read.data
  return {
    kind: 'verdict',
    verdict: {
      ...said.data,
      model: read.data.model ?? model,
      promptTokens: usage?.prompt_tokens ?? 0,
      completionTokens: usage?.completion_tokens ?? 0,
    },
  }
}

/** Another call may be answered better. */
function unusable(message: string): ChatAnswer {
  return { kind: 'refused', error: new PostRefused('INVALID_RESPONSE', message, false), isDown: false }
}

function readFailure({ status, retryAfter }: HttpAnswer, body: unknown, now: number): ChatAnswer {
  const { error } = failure.safeParse(body).data ?? { error: '' }
  const said = typeof error === 'string' ? { message: error } : error
  const name = [said.code, said.type].filter((text) => typeof text === 'string').join(' ')
  const message = `the endpoint answered ${status}: ${said.message || name || 'no reason given'}`
  const refusal = (code: string, permanent: boolean): ChatAnswer => ({
    kind: 'refused',
    error: new PostRefused(code, message, permanent),
    isDown: status >= 500,
  })
  const parameter = optional.find((known) => said.param === known || (said.message ?? '').includes(known))
  if ((status === 400 || status === 422) && parameter !== undefined) {
    return { kind: 'unsupported', parameter }
  }
  if (/insufficient_quota|billing/.test(name)) {
    return refusal('QUOTA_EXCEEDED', true)
  }
  if (status === 429) {
    return { kind: 'wait', ms: retryAfterMs(retryAfter, now), reason: message }
  }
  if (/context_length|string_above_max_length/.test(name) || status === 413) {
    return refusal('LLM_CONTENT_TOO_LONG', true)
  }
  const [code, permanent] =
    byStatus[status] ?? (status >= 500 ? (['SERVICE_UNAVAILABLE', false] as const) : (['INVALID_REQUEST', true] as const))
  return refusal(code, permanent)
}

const byStatus: Readonly<Record<number, readonly [code: string, permanent: boolean]>> = {
  401: ['AUTHENTICATION_ERROR', true],
  403: ['AUTHORIZATION_ERROR', true],
  404: ['CONFIGURATION_ERROR', true],
  408: ['TIMEOUT', false],
  409: ['SERVICE_UNAVAILABLE', false],
}

/** The JSON object in a text: models that know no format put words or a code fence around it. */
function objectIn(text: string): unknown {
  const from = text.indexOf('{')
  const to = text.lastIndexOf('}')
  return from < 0 || to < from ? undefined : jsonIn(text.slice(from, to + 1))
}
