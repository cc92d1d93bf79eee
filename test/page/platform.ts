import { readFileSync } from 'node:fs'
import { request } from 'undici'
import { expect, onTestFinished } from 'vitest'
import { compareTexts } from '../../src/host/text-heuristic.ts'
import { callbackEnvelope, requestEnvelope } from '../support/kafka/platform.ts'
import { loopbackServer } from '../support/loopback-server.ts'
import { token } from '../support/batch-service.ts'

export const essays = ['alder', 'aspen', 'birch', 'cedar', 'elm', 'hazel', 'linden', 'maple', 'oak', 'poplar', 'rowan', 'willow'] as const

function textOf(essay: string): string {
  return readFileSync(new URL(`../../examples/essays/${essay}.txt`, import.meta.url), 'utf8')
}

interface Asked {
  readonly id: string
  readonly essayA: string
  readonly essayB: string
}

/** The platform around Quire: texts, and a provider that accepts comparisons and answers them when the test says so. */
export interface Platform {
  readonly url: string
  /** Accepted, and not answered yet. */
  readonly open: Asked[]
  /** Hands in so many verdicts, the oldest questions first, and waits for questions where none is open. */
  answer(service: string, count: number): Promise<void>
  /** Hands in the verdicts of all that is open. */
  answerOpen(service: string): Promise<void>
}

export async function platform(): Promise<Platform> {
  const open: Asked[] = []
  const server = await loopbackServer(({ method, path, body }) => {
    if (method === 'GET') {
      return { status: 200, body: textOf(path.split('/').at(-1) ?? '') }
    }
    const post = JSON.parse(body) as { readonly correlation_id: string; readonly metadata: { essay_a_id: string; essay_b_id: string } }
    open.push({ id: post.correlation_id, essayA: post.metadata.essay_a_id, essayB: post.metadata.essay_b_id })
    return { status: 202, body: { queue_id: `q-${post.correlation_id}`, status: 'queued' } }
  })
  onTestFinished(() => server[Symbol.asyncDispose]())
  return {
    url: server.url,
    open,
    async answer(service, count) {
      for (let answered = 0; answered < count; answered++) {
        await expect.poll(() => open.length, { timeout: 30_000, interval: 20 }).toBeGreaterThan(0)
        await hand(service, open.splice(0, 1))
      }
    },
    answerOpen: (service) => hand(service, open.splice(0)),
  }
}

async function hand(service: string, asked: readonly Asked[]): Promise<void> {
  for (const each of asked) {
    await send(`${service}/v1/callbacks`, callbackOf(each))
  }
}

function callbackOf(asked: Asked): object {
  const envelope = callbackEnvelope(asked) as { readonly data: object }
  return { ...envelope, data: { ...envelope.data, ...compareTexts(textOf(asked.essayA), textOf(asked.essayB)) } }
}

/** Asks the service to rank the example essays, or the first so many of them. */
export async function askFor(service: string, batch: string, count: number = essays.length): Promise<void> {
  const envelope = requestEnvelope(batch, count) as { readonly data: object }
  const essays_for_cj = essays.slice(0, count).map((essay) => ({ essay_id: essay, text_storage_id: essay, spellcheck_metrics: null }))
  await send(`${service}/v1/batches`, { ...envelope, data: { ...envelope.data, essays_for_cj } })
}

async function send(url: string, body: object): Promise<void> {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` }
  const { statusCode, body: answer } = await request(url, { method: 'POST', headers, body: JSON.stringify(body) })
  const text = await answer.text()
  if (statusCode >= 300) {
    throw new Error(`${url} answered ${statusCode}: ${text}`)
  }
}
