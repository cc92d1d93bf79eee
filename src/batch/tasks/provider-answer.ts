import { isRetryableCode } from '../../judging/failed-pool.ts'
import type { HttpAnswer } from '../http/exchange.ts'
import { jsonIn } from '../http/json-text.ts'
import { quoted } from '../http/quoted.ts'
import { retryAfterMs, waitMs } from '../http/retry-after.ts'
import { isPermanentCode, PostRefused } from '../post-error.ts'
import { fieldOf, providerAccepted, providerError, structuredError } from '../wire/provider-answer.ts'

/** What the provider service said to a post (domain 4.6). `wait`: it wants the same post later; without a time, in its own good time. */
export type ProviderAnswer =
  | { readonly kind: 'accepted'; readonly queueId: string }
  | { readonly kind: 'wait'; readonly ms: number | undefined; readonly reason: string }
  /** `isDown`: said by a 5xx, which is no sign of life. `retryAfterMs`: not before this time. */
  | { readonly kind: 'refused'; readonly error: PostRefused; readonly isDown: boolean; readonly retryAfterMs: number | undefined }

/** A full queue (which comes as 202) and a rate limit, whatever the status. */
const asksForTime: ReadonlySet<string> = new Set(['REQUEST_QUEUED', 'LLM_QUEUE_FULL', 'RATE_LIMIT', 'LLM_PROVIDER_RATE_LIMIT'])

export interface PostContext {
  /** ms since the epoch. */
  readonly now: number
  /** The prompt: an answer that repeats it is not quoted. */
  readonly sent: readonly string[]
}

/** Reads an answer: its `error.code` before its status, for a spent quota comes as 429 and an unread verdict as 400. */
export function readProviderAnswer(answer: Omit<HttpAnswer, 'isCutOff'>, { now, sent }: PostContext): ProviderAnswer {
  const { status, retryAfter, text } = answer
  const body = jsonIn(text)
  const queueId = status === 202 ? fieldOf(providerAccepted, 'queue_id', body) : undefined
  if (queueId !== undefined) {
    return { kind: 'accepted', queueId }
  }
  const said = refusalIn(body)
  const code = said.code ?? codeOfStatus(status)
  const wait = retryAfterMs(retryAfter, now) ?? said.waitMs
  const message = `the provider service answered ${status} ${code}: ${quoted(said.message ?? '', sent) || 'no reason given'}`
  const permanent = isPermanent(status, said)
  if (asksForTime.has(code) || (!permanent && (status === 429 || (status === 202 && wait !== undefined)))) {
    return { kind: 'wait', ms: wait, reason: message }
  }
  return { kind: 'refused', error: new PostRefused(code, message, permanent), isDown: status >= 500, retryAfterMs: wait }
}

interface Refusal {
  readonly code?: string | undefined
  readonly message?: string | undefined
  readonly isRetryable?: boolean | undefined
  readonly waitMs?: number | undefined
}

/**
 * The structured error, the short one (`error` is a sentence), or nothing that can be read. Each field is read by itself: a wrong
 * one that decides nothing must not hide the code, or a spent quota would be waited for without end.
 */
function refusalIn(body: unknown): Refusal {
  const error = plain(body)['error']
  if (typeof error === 'string') {
    return { message: error, isRetryable: flagIn(body) }
  }
  const details = plain(error)['details']
  const nested = plain(details)['details']
  const code = fieldOf(structuredError, 'code', error)
  return {
    code: code !== undefined && codeForm.test(code) ? code : undefined,
    message: fieldOf(structuredError, 'message', error) ?? undefined,
    isRetryable: flagIn(body) ?? flagIn(error) ?? flagIn(details) ?? flagIn(nested),
    waitMs: waitIn(nested) ?? waitIn(details),
  }
}

/** A code is a word: a whole text in its place would be kept with the error. */
const codeForm = /^[\w.:-]{1,64}$/

function flagIn(part: unknown): boolean | undefined {
  return fieldOf(providerError, 'is_retryable', part) ?? undefined
}

function waitIn(details: unknown): number | undefined {
  const seconds = plain(details)['retry_after_seconds']
  return typeof seconds === 'number' && seconds >= 0 ? waitMs(seconds * 1_000) : undefined
}

function plain(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

const retryableStatuses: ReadonlySet<number> = new Set([202, 408, 429])

/** A code that is known decides; then a 5xx may pass, whichever it is (rules 24); then what the body says of itself; then the status. */
function isPermanent(status: number, { code, isRetryable }: Refusal): boolean {
  if (code !== undefined && (isPermanentCode(code) || isRetryableCode(code))) {
    return isPermanentCode(code)
  }
  return status < 500 && !(isRetryable ?? retryableStatuses.has(status))
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
