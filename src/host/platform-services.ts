import { type Dispatcher, request } from 'undici'
import type { ComparisonRequest, Content, Judge } from '../batch/judge.ts'
import { readProviderAnswer } from '../batch/provider-answer.ts'
import { providerRequest } from '../batch/provider-request.ts'
import type { BatchSettings } from '../batch/settings.ts'

/** Of one exchange, ms (domain 4.6, 5). */
const postMs = 60_000
const fetchMs = 30_000

/** Largest text and largest answer, bytes: an essay is some kilobytes. */
const mostBytes = 1_048_576

/** Fetches texts: `GET {base}/{storage id}`. Only a 404 says that there is none. */
export function contentService(base: string): Content {
  return {
    async fetch(storageId, { signal }) {
      const url = `${base.replace(/\/+$/, '')}/${encodeURIComponent(storageId)}`
      const { statusCode, body } = await request(url, { signal: limited(signal, fetchMs) })
      const text = await read(body)
      if (statusCode !== 200) {
        const code = statusCode === 404 ? 'RESOURCE_NOT_FOUND' : 'CONTENT_SERVICE_ERROR'
        throw Object.assign(new Error(`the content service answered ${statusCode} for ${storageId}`), { code })
      }
      return text
    },
  }
}

export interface ProviderServiceOptions {
  readonly base: string
  readonly callbackTopic: string
  readonly settings: BatchSettings
}

/** Posts comparisons: `POST {base}/comparison`; the verdicts come to the callback topic, or to `/v1/callbacks`. */
export function providerService({ base, callbackTopic, settings }: ProviderServiceOptions): Judge {
  const url = `${base.replace(/\/+$/, '')}/comparison`
  return {
    async submit(comparison, { signal }) {
      const post = providerRequest({ comparison, prompt: promptOf(comparison), options: { llm: {} }, settings, callbackTopic })
      const { statusCode, body, headers } = await request(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(post),
        signal: limited(signal, postMs),
      })
      const answer = readProviderAnswer(statusCode, jsonOf(await read(body)), secondsOf(headers['retry-after']))
      if (answer.kind === 'refused') {
        throw Object.assign(new Error(answer.message), { code: answer.code })
      }
    },
  }
}

function promptOf({ essayA, essayB }: ComparisonRequest): string {
  return `Which of the two essays is better?\n\n**Essay A:**\n${essayA.text}\n\n**Essay B:**\n${essayB.text}`
}

function limited(signal: AbortSignal, ms: number): AbortSignal {
  return AbortSignal.any([signal, AbortSignal.timeout(ms)])
}

async function read(body: Dispatcher.ResponseData['body']): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of body as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > mostBytes) {
      throw new Error(`an answer has more than ${mostBytes} bytes`)
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

function secondsOf(header: string | string[] | undefined): number | undefined {
  const seconds = Number(header)
  return Number.isFinite(seconds) && seconds >= 0 ? seconds : undefined
}
