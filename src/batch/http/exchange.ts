import { request } from 'undici'
import { messageOf } from '../../runtime/errors.ts'

/** The host did not answer: refused, reset, not found, or too slow. */
export class TransportFailure extends Error {
  readonly code: 'CONNECTION_ERROR' | 'TIMEOUT'
  constructor(code: TransportFailure['code'], message: string, cause: unknown) {
    super(message, { cause })
    this.name = 'TransportFailure'
    this.code = code
  }
}

export interface HttpAnswer {
  readonly status: number
  readonly retryAfter: string | undefined
  /** UTF-8, cut off after `mostBytes`. */
  readonly text: string
  readonly isCutOff: boolean
}

export interface HttpQuestion {
  readonly method: 'GET' | 'POST'
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** For the whole exchange, ms. */
  readonly timeoutMs: number
  readonly mostBytes: number
  readonly signal: AbortSignal
}

/**
 * One HTTP exchange. Whatever the status, an answer is an answer; redirects are not followed.
 * @throws TransportFailure when there is none; the signal's reason when the caller gave up
 */
export async function exchange(question: HttpQuestion): Promise<HttpAnswer> {
  const { method, url, headers, body, timeoutMs, mostBytes, signal } = question
  signal.throwIfAborted()
  const limit = AbortSignal.timeout(timeoutMs)
  try {
    const response = await request(url, {
      method,
      ...(headers === undefined ? {} : { headers }),
      ...(body === undefined ? {} : { body }),
      signal: AbortSignal.any([signal, limit]),
    })
    const retryAfter = response.headers['retry-after']
    const read = await readUpTo(response.body, mostBytes)
    return { status: response.statusCode, retryAfter: typeof retryAfter === 'string' ? retryAfter : undefined, ...read }
  } catch (error) {
    signal.throwIfAborted()
    throw limit.aborted
      ? new TransportFailure('TIMEOUT', `${hostOf(url)} did not answer within ${timeoutMs / 1_000} s`, error)
      : new TransportFailure('CONNECTION_ERROR', `${hostOf(url)} cannot be reached: ${reasonOf(error)}`, error)
  }
}

/** True when anything that speaks for the service answers: a gateway's 5xx does not. */
export async function isAlive(url: string, signal: AbortSignal): Promise<boolean> {
  try {
    const { status } = await exchange({ method: 'GET', url, timeoutMs: 5_000, mostBytes: 0, signal })
    return status < 500 || status === 501
  } catch {
    signal.throwIfAborted()
    return false
  }
}

/** Host and port of a URL, for messages: credentials in it are not shown. */
export function hostOf(url: string): string {
  return new URL(url).host
}

async function readUpTo(
  stream: AsyncIterable<Buffer> & { destroy(): unknown },
  mostBytes: number,
): Promise<Pick<HttpAnswer, 'text' | 'isCutOff'>> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of stream) {
    chunks.push(chunk)
    length += chunk.length
    if (length > mostBytes) {
      stream.destroy()
      break
    }
  }
  return { text: new TextDecoder().decode(Buffer.concat(chunks).subarray(0, mostBytes)), isCutOff: length > mostBytes }
}

/** Of a failed connect to several addresses the message is empty: its code says more. */
function reasonOf(error: unknown): string {
  const code: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, 'code') : undefined
  return messageOf(error) || String(code ?? 'no answer')
}
