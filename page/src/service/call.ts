/** The token lives as long as the tab; nothing else is kept in the browser. */
const tokenKey = 'quire-token'

export function readToken(): string | null {
  return sessionStorage.getItem(tokenKey)
}

export function keepToken(token: string | null): void {
  if (token === null) {
    sessionStorage.removeItem(tokenKey)
  } else {
    sessionStorage.setItem(tokenKey, token)
  }
}

/** An answer that is not 2xx, with the service's own sentence. */
export class CallError extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

export function headersWithToken(more: Readonly<Record<string, string>> = {}): Record<string, string> {
  const token = readToken()
  return { ...more, ...(token === null ? {} : { authorization: `Bearer ${token}` }) }
}

/** Longest wait for an answer, ms. */
const patienceMs = 15_000

/** A call of the service's API. @throws CallError; of no answer at all with status 0 */
export async function call<T>(path: string, request: RequestInit = {}): Promise<T> {
  const headers = headersWithToken(request.headers as Record<string, string> | undefined)
  const response = await fetch(path, { ...request, headers, signal: AbortSignal.timeout(patienceMs) }).catch(() => {
    throw new CallError(0, 'The service does not answer; the page tries again.')
  })
  if (!response.ok) {
    throw new CallError(response.status, await sentenceOf(response))
  }
  return (await response.json()) as T
}

async function sentenceOf(response: Response): Promise<string> {
  const body = (await response.json().catch(() => null)) as { readonly error?: { readonly message?: string } } | null
  return body?.error?.message ?? `The service answered ${response.status}.`
}

/** A POST that counts once, however often it is sent with the same key. */
export async function post<T>(path: string, key: string, body: unknown): Promise<T> {
  const headers = { 'content-type': 'application/json', 'idempotency-key': key }
  return await call<T>(path, { method: 'POST', headers, body: JSON.stringify(body) })
}

/** 128 bits; `crypto.randomUUID` is missing where the page comes by plain HTTP from another machine. */
export function newKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}
