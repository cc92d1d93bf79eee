import { z } from 'zod'
import { isRetryableCode } from '../../judging/failed-pool.ts'
import type { HttpAnswer } from '../http/exchange.ts'
import { retryAfterMs, waitMs } from '../http/retry-after.ts'
import { isPermanentCode, PostRefused } from '../post-error.ts'

/** What the provider service said to a post (domain 4.6). `wait`: it wants the same post later; without a time, in its own good time. */
export type ProviderAnswer =
  | { readonly kind: 'accepted'; readonly queueId: string }
  | { readonly kind: 'wait'; readonly ms: number | undefined; readonly reason: string }
  /** `isDown`: said by a 5xx, which is no sign of life. `retryAfterMs`: not before this time. */
  | { readonly kind: 'refused'; readonly error: PostRefused; readonly isDown: boolean; readonly retryAfterMs: number | undefined }

const accepted = z.object({ queue_id: z.string().trim().min(1) })

const seconds = z.number().nonnegative()
const details = z.object({ retry_after_seconds: seconds.optional(), is_retryable: z.boolean().optional() })
const structured = z.object({
  code: z.string().min(1).optional(),
  message: z.string().optional(),
  is_retryable: z.boolean().optional(),
  details: details
    .extend({ details: details.nullish().catch(undefined) })
    .nullish()
    .catch(undefined),
})
const refused = z.object({
  error: z.union([z.string(), structured]).optional().catch(undefined),
  is_retryable: z.boolean().optional().catch(undefined),
})

/** A full queue (which comes as 202) and a rate limit, whatever the status. */
const asksForTime: ReadonlySet<string> = new Set(['REQUEST_QUEUED', 'LLM_QUEUE_FULL', 'RATE_LIMIT', 'LLM_PROVIDER_RATE_LIMIT'])

/** Reads an answer: its `error.code` before its status, for a spent quota comes as 429 and an unread verdict as 400. */
export function readProviderAnswer(answer: HttpAnswer, now: number): ProviderAnswer {
  const body = parsed(answer.text)
  const taken = accepted.safeParse(body)
  if (answer.status === 202 && taken.success) {
    return { kind: 'accepted', queueId: taken.data.queue_id }
  }
  const said = refusalOf(body)
  const code = said.code ?? codeOfStatus(answer.status)
  const wait = retryAfterMs(answer.retryAfter, now) ?? said.waitMs
  const message = `the provider service answered ${answer.status} ${code}: ${said.message ?? 'no reason given'}`
  const permanent = isPermanent(answer.status, said)
  if (asksForTime.has(code) || (!permanent && (answer.status === 429 || (answer.status === 202 && wait !== undefined)))) {
    return { kind: 'wait', ms: wait, reason: message }
  }
  return {
    kind: 'refused',
    error: new PostRefused(code, message, permanent),
    isDown: answer.status >= 500,
    retryAfterMs: wait,
  }
}

interface Refusal {
  readonly code: string | undefined
  readonly message: string | undefined
  readonly isRetryable: boolean | undefined
  readonly waitMs: number | undefined
}

/** The structured error, the short one (`error` is a sentence), or nothing that can be read. */
function refusalOf(body: unknown): Refusal {
  const { error, is_retryable } = refused.safeParse(body).data ?? {}
  if (typeof error !== 'object') {
    return { code: undefined, message: error, isRetryable: is_retryable, waitMs: undefined }
  }
  const outer = error.details
  const wait = outer?.details?.retry_after_seconds ?? outer?.retry_after_seconds
  return {
    code: error.code,
    message: error.message,
    isRetryable: is_retryable ?? error.is_retryable ?? outer?.is_retryable ?? outer?.details?.is_retryable,
    waitMs: wait === undefined ? undefined : waitMs(wait * 1_000),
  }
}

const retryableStatuses: ReadonlySet<number> = new Set([202, 408, 429, 500, 502, 503, 504])

/** A code that is known decides; then what the body says of itself; then the status. */
function isPermanent(status: number, { code, isRetryable }: Refusal): boolean {
  if (code !== undefined && (isPermanentCode(code) || isRetryableCode(code))) {
    return isPermanentCode(code)
  }
  return isRetryable === undefined ? !retryableStatuses.has(status) : !isRetryable
}

const codes: Readonly<Record<number, string>> = {
  400: 'INVALID_REQUEST',
  401: 'AUTHENTICATION_ERROR',
  403: 'AUTHORIZATION_ERROR',
  404: 'RESOURCE_NOT_FOUND',
  408: 'TIMEOUT',
  429: 'RATE_LIMIT',
  504: 'TIMEOUT',
}

/** Of an answer without a code. A success without a queue id is none: 200 breaks the contract, like a redirect. */
function codeOfStatus(status: number): string {
  const other = status < 400 ? 'INVALID_RESPONSE' : status < 500 ? 'INVALID_REQUEST' : 'SERVICE_UNAVAILABLE'
  return codes[status] ?? other
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
