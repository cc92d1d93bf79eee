import type { BackOffLimits } from '../../runtime/back-off.ts'
import { QuireError } from '../../runtime/errors.ts'
import type { Clock, Logger, Random } from '../../runtime/ports.ts'
import { exchange, type HttpAnswer, hostOf, isAlive } from '../http/exchange.ts'
import { HostCircuit } from '../http/host-circuit.ts'
import { retryAfterMs } from '../http/retry-after.ts'
import type { Content } from '../judge.ts'
import { PostRefused } from '../post-error.ts'
import type { BatchSettings } from '../settings.ts'

export interface ContentServiceOptions {
  /** QUIRE_CONTENT_SERVICE_URL; a text is at `{url}/{storage id}`. */
  readonly url: string
  readonly settings: Pick<BatchSettings, 'providerPatienceSeconds'>
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  /** Of one fetch, ms. Default 30,000. */
  readonly timeoutMs?: number
  /** Waits of the circuit; default 1 s to 30 s. */
  readonly backOff?: BackOffLimits
}

/** Largest text, bytes: an essay is some kilobytes. */
const mostBytes = 1_048_576

/**
 * Fetches texts from the content service (domain 5). Only a 404 says that a text does not exist; while the service is away,
 * fails or asks for time, the essay waits (rules 24).
 * @throws QuireError `invalid-option` when the URL is none
 */
export function contentService(options: ContentServiceOptions): Content {
  const base = baseOf(options.url)
  const circuit = new HostCircuit({
    host: hostOf(base),
    probe: () => isAlive(`${base}/`, new AbortController().signal),
    patienceMs: options.settings.providerPatienceSeconds * 1_000,
    clock: options.clock,
    random: options.random,
    logger: options.logger,
    ...(options.backOff === undefined ? {} : { backOff: options.backOff }),
  })
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

function baseOf(given: string): string {
  const base = given.replace(/\/+$/, '')
  if (!URL.canParse(base) || !/^https?:$/.test(new URL(base).protocol)) {
    throw new QuireError('invalid-option', `the URL of the content service is '${given}'; give http://HOST:PORT/PATH`, {
      details: { field: 'QUIRE_CONTENT_SERVICE_URL' },
    })
  }
  return base
}
