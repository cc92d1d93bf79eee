import { z } from 'zod'
import { exchange, type HttpAnswer } from '../http/exchange.ts'
import type { HostCircuit } from '../http/host-circuit.ts'
import { jsonIn } from '../http/json-text.ts'
import { retryAfterMs } from '../http/retry-after.ts'
import { serviceCircuit, type ServicePorts } from '../http/service-circuit.ts'
import { serviceUrl } from '../http/service-url.ts'
import type { Content } from '../judge.ts'
import { PostRefused } from '../post-error.ts'

export interface ContentServiceOptions extends ServicePorts {
  /** QUIRE_CONTENT_SERVICE_URL; a text is at `{url}/{storage id}`. */
  readonly url: string
  /** Of one fetch, ms. Default 30,000. */
  readonly timeoutMs?: number
}

/** Largest text, bytes: an essay is some kilobytes. */
const mostBytes = 1_048_576

/**
 * Fetches texts from the content service, and stores them there (domain 4.11, 5). Only a 404 says that a text does not exist; while
 * the service is away, fails, refuses or asks for time, the essay waits (rules 24).
 * @throws QuireError `invalid-option` when the URL is none
 */
export function contentService(options: ContentServiceOptions): Content {
  const base = serviceUrl(options.url, service)
  const circuit = serviceCircuit(`${base}/`, options)
  return {
    async fetch(storageId, { signal, traceparent, batchId }) {
      if (folders.has(storageId)) {
        throw new PostRefused('RESOURCE_NOT_FOUND', `there is no text '${storageId}': in a URL this is a folder, not a name in it`, true)
      }
      await circuit.admit(batchId)
      const url = `${base}/${encodeURIComponent(storageId)}`
      const headers = traceparent === null ? {} : { traceparent }
      const question = { method: 'GET', url, headers, timeoutMs: options.timeoutMs ?? 30_000, mostBytes, signal } as const
      const answer = await exchange(question).catch(async (error: Error) => {
        signal.throwIfAborted()
        throw await circuit.failed(batchId, error)
      })
      if (answer.status === 200 && !answer.isCutOff) {
        circuit.accepted()
        return answer.text
      }
      throw await refusal(circuit, batchId, storageId, answer, options.clock.now())
    },
    store: (text, { signal }) => store(base, text, signal),
  }
}

/** Storage ids that no encoding keeps within the service's path: a URL would lead out of it. */
const folders: ReadonlySet<string> = new Set(['', '.', '..'])

const placed = z.object({ storage_id: z.string().min(1) })

/** Once: whoever hands a text in is told what went wrong, and may hand it in again. */
async function store(url: string, text: string, signal: AbortSignal): Promise<string> {
  const headers = { 'content-type': 'text/plain' }
  const answer = await exchange({ method: 'POST', url, headers, body: text, timeoutMs: storeMs, mostBytes, signal })
  const { data } = placed.safeParse(jsonIn(answer.text))
  if (answer.status !== 201 || data === undefined) {
    const said = answer.status === 201 ? 'a 201 without a storage_id' : String(answer.status)
    throw new PostRefused('CONTENT_SERVICE_ERROR', `the content service answered the text with ${said}`, answer.status < 500)
  }
  return data.storage_id
}

/** Of one text handed in, ms: a caller waits for it. */
const storeMs = 9_000

/**
 * Only a 404 is final. All else may pass, a refusal and a text that is too large too: rights are given and texts are mended while a
 * batch waits, and to give up at once would fail a whole class for what one person can put right (rules 24: "the rest waits").
 */
async function refusal(circuit: HostCircuit, batchId: string, storageId: string, answer: HttpAnswer, now: number): Promise<Error> {
  const { status, isCutOff } = answer
  const said = isCutOff ? `was answered with more than ${mostBytes} bytes` : `was answered with ${status}`
  const isMissing = status === 404
  const code = isMissing ? 'RESOURCE_NOT_FOUND' : 'CONTENT_SERVICE_ERROR'
  const error = new PostRefused(code, `the text ${storageId} ${said} by the content service`, isMissing)
  const wait = retryAfterMs(answer.retryAfter, now)
  if (status >= 500) {
    if (wait !== undefined) {
      circuit.hold(wait, error.message)
    }
    return await circuit.failed(batchId, error)
  }
  circuit.answered()
  return status === 429 ? circuit.hold(wait, error.message) : error
}

const service = { service: 'content service', field: 'QUIRE_CONTENT_SERVICE_URL', example: 'http://HOST:PORT/PATH' }
