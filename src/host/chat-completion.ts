import { z } from 'zod'
import type { HttpAnswer } from '../batch/http/exchange.ts'
import { jsonIn } from '../batch/http/json-text.ts'
import { quoted } from '../batch/http/quoted.ts'
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
}

/** What an answer took: it is paid, whether it can be used or not. */
export interface ChatUse {
  /** As the endpoint names it. */
  readonly model: string
  readonly promptTokens: number
  readonly completionTokens: number
}

/** The model's own answer. */
export type ChatOutcome =
  | { readonly kind: 'verdict'; readonly verdict: ChatVerdict; readonly use: ChatUse }
  | { readonly kind: 'unusable'; readonly reason: string; readonly use: ChatUse }

/** What an endpoint said. `wait`: it wants the call later. `unsupported`: the same call again, without that parameter. */
export type ChatAnswer =
  | ChatOutcome
  | { readonly kind: 'wait'; readonly ms: number | undefined; readonly reason: string }
  | { readonly kind: 'unsupported'; readonly parameter: OptionalParameter }
  | { readonly kind: 'refused'; readonly error: PostRefused; readonly isDown: boolean }

const tokens = z.number().nonnegative().max(1e9).transform(Math.round).catch(0)
const use = z.object({
  model: z.string().min(1).max(200).optional().catch(undefined),
  usage: z.object({ prompt_tokens: tokens, completion_tokens: tokens }).nullish().catch(null),
})
const part = z.object({ text: z.string().catch('') })
const choice = z.object({
  finish_reason: z.string().nullish().catch(null),
  message: z.object({
    content: z.union([z.string(), z.array(part).transform((parts) => parts.map(({ text }) => text).join(''))]).nullish(),
    refusal: z.string().nullish().catch(null),
  }),
})
const completion = z.object({ choices: z.tuple([choice]).rest(z.unknown()) })

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

export interface ChatContext {
  /** The model that was asked for. */
  readonly model: string
  /** ms since the epoch. */
  readonly now: number
  /** The prompt: an error that repeats it is not quoted. */
  readonly sent: readonly string[]
}

/** Reads the answer of an OpenAI-compatible endpoint. */
export function readChatAnswer(answer: HttpAnswer, context: ChatContext): ChatAnswer {
  const body = jsonIn(answer.text)
  return answer.status === 200 ? { ...readCompletion(body), use: useIn(body, context.model) } : readFailure(answer, body, context)
}

type Read = { readonly kind: 'verdict'; readonly verdict: ChatVerdict } | { readonly kind: 'unusable'; readonly reason: string }

function readCompletion(body: unknown): Read {
  const said = completion.safeParse(body).data?.choices[0]
  if (said === undefined) {
    return { kind: 'unusable', reason: 'the endpoint answered 200, but no chat completion' }
  }
  const { finish_reason, message } = said
  if (message.refusal != null) {
    return { kind: 'unusable', reason: 'the model refused to judge' }
  }
  const found = objectIn(message.content ?? '')
  const read = verdict.safeParse(found)
  if (read.success) {
    return { kind: 'verdict', verdict: read.data }
  }
  const why = finish_reason === 'length' ? 'it was cut off' : found === undefined ? 'it holds no JSON object' : mistakeIn(read.error)
  return { kind: 'unusable', reason: `the model's answer is no verdict: ${why}` }
}

function mistakeIn({ issues: [issue] }: z.ZodError): string {
  return `${issue?.path.join('.') || 'it'}: ${issue?.message ?? 'malformed'}`
}

function useIn(body: unknown, asked: string): ChatUse {
  const { model = asked, usage } = use.safeParse(body).data ?? {}
  return { model, promptTokens: usage?.prompt_tokens ?? 0, completionTokens: usage?.completion_tokens ?? 0 }
}

function readFailure({ status, retryAfter }: HttpAnswer, body: unknown, { now, sent }: ChatContext): ChatAnswer {
  const { error } = failure.safeParse(body).data ?? { error: '' }
  const said = typeof error === 'string' ? { message: error } : error
  const name = [said.code, said.type].filter((text) => typeof text === 'string').join(' ')
  const message = `the endpoint answered ${status}: ${quoted(said.message || name, sent) || 'no reason given'}`
  const refusal = (code: string, permanent: boolean): ChatAnswer => ({
    kind: 'refused',
    error: new PostRefused(code, message, permanent),
    isDown: status >= 500 && !permanent,
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
