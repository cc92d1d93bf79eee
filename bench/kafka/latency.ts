import type { Producer } from 'kafkajs'
import pg from 'pg'
import { comparisonId } from '../../src/batch/comparison-id.ts'
import { batchAddress } from '../../src/batch/request.ts'
import { topics } from '../../src/batch/wire/topics.ts'
import { madeTopics } from '../../test/support/kafka/with-admin.ts'
import { percentile, round } from '../rig.ts'
import type { BareRelayConfig } from './bare-relay.ts'
import { consuming, platformProducer } from './ends.ts'
import { callbackEnvelope, requestEnvelope } from './envelopes.ts'
import { type Forked, forked } from './forked.ts'
import type { QuireNodeConfig, QuireNodeMessage } from './quire-node.ts'
import { onServers, platformTopics, type Servers } from './servers.ts'

const batches = 500
const warmUps = 20
const essays = 4
/** All pairs of four essays: one wave, and the last verdict decides. */
const comparisons = 6
const prefix = 'latency.'

/** From the decisive verdict being produced to the completed event being consumed, batch after batch, each beside a run of the bare hops. */
export function latencyBench(): Promise<object> {
  return onServers(async (servers) => {
    await platformTopics(servers, prefix)
    const quire = await quireSide(servers)
    await quire.decide('first')
    const bare = await bareSide(servers, await sizesOf(servers, 'first'))
    const waits: number[] = []
    const floor: number[] = []
    for (let number = -warmUps; number < batches; number++) {
      const [wait, hop] = [await quire.decide(`b-${number}`), await bare.hop(`b-${number}`)]
      if (number >= 0) {
        waits.push(wait)
        floor.push(hop)
      }
    }
    await Promise.all([quire.stop(), bare.stop()])
    return figures(waits, floor)
  })
}

function figures(waits: readonly number[], floor: readonly number[]): object {
  const [p50, p99, floorP50, floorP99] = [percentile(waits, 0.5), percentile(waits, 0.99), percentile(floor, 0.5), percentile(floor, 0.99)]
  return { batches: waits.length, p50, p99, floorP50, floorP99, ratioP50: round(p50 / floorP50), ratioP99: round(p99 / floorP99) }
}

/** Resolves waits by key when a record of that key is consumed. */
class Arrivals {
  readonly #waiting = new Map<string, (at: number) => void>()

  take(key: string): void {
    this.#waiting.get(key)?.(performance.now())
    this.#waiting.delete(key)
  }

  next(key: string): Promise<number> {
    return new Promise((resolve) => this.#waiting.set(key, resolve))
  }
}

async function quireSide(servers: Servers) {
  const { client, kafka } = servers
  const config: QuireNodeConfig = { database: servers.postgres.url, brokers: kafka.brokers, prefix, partitions: 64, owner: 'latency' }
  const node = forked<QuireNodeMessage>('./quire-node.ts', config)
  await node.until((message) => message.kind === 'status' && message.owned === 64)
  const producer = platformProducer(client)
  await producer.connect()
  const arrivals = new Arrivals()
  const consumer = await consuming(client, { topic: `${prefix}${topics.completed}`, groupId: `${prefix}reader` }, (key) =>
    arrivals.take(key),
  )
  let handled = 0
  node.on((message) => {
    handled = message.kind === 'status' ? message.counters.messages : handled
  })
  return {
    decide: (batchId: string) => decide(batchId, { producer, node, arrivals, handled: () => handled }),
    stop: () => Promise.all([producer.disconnect(), consumer.stop(), node.stop()]),
  }
}

interface QuireSide {
  readonly producer: Producer
  readonly node: Forked<QuireNodeMessage>
  readonly arrivals: Arrivals
  /** Messages the node has handled. */
  readonly handled: () => number
}

/** A batch up to its last verdict, which is timed. */
async function decide(batchId: string, { producer, node, arrivals, handled }: QuireSide): Promise<number> {
  const before = handled()
  const posted = allPosted(node)
  await producer.send({ topic: `${prefix}${topics.request}`, messages: [{ key: batchId, value: requestEnvelope(batchId, essays) }] })
  await posted
  const verdicts = Array.from({ length: comparisons }, (_, slot) => ({
    key: batchId,
    value: callbackEnvelope(comparisonId(batchAddress(batchId), slot, 1)),
  }))
  await producer.send({ topic: `${prefix}${topics.callback}`, messages: verdicts.slice(0, -1) })
  // Everything but the last verdict is behind the node: the request and its verdicts were handled.
  if (handled() < before + comparisons) {
    await node.until((message) => message.kind === 'status' && message.counters.messages >= before + comparisons)
  }
  const arrived = arrivals.next(batchId)
  const started = performance.now()
  await producer.send({ topic: `${prefix}${topics.callback}`, messages: verdicts.slice(-1) })
  return (await arrived) - started
}

async function allPosted(node: Forked<QuireNodeMessage>): Promise<void> {
  let posted = 0
  await node.until((message) => message.kind === 'posted' && ++posted === comparisons)
}

/** The hops of the floor, carrying what Quire wrote and sent of a batch like the measured ones. */
async function bareSide({ client, kafka, postgres }: Servers, sizes: Pick<BareRelayConfig, 'snapshot' | 'journal' | 'outputs'>) {
  const names = ['in', ...sizes.outputs.map(({ topic }) => topic)]
  await madeTopics(kafka.brokers, [
    { topic: `${prefix}bare.mailbox`, partitions: 64 },
    ...names.map((name) => ({ topic: `${prefix}bare.${name}`, partitions: 4 })),
  ])
  const database = await postgres.createDatabase('bare')
  const relay = forked<{ readonly kind: 'ready' }>('./bare-relay.ts', { ...sizes, database, brokers: kafka.brokers, prefix })
  await relay.until(() => true)
  const producer = platformProducer(client)
  await producer.connect()
  const arrivals = new Arrivals()
  const place = { topic: `${prefix}bare.${topics.completed}`, groupId: `${prefix}bare.reader` }
  const consumer = await consuming(client, place, (key) => arrivals.take(key))
  return {
    async hop(key: string): Promise<number> {
      const arrived = arrivals.next(key)
      const started = performance.now()
      await producer.send({ topic: `${prefix}bare.in`, messages: [{ key, value: callbackEnvelope(key) }] })
      return (await arrived) - started
    },
    stop: () => Promise.all([producer.disconnect(), consumer.stop(), relay.stop()]),
  }
}

/** The snapshot, the last journal entry and the outputs of a completed batch. */
async function sizesOf({ postgres }: Servers, batchId: string) {
  const client = new pg.Client({ connectionString: postgres.url })
  await client.connect()
  const text = async (column: string, from: string): Promise<string[]> => {
    const { rows } = await client.query<{ text: string }>(`select ${column} as text from quire.${from}`, [batchAddress(batchId)])
    return rows.map((row) => row.text)
  }
  const [[snapshot], [journal], targets, payloads] = [
    await text('snapshot', 'actors where address = $1'),
    await text('event', 'journal where address = $1 order by entry desc'),
    await text('target', 'outbox where address = $1 order by entry'),
    await text('payload', 'outbox where address = $1 order by entry'),
  ]
  await client.end()
  const outputs = targets.map((topic, index) => ({ topic, payload: payloads[index] as string }))
  return { snapshot: snapshot as string, journal: journal as string, outputs }
}
