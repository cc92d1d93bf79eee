import { isPermanentPost } from './post-error.ts'
import { providerAccepted, providerError } from './wire/provider-answer.ts'

/** What an answer of the provider says of a post. */
export type ProviderAnswer =
  | { readonly kind: 'accepted'; readonly queueId: string }
  | {
      readonly kind: 'refused'
      /** Of domain 4.7. */
      readonly code: string
      readonly message: string
      /** True when another call meets the same answer. */
      readonly isPermanent: boolean
      /** True when the queue is full or the rate too high: a wait, not a failure (rules 24). */
      readonly isBusy: boolean
      /** Asked for, seconds. */
      readonly retryAfterSeconds: number | undefined
    }

const codesByStatus: Readonly<Record<number, string>> = {
  401: 'AUTHENTICATION_ERROR',
  403: 'AUTHORIZATION_ERROR',
  404: 'RESOURCE_NOT_FOUND',
  408: 'TIMEOUT',
  429: 'RATE_LIMIT',
  503: 'SERVICE_UNAVAILABLE',
  504: 'TIMEOUT',
}

const transientStatuses: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504])

const transientCode =
  /^(RATE_LIMIT|TIMEOUT|CONNECTION_ERROR|SERVICE_UNAVAILABLE|EXTERNAL_SERVICE_ERROR|CIRCUIT_BREAKER_OPEN|REQUEST_QUEUED|LLM_QUEUE_FULL|LLM_PROVIDER_\w+|INVALID_RESPONSE|PARSING_ERROR)$/

const busyCodes: ReadonlySet<string> = new Set(['REQUEST_QUEUED', 'LLM_QUEUE_FULL', 'RATE_LIMIT', 'LLM_PROVIDER_RATE_LIMIT'])

/**
 * Reads an answer to `POST /comparison` (domain 4.6). A full queue says so with 202 and no queue id; a 200 accepts nothing; the
 * error's code counts before the status, since a used-up quota comes as 429 and a passing fault as 400.
 * @param body the parsed body; anything else than JSON is undefined
 * @param retryAfter the Retry-After header, in seconds
 */
export function readProviderAnswer(status: number, body: unknown, retryAfter?: number): ProviderAnswer {
  const accepted = status === 202 ? providerAccepted.safeParse(body) : undefined
  if (accepted?.success === true) {
    return { kind: 'accepted', queueId: accepted.data.queue_id }
  }
  const { code: named, message, retryable, waitSeconds } = errorIn(body)
  const code = named ?? codeOf(status)
  return {
    kind: 'refused',
    code,
    message: message ?? `the provider answered ${status}`,
    isPermanent: isPermanent(status, named, retryable),
    isBusy: busyCodes.has(code),
    retryAfterSeconds: waitSeconds ?? retryAfter,
  }
}

function codeOf(status: number): string {
  return codesByStatus[status] ?? (status < 300 ? 'INVALID_RESPONSE' : status < 500 ? 'INVALID_REQUEST' : 'EXTERNAL_SERVICE_ERROR')
}

function isPermanent(status: number, code: string | undefined, retryable: boolean): boolean {
  if (code !== undefined && isPermanentPost({ code })) {
    return true
  }
  return !(retryable || (code !== undefined && transientCode.test(code)) || transientStatuses.has(status) || status === 202)
}

interface ErrorFacts {
  readonly code?: string
  readonly message?: string
  readonly retryable: boolean
  readonly waitSeconds?: number | undefined
}

function errorIn(body: unknown): ErrorFacts {
  const { data } = providerError.safeParse(body)
  if (data === undefined) {
    return { retryable: false }
  }
  if (typeof data.error === 'string') {
    return { message: data.error, retryable: data.is_retryable === true }
  }
  const { code, message, details, is_retryable } = data.error
  return {
    code,
    message: message ?? code,
    retryable: data.is_retryable === true || is_retryable === true,
    waitSeconds: waitIn(details?.['details']) ?? waitIn(details),
  }
}

function waitIn(details: unknown): number | undefined {
  const wait: unknown = typeof details === 'object' && details !== null ? Reflect.get(details, 'retry_after_seconds') : undefined
  return typeof wait === 'number' && Number.isFinite(wait) && wait >= 0 ? wait : undefined
}
