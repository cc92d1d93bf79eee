import { setTimeout as pause } from 'node:timers/promises'
import { Agent, request } from 'undici'
import { createBatchService } from '../src/host/service.ts'
import { startPostgres } from '../test/support/postgres.ts'
import { percentile } from './rig.ts'
import { storeBatches } from './stored-batches.ts'

const batches = 100_000
/** Calls begin at this rate whatever the answers take, as callers do; a page that looks each second is one of them. */
const perSecond = 50
const calls = 3_000
const warmUp = 300
const limitMs = 50

/** `GET /v1/batches/{id}`, the why of a batch: how long it takes with 100,000 batches stored, asked for all over them, in this process. */
export async function httpBench(): Promise<object> {
  const server = await startPostgres()
  const agent = new Agent({ connections: 64 })
  try {
    await storeBatches(server.url, batches)
    const service = await createBatchService({
      judge: { submit: async () => {} },
      content: { fetch: async (storageId) => `text of ${storageId}` },
      settings: { databaseUrl: server.url, httpPort: 0, httpRatePerMinute: 0, monitorIntervalSeconds: 0 },
    })
    await service.start()
    try {
      await service.quire.whenIdle()
      await asked(service.url, agent, 0, warmUp)
      const waits = await asked(service.url, agent, warmUp, calls)
      const p99 = percentile(waits, 0.99)
      const short = p99 < limitMs ? [] : [`p99 is ${p99} ms, not below ${limitMs}`]
      return { batches, p50: percentile(waits, 0.5), p99, limitMs, calls, perSecond, short }
    } finally {
      await service.stop()
    }
  } finally {
    await agent.close()
    await server.stop()
  }
}

/** Times of calls from the moment each was due, ms; each is for another batch: a prime step goes all over them. */
async function asked(url: string, agent: Agent, first: number, count: number): Promise<readonly number[]> {
  const started = performance.now()
  const answers = Array.from({ length: count }, async (_, number) => {
    const due = started + (number * 1_000) / perSecond
    await pause(due - performance.now())
    await ask(url, agent, `bench-${((first + number) * 7_919) % batches}`)
    return performance.now() - due
  })
  return await Promise.all(answers)
}

async function ask(url: string, agent: Agent, batch: string): Promise<void> {
  const { body, statusCode } = await request(`${url}/v1/batches/${batch}`, { dispatcher: agent })
  const answer = (await body.json()) as { readonly batch?: string; readonly why?: { readonly waitsFor?: string } }
  if (statusCode !== 200 || answer.batch !== batch || answer.why?.waitsFor === undefined) {
    throw new Error(`${batch} was answered with ${statusCode}: ${JSON.stringify(answer).slice(0, 300)}`)
  }
}
