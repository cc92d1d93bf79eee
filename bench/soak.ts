import { readdir } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { request } from 'undici'
import { type BatchService, createBatchService } from '../src/host/service.ts'
import { requestEnvelope } from '../test/support/kafka/platform.ts'
import { startPostgres } from '../test/support/postgres.ts'
import { percentile, round } from './rig.ts'

/** Batches under way at once. */
const atOnce = 4
/**
 * What a process may keep of a batch that has ended, bytes: less than the smallest thing it could keep of each, an entry of a map
 * with its id as the key (about 150 bytes).
 */
const mostBytesPerBatch = 150
/** Sockets to Postgres and from callers come and go by one or two between two looks. */
const mostHandlesMore = 3

/** A look at the process, after a full garbage collection. */
interface Look {
  /** Seconds since the start. */
  readonly at: number
  readonly heapMb: number
  readonly handles: number
  readonly batches: number
}

/**
 * A service under steady load: batches of four essays over HTTP, each judged, looked at, streamed and read. Says what heap and
 * file handles do, after a warm-up in which caches fill and actors leave memory again (60 s after their last use).
 */
export async function soakBench(seconds: number): Promise<object> {
  const collect = garbageCollector()
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
    const looks = await underLoad(service, seconds, collect).finally(() => service.stop())
    return judged(looks, seconds)
  } finally {
    await server.stop()
  }
}

async function underLoad(service: BatchService, seconds: number, collect: () => void): Promise<readonly Look[]> {
  const started = performance.now()
  const isOver = (): boolean => performance.now() - started > seconds * 1_000
  let ended = 0
  const lane = async (name: number): Promise<void> => {
    for (let number = 0; !isOver(); number++) {
      await oneBatch(service, `soak-${name}-${number}`)
      ended += 1
    }
  }
  const looks: Look[] = []
  const watch = async (): Promise<void> => {
    while (!isOver()) {
      await pause(2_000)
      collect()
      const { heapUsed } = process.memoryUsage()
      looks.push({ at: (performance.now() - started) / 1_000, heapMb: heapUsed / 1_048_576, handles: await handles(), batches: ended })
    }
  }
  await Promise.all([watch(), ...Array.from({ length: atOnce }, (_, name) => lane(name))])
  return looks
}

/** The life of a batch as the service's callers see it. */
async function oneBatch({ quire, url }: BatchService, batch: string): Promise<void> {
  const reader = new AbortController()
  const stream = await request(`${url}/v1/stream?batch=${batch}`, { signal: reader.signal })
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

async function read(url: string, expected: number, options: Parameters<typeof request>[1] = {}): Promise<void> {
  const { body, statusCode } = await request(url, options)
  const text = await body.text()
  if (statusCode !== expected) {
    throw new Error(`${url} was answered with ${statusCode}: ${text.slice(0, 300)}`)
  }
}

function judged(looks: readonly Look[], seconds: number): object {
  const warmUpSeconds = Math.min(90, seconds / 3)
  const steady = looks.filter(({ at }) => at > warmUpSeconds)
  const [first, last] = [steady[0], steady.at(-1)]
  if (first === undefined || last === undefined || steady.length < 10) {
    throw new Error(`${seconds} s give no 10 looks after the warm-up; give --seconds 60 or more`)
  }
  const overTime = slope(steady.map(({ at, heapMb }) => [at / 60, heapMb]))
  const perBatch = slope(steady.map(({ batches, heapMb }) => [batches, heapMb * 1_048_576]))
  const third = Math.floor(steady.length / 3)
  const handlesFirst = percentile(
    steady.slice(0, third).map(({ handles: open }) => open),
    0.5,
  )
  const handlesLast = percentile(
    steady.slice(-third).map(({ handles: open }) => open),
    0.5,
  )
  const surely = perBatch.slope - 2 * perBatch.error
  const short = [
    ...(surely > mostBytesPerBatch ? [`the heap grows by surely more than ${round(surely)} bytes a batch`] : []),
    ...(handlesLast > handlesFirst + mostHandlesMore ? [`open handles rose from ${handlesFirst} to ${handlesLast}`] : []),
  ]
  return {
    seconds,
    warmUpSeconds: round(warmUpSeconds),
    batches: last.batches - first.batches,
    heapMb: { first: round(first.heapMb), last: round(last.heapMb), perMinute: round(overTime.slope), error: round(overTime.error) },
    bytesPerBatch: { grown: round(perBatch.slope), error: round(perBatch.error), most: mostBytesPerBatch },
    handles: { first: handlesFirst, last: handlesLast },
    short,
  }
}

/** Least squares: rise of y by x, and its standard error. */
function slope(points: readonly (readonly [x: number, y: number])[]): { readonly slope: number; readonly error: number } {
  const n = points.length
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / n
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / n
  const spread = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0)
  const rise = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) / spread
  const rest = points.reduce((sum, [x, y]) => sum + (y - meanY - rise * (x - meanX)) ** 2, 0)
  return { slope: rise, error: Math.sqrt(rest / (n - 2) / spread) }
}

/** Open files and sockets of this process; where there is no /proc, what keeps its event loop alive. */
async function handles(): Promise<number> {
  return process.platform === 'linux' ? (await readdir('/proc/self/fd')).length : process.getActiveResourcesInfo().length
}

function garbageCollector(): () => void {
  setFlagsFromString('--expose-gc')
  return runInNewContext('gc') as () => void
}
