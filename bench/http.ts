import { Agent, request } from 'undici'
import { createBatchService } from '../src/host/service.ts'
import { startPostgres } from '../test/support/postgres.ts'
import { percentile, round } from './rig.ts'
import { storeBatches } from './stored-batches.ts'

const batches = 100_000
/** Calls under way at once: some operators and a page or two. */
const atOnce = 8
const calls = 8_000
const warmUp = 800
const limitMs = 50

/** `GET /v1/batches/{id}`, the why of a batch: how long it takes with 100,000 batches stored, asked for all over them, in this process. */
export async function httpBench(): Promise<object> {
  const server = await startPostgres()
  const agent = new Agent({ connections: atOnce })
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
      const started = performance.now()
      const waits = await asked(service.url, agent, warmUp, calls)
      const seconds = (performance.now() - started) / 1_000
      const p99 = percentile(waits, 0.99)
      const short = p99 < limitMs ? [] : [`p99 is ${p99} ms, not below ${limitMs}`]
      return { batches, p50: percentile(waits, 0.5), p99, limitMs, calls, atOnce, perSecond: round(calls / seconds), short }
    } finally {
      await service.stop()
    }
  } finally {
    await agent.close()
    await server.stop()
  }
}

/** Times of calls, ms, each for another batch: a prime step goes all over them. */
async function asked(url: string, agent: Agent, first: number, count: number): Promise<readonly number[]> {
  const waits: number[] = []
  let next = first
  const ask = async (): Promise<void> => {
    while (next < first + count) {
      const batch = `bench-${(next++ * 7_919) % batches}`
      const started = performance.now()
      const { body, statusCode } = await request(`${url}/v1/batches/${batch}`, { dispatcher: agent })
      const answer = (await body.json()) as { readonly batch?: string; readonly why?: { readonly waitsFor?: string } }
      waits.push(performance.now() - started)
      if (statusCode !== 200 || answer.batch !== batch || answer.why?.waitsFor === undefined) {
        throw new Error(`${batch} was answered with ${statusCode}: ${JSON.stringify(answer).slice(0, 300)}`)
      }
    }
  }
  await Promise.all(Array.from({ length: atOnce }, ask))
  return waits
}
