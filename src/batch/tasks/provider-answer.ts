import { isRetryableCode } from '../../judging/failed-pool.ts'
import type { HttpAnswer } from '../http/exchange.ts'
import { jsonIn } from '../http/json-text.ts'
import { retryAfterMs, waitMs } from '../http/retry-after.ts'
import { isPermanentCode, PostRefused } from '../post-error.ts'
import { providerAccepted, providerError } from '../wire/provider-answer.ts'

/** What the provider service said to a post (domain 4.6). `wait`: it wants the same post later; without a time, in its own good time. */
export type ProviderAnswer =
  | { readonly kind: 'accepted'; readonly queueId: string }
  | { readonly kind: 'wait'; readonly ms: number | undefined; readonly reason: string }
  /** `isDown`: said by a 5xx, which is no sign of life. `retryAfterMs`: not before this time. */
  | { readonly kind: 'refused'; readonly error: PostRefused; readonly isDown: boolean; readonly retryAfterMs: number | undefined }

/** A full queue (which comes as 202) and a rate limit, whatever the status. */
const asksForTime: ReadonlySet<string> = new Set(['REQUEST_QUEUED', 'LLM_QUEUE_FULL', 'RATE_LIMIT', 'LLM_PROVIDER_RATE_LIMIT'])

/** Reads an answer: its `error.code` before its status, for a spent quota comes as 429 and an unread verdict as 400. */
export function readProviderAnswer({ status, retryAfter, text }: Omit<HttpAnswer, 'isCutOff'>, now: number): ProviderAnswer {
  const body = jsonIn(text)
  const accepted = status === 202 ? providerAccepted.safeParse(body) : undefined
  if (accepted?.success === true) {
    return { kind: 'accepted', queueId: accepted.data.queue_id }
  }
  const said = refusalIn(body)
  const code = said.code ?? codeOfStatus(status)
  const wait = retryAfterMs(retryAfter, now) ?? said.waitMs
  const message = `the provider service answered ${status} ${code}: ${said.message ?? 'no reason given'}`
  const permanent = isPermanent(status, said)
  if (asksForTime.has(code) || (!permanent && (status === 429 || (status === 202 && wait !== undefined)))) {
    return { kind: 'wait', ms: wait, reason: message }
  }
  return { kind: 'refused', error: new PostRefused(code, message, permanent), isDown: status >= 500, retryAfterMs: wait }
}

interface Refusal {
  readonly code?: string
  readonly message?: string | undefined
  readonly isRetryable?: boolean | undefined
  readonly waitMs?: number | undefined
}

/** The structured error, the short one (`error` is a sentence), or nothing that can be read. */
function refusalIn(body: unknown): Refusal {
  const { data } = providerError.safeParse(body)
  if (data === undefined) {
    return {}
  }
  if (typeof data.error === 'string') {
    return { message: data.error, isRetryable: data.is_retryable ?? undefined }
  }
  const { code, message, is_retryable, details } = data.error
  const nested = details?.['details']
  return {
    code,
    message: message ?? undefined,
    isRetryable: data.is_retryable ?? is_retryable ?? flagIn(details) ?? flagIn(nested),
    waitMs: waitIn(nested) ?? waitIn(details),
  }
}

function flagIn(details: unknown): boolean | undefined {
  const flag = fieldOf(details, 'is_retryable')
  return typeof flag === 'boolean' ? flag : undefined
}

function waitIn(details: unknown): number | undefined {
  const seconds = fieldOf(details, 'retry_after_seconds')
  return typeof seconds === 'number' && seconds >= 0 ? waitMs(seconds * 1_000) : undefined
}

function fieldOf(details: unknown, name: string): unknown {
  return typeof details === 'object' && details !== null ? Reflect.get(details, name) : undefined
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
