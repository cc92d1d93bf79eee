import pg from 'pg'
import { comparisonId } from '../../src/batch/comparison-id.ts'
import { batchAddress } from '../../src/batch/request.ts'
import { topics } from '../../src/batch/wire/topics.ts'
import { groupCommitCeiling } from '../ceiling.ts'
import { round } from '../rig.ts'
import { consuming, platformProducer } from './ends.ts'
import { callbackEnvelope, requestEnvelope } from './envelopes.ts'
import { type Forked, forked } from './forked.ts'
import type { QuireNodeMessage } from './quire-node.ts'
import { onServers, platformTopics, type Servers } from './servers.ts'

/** Batches of ten essays that spend all 45 pairs in one wave: 45 verdicts, then three events. */
const batches = 160
const essays = 10
const comparisons = 45
/** Batches whose verdicts come mixed; group after group, so that outputs leave all the time. */
const groupSize = 40
const partitions = 64

/** Verdicts per second, from the callback topic through turn and outbox to the completed topic, with one node and with two, beside Postgres alone. */
export function throughputBench(): Promise<object> {
  return onServers(async (servers) => {
    const one = await drained(servers, 1)
    const two = await drained(servers, 2)
    const ceiling = await ceilingOn(one.database)
    return {
      verdicts: batches * comparisons,
      perSecond: one.perSecond,
      twoNodes: { perSecond: two.perSecond },
      ceiling,
      ratio: round(one.perSecond / ceiling),
    }
  })
}

type Node = Forked<QuireNodeMessage>

/** All batches wait for their verdicts; the nodes are stopped while these are appended, and timed from when they go on. */
async function drained(servers: Servers, count: number): Promise<{ readonly perSecond: number; readonly database: string }> {
  const prefix = `throughput-${count}.`
  const database = await servers.postgres.createDatabase(`throughput_${count}`)
  await platformTopics(servers, prefix)
  const config = { database, brokers: servers.kafka.brokers, prefix, partitions }
  const nodes = Array.from({ length: count }, (_, index) =>
    forked<QuireNodeMessage>('./quire-node.ts', { ...config, owner: `node-${index}` }),
  )
  await sharedOut(nodes)
  const producer = platformProducer(servers.client)
  await producer.connect()
  const posted = allPosted(nodes)
  const requests = batchIds().map((key) => ({ key, value: requestEnvelope(key, essays, comparisons) }))
  await producer.send({ topic: `${prefix}${topics.request}`, messages: requests })
  await posted
  const completed = new Set<string>()
  let done = (): void => {}
  const all = new Promise<void>((resolve) => (done = resolve))
  const place = { topic: `${prefix}${topics.completed}`, groupId: `${prefix}reader` }
  const consumer = await consuming(servers.client, place, (key) => completed.add(key).size === batches && done())
  await paused(nodes, async () => {
    const verdicts = verdictsInGroups()
    for (let from = 0; from < verdicts.length; from += 2_000) {
      await producer.send({ topic: `${prefix}${topics.callback}`, messages: verdicts.slice(from, from + 2_000) })
    }
  })
  const started = performance.now()
  await all
  const seconds = (performance.now() - started) / 1_000
  await Promise.all([producer.disconnect(), consumer.stop(), ...nodes.map((node) => node.stop())])
  return { perSecond: Math.round((batches * comparisons) / seconds), database }
}

async function paused(nodes: readonly Node[], work: () => Promise<void>): Promise<void> {
  for (const node of nodes) {
    node.signal('SIGSTOP')
  }
  await work()
  for (const node of nodes) {
    node.signal('SIGCONT')
  }
}

/** Resolves when the nodes own all partitions, each of them some. */
async function sharedOut(nodes: readonly Node[]): Promise<void> {
  const owned = nodes.map(() => 0)
  const isShared = (): boolean => owned.every((number) => number > 0) && owned.reduce((sum, number) => sum + number) === partitions
  await Promise.all(
    nodes.map((node, index) =>
      node.until((message) => {
        owned[index] = message.kind === 'status' ? message.owned : (owned[index] ?? 0)
        return isShared()
      }),
    ),
  )
}

async function allPosted(nodes: readonly Node[]): Promise<void> {
  const posted = new Set<string>()
  await new Promise<void>((resolve) => {
    for (const node of nodes) {
      node.on((message) => message.kind === 'posted' && posted.add(message.comparison).size === batches * comparisons && resolve())
    }
  })
}

function batchIds(): readonly string[] {
  return Array.from({ length: batches }, (_, number) => `b-${number}`)
}

/** Of each group of batches the first verdicts, the second ones and so on. */
function verdictsInGroups(): readonly { readonly key: string; readonly value: string }[] {
  const ids = batchIds()
  const groups = Array.from({ length: Math.ceil(batches / groupSize) }, (_, index) => ids.slice(index * groupSize, (index + 1) * groupSize))
  return groups.flatMap((group) =>
    Array.from({ length: comparisons }, (_, slot) =>
      group.map((key) => ({ key, value: callbackEnvelope(comparisonId(batchAddress(key), slot, 1)) })),
    ).flat(),
  )
}

/** The same tables and snapshots of the same size by bare SQL. */
async function ceilingOn(database: string): Promise<number> {
  const client = new pg.Client({ connectionString: database })
  await client.connect()
  const { rows } = await client.query<{ snapshot: string; armed: string }>('select snapshot, armed from quire.actors limit 1')
  await client.end()
  return await groupCommitCeiling(database, rows[0] as { snapshot: string; armed: string }, 5)
}
