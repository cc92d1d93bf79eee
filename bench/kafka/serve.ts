import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { request } from 'undici'
import { topics } from '../../src/batch/wire/topics.ts'
import build from '../../test/support/build-setup.ts'
import { builtCommand } from '../../test/support/built-command.ts'
import { type LoopbackServer, loopbackServer } from '../../test/support/loopback-server.ts'
import { percentile, round } from '../rig.ts'
import { consuming, platformProducer } from './ends.ts'
import { callbackEnvelope, requestEnvelope } from './envelopes.ts'
import { onServers, platformTopics, type Servers } from './servers.ts'

const batches = 20
const essays = 4
const comparisons = 6
/** From the sixth callback being sent to the last of the three events being read, ms. */
const mostMs = 2_000
const eventTopics = [topics.completed, topics.result, topics.resource] as const
const recoveries = ['quire_monitor_recoveries_total', 'cj_stuck_batches_recovered_total']

/**
 * The service as it is shipped, with its content service and its provider on loopback: batch after batch, with a monitor that
 * looks every second and without. The service this replaces took 3 min 56 s for such a batch.
 */
export async function serveBench(): Promise<object> {
  await build()
  return await onServers(async (servers) => {
    const withMonitor = await side(servers, { prefix: 'on.', monitorSeconds: 1 })
    const withoutMonitor = await side(servers, { prefix: 'off.', monitorSeconds: 0 })
    const short = Object.entries({ withMonitor, withoutMonitor }).flatMap(([name, { maxMs, recovered }]) => [
      ...(maxMs > mostMs ? [`${name}: the events took ${maxMs} ms`] : []),
      ...(recovered > 0 ? [`${name}: the monitor woke ${recovered} batches`] : []),
    ])
    return { essays, events: eventTopics.length, mostMs, withMonitor, withoutMonitor, short }
  })
}

interface Side {
  readonly prefix: string
  readonly monitorSeconds: number
}

async function side(servers: Servers, { prefix, monitorSeconds }: Side) {
  await platformTopics(servers, prefix)
  await using platform = await aroundQuire()
  const served = await serve(servers, platform.url, { prefix, monitorSeconds })
  const world = await worldOf(servers, prefix)
  const waits: number[] = []
  for (let number = 0; number < batches; number++) {
    waits.push(await oneBatch(`bench-${number}`, platform, world))
  }
  const recovered = await monitorRecoveries(served.url)
  await Promise.all([world.stop(), served.stop()])
  return { batches, p50Ms: percentile(waits, 0.5), maxMs: round(Math.max(...waits)), recovered }
}

/** Texts, and a provider that takes every post. */
async function aroundQuire(): Promise<LoopbackServer> {
  return await loopbackServer(({ method, path }) =>
    method === 'GET'
      ? { status: 200, body: `The text ${path}.` }
      : { status: 202, body: { queue_id: 'queued', status: 'queued', message: 'queued' }, headers: { 'content-type': 'application/json' } },
  )
}

/** `quire serve`, ready. */
async function serve({ kafka, postgres }: Servers, platform: string, { prefix, monitorSeconds }: Side) {
  const child = spawn(process.execPath, [builtCommand, 'serve'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      PATH: process.env['PATH'],
      QUIRE_DATABASE_URL: await postgres.createDatabase(`serve_${monitorSeconds}`),
      QUIRE_KAFKA_BROKERS: kafka.brokers.join(','),
      QUIRE_TOPIC_PREFIX: prefix,
      QUIRE_MONITOR_INTERVAL_SECONDS: String(monitorSeconds),
      QUIRE_CONTENT_SERVICE_URL: `${platform}/content`,
      QUIRE_LLM_PROVIDER_SERVICE_URL: platform,
      QUIRE_HTTP_PORT: '0',
    },
  })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const { msg, url: found } = JSON.parse(line) as { readonly msg: string; readonly url?: string }
      if (msg === 'quire serves') {
        resolve(String(found))
      }
    })
    child.once('exit', (code) => reject(new Error(`quire serve ended with ${code}`)))
  })
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM')
    await ended
  }
  return { url, stop }
}

type World = Awaited<ReturnType<typeof worldOf>>

/** The platform's end of the topics: what is sent, and when each batch's three events had been read. */
async function worldOf({ client }: Servers, prefix: string) {
  const producer = platformProducer(client)
  await producer.connect()
  const read = new Map<string, number>()
  const waiting = new Map<string, (at: number) => void>()
  const take = (_: string, value: Buffer | null): void => {
    const { data } = JSON.parse(String(value)) as { readonly data: { readonly entity_id: string } }
    const count = (read.get(data.entity_id) ?? 0) + 1
    read.set(data.entity_id, count)
    if (count === eventTopics.length) {
      waiting.get(data.entity_id)?.(performance.now())
    }
  }
  const consumers = await Promise.all(
    eventTopics.map((topic) => consuming(client, { topic: `${prefix}${topic}`, groupId: `${prefix}${topic}.bench` }, take)),
  )
  return {
    send: (topic: string, key: string, values: readonly string[]) =>
      producer.send({ topic: `${prefix}${topic}`, messages: values.map((value) => ({ key, value })) }),
    allEvents: (batchId: string) => new Promise<number>((resolve) => waiting.set(batchId, resolve)),
    stop: () => Promise.all([producer.disconnect(), ...consumers.map((consumer) => consumer.stop())]),
  }
}

/** From the sixth callback to the third event, ms. */
async function oneBatch(batchId: string, platform: LoopbackServer, world: World): Promise<number> {
  const posts = postsOf(platform)
  await world.send(topics.request, batchId, [requestEnvelope(batchId, essays)])
  const asked = await posts
  await world.send(topics.callback, batchId, asked.slice(0, -1).map(callbackEnvelope))
  const arrived = world.allEvents(batchId)
  const sent = performance.now()
  await world.send(topics.callback, batchId, asked.slice(-1).map(callbackEnvelope))
  return (await arrived) - sent
}

/** The comparisons of the next posts, once they are all there. */
async function postsOf(platform: LoopbackServer): Promise<readonly string[]> {
  const asked: string[] = []
  const reply = platform.reply
  return await new Promise((resolve) => {
    platform.reply = (got) => {
      if (got.method === 'POST') {
        asked.push((JSON.parse(got.body) as { readonly correlation_id: string }).correlation_id)
      }
      if (asked.length === comparisons) {
        platform.reply = reply
        resolve(asked)
      }
      return reply(got)
    }
  })
}

async function monitorRecoveries(url: string): Promise<number> {
  const { body } = await request(`${url}/metrics`)
  const lines = (await body.text()).split('\n')
  return recoveries.reduce((sum, name) => {
    const line = lines.find((text) => text.startsWith(`${name} `))
    if (line === undefined) {
      throw new Error(`the service does not tell ${name}`)
    }
    return sum + Number(line.slice(name.length))
  }, 0)
}
