import { readdir } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { Agent, request } from 'undici'
import { type BatchService, createBatchService } from '../src/host/service.ts'
import { requestEnvelope } from '../test/support/kafka/platform.ts'
import { startPostgres } from '../test/support/postgres.ts'
import { programBytes } from './heap-content.ts'
import { round } from './rig.ts'

/** Batches under way at once. */
const atOnce = 4
/**
 * What a process may keep of a batch that has ended, bytes: less than the smallest thing it could keep of each, an entry of a map
 * with its id as the key (about 150 bytes).
 */
const mostBytesPerBatch = 150
/** Sockets to Postgres and from callers come and go by one or two between two looks. */
const mostHandlesMore = 3

/** Actors leave memory 60 s after their last use; only then is seen what stays, ms. */
const restMs = 70_000
const leastSeconds = 200

/** Its connections are closed before a load ends its rest: one that the service closes at that very moment would fail a call. */
const dispatcher = new Agent({ keepAliveMaxTimeout: 5_000 })

/** A look at the process when it has come to rest. */
interface Look {
  readonly programBytes: number
  readonly heapMb: number
  readonly handles: number
  /** Ended so far. */
  readonly batches: number
}

/**
 * A service under load twice, each time followed by rest: batches of four essays over HTTP, each judged, looked at, streamed and
 * read. What the second load leaves behind, beyond the first, is what a process keeps of its batches.
 */
export async function soakBench(seconds: number): Promise<object> {
  if (seconds < leastSeconds) {
    throw new Error(`${seconds} s leave no time for load between the rests; give --seconds ${leastSeconds} or more`)
  }
  const server = await startPostgres()
  try {
    const service = await createBatchService({
      judge: {
        concurrency: 16,
        submit: async ({ essayA, essayB }, { answer }) =>
          answer({
            winner: essayA.id < essayB.id ? 'Essay A' : 'Essay B',
            justification: 'as ordered',
            confidence: 3,
            provider: 'bench',
            model: '1',
          }),
      },
      content: { fetch: async (storageId) => `text of ${storageId}` },
      settings: { databaseUrl: server.url, httpPort: 0, httpRatePerMinute: 0, monitorIntervalSeconds: 10 },
    })
    await service.start()
    const loadMs = (seconds * 1_000 - 2 * restMs) / 2
    try {
      return judged(await looksAfter(service, loadMs, 2), seconds)
    } finally {
      await service.stop()
    }
  } finally {
    await server.stop()
  }
}

async function looksAfter(service: BatchService, loadMs: number, loads: number): Promise<readonly Look[]> {
  const looks: Look[] = []
  let begun = 0
  for (let load = 0; load < loads; load++) {
    const until = performance.now() + loadMs
    const lane = async (): Promise<void> => {
      while (performance.now() < until) {
        await oneBatch(service, `soak-${begun++}`)
      }
    }
    await Promise.all(Array.from({ length: atOnce }, lane))
    await pause(restMs)
    looks.push({
      programBytes: await programBytes(),
      heapMb: process.memoryUsage().heapUsed / 1_048_576,
      handles: await handles(),
      batches: begun,
    })
  }
  return looks
}

/** The life of a batch as the service's callers see it. */
async function oneBatch({ quire, url }: BatchService, batch: string): Promise<void> {
  const reader = new AbortController()
  const stream = await request(`${url}/v1/stream?batch=${batch}`, { signal: reader.signal, dispatcher })
  stream.body.on('error', () => undefined).resume()
  const headers = { 'content-type': 'application/json' }
  await read(`${url}/v1/batches`, 202, { method: 'POST', headers, body: JSON.stringify(requestEnvelope(batch, 4)) })
  const { state } = await quire.waitFor(`batch/${batch}`, { tag: 'done' })
  if (state !== 'COMPLETED') {
    throw new Error(`${batch} ended in ${state}`)
  }
  for (const path of ['', '/journal', '/result']) {
    await read(`${url}/v1/batches/${batch}${path}`, 200)
  }
  await read(`${url}/metrics`, 200)
  reader.abort()
}

async function read(
  url: string,
  expected: number,
  options: Omit<NonNullable<Parameters<typeof request>[1]>, 'dispatcher'> = {},
): Promise<void> {
  const { body, statusCode } = await request(url, { ...options, dispatcher })
  const text = await body.text()
  if (statusCode !== expected) {
    throw new Error(`${url} was answered with ${statusCode}: ${text.slice(0, 300)}`)
  }
}

function judged([first, last]: readonly Look[], seconds: number): object {
  if (first === undefined || last === undefined) {
    throw new Error('there were no two looks')
  }
  const batches = last.batches - first.batches
  const bytesPerBatch = round((last.programBytes - first.programBytes) / batches)
  const short = [
    ...(bytesPerBatch > mostBytesPerBatch ? [`the process keeps ${bytesPerBatch} bytes of a batch that has ended`] : []),
    ...(last.handles > first.handles + mostHandlesMore ? [`open handles rose from ${first.handles} to ${last.handles}`] : []),
  ]
  return {
    seconds,
    batches,
    bytesPerBatch,
    mostBytesPerBatch,
    programMb: { first: round(first.programBytes / 1_048_576), last: round(last.programBytes / 1_048_576) },
    heapMb: { first: round(first.heapMb), last: round(last.heapMb) },
    handles: { first: first.handles, last: last.handles },
    short,
  }
}

/** Open files and sockets of this process; where there is no /proc, what keeps its event loop alive. */
async function handles(): Promise<number> {
  return process.platform === 'linux' ? (await readdir('/proc/self/fd')).length : process.getActiveResourcesInfo().length
}
