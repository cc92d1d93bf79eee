import { exchange, type HttpAnswer } from '../http/exchange.ts'
import type { HostCircuit } from '../http/host-circuit.ts'
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
 * Fetches texts from the content service (domain 5). Only a 404 says that a text does not exist; while the service is away,
 * fails or asks for time, the essay waits (rules 24).
 * @throws QuireError `invalid-option` when the URL is none
 */
export function contentService(options: ContentServiceOptions): Content {
  const base = serviceUrl(options.url, service)
  const circuit = serviceCircuit(`${base}/`, options)
  return {
    async fetch(storageId, { signal, batchId }) {
      await circuit.admit(batchId)
      const url = `${base}/${encodeURIComponent(storageId)}`
      const answer = await exchange({ method: 'GET', url, timeoutMs: options.timeoutMs ?? 30_000, mostBytes, signal }).catch(
        async (error: Error) => {
          signal.throwIfAborted()
          throw await circuit.failed(batchId, error)
        },
      )
      if (answer.status === 200 && !answer.isCutOff) {
        circuit.accepted()
        return answer.text
      }
      throw await refusal(circuit, batchId, storageId, answer, options.clock.now())
    },
  }
}

/** A 404 is final for this text, any other 4xx for the batch; the rest may pass. */
async function refusal(circuit: HostCircuit, batchId: string, storageId: string, answer: HttpAnswer, now: number): Promise<Error> {
  const { status, isCutOff } = answer
  const said = isCutOff ? `has more than ${mostBytes} bytes` : `was answered with ${status}`
  const mayPass = status >= 500 || status === 408 || status === 429
  const code = status === 404 ? 'RESOURCE_NOT_FOUND' : 'CONTENT_SERVICE_ERROR'
  const error = new PostRefused(code, `the text ${storageId} ${said} by the content service`, !mayPass)
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
