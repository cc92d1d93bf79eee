import {
  type Admin,
  type Consumer,
  type EachBatchPayload,
  Kafka,
  type KafkaConfig,
  type KafkaMessage,
  logLevel,
  type Producer,
  type RetryOptions,
} from 'kafkajs'
import type { Clock, Logger } from '../runtime/ports.ts'
import type { ConsumerOptions, FetchedRecord, KafkaClient, KafkaConsumer, NewRecord } from './client.ts'
import { again } from './again.ts'
import { readEveryCodec } from './codecs.ts'
import { ensureTopics } from './ensure-topics.ts'
import { hasNoLeader } from './errors.ts'
import type { KafkaSettings } from './options.ts'
import { Renewable } from './renewable.ts'

/** Few and short: the connection machine and the relay do the waiting. */
const retry = { retries: 2, initialRetryTime: 100, maxRetryTime: 1_000, restartOnFailure: async () => false }

/**
 * A producer tries once. kafkajs repeats a send only to brokers that have not answered yet: where the leader of a refused partition
 * has moved to one that has, its records are left out and the send is acknowledged all the same. An idempotent producer must
 * repeat, so it is none. Where a leader has just changed a new producer sends all of it again; what came twice is known by its id.
 */
const once = { ...retry, retries: 0 }

interface KafkajsWorld {
  readonly clock: Clock
  readonly logger: Logger
}

/** kafkajs behind our port. Admin and producer are made anew after every failure. */
export function createKafkajsClient(settings: KafkaSettings, clientId: string, { clock, logger }: KafkajsWorld): KafkaClient {
  process.env['KAFKAJS_NO_PARTITIONER_WARNING'] ??= '1'
  readEveryCodec()
  const kafka = new Kafka(configOf(settings, clientId, logger))
  const admin = new Renewable<Admin>(() => kafka.admin({ retry }))
  const producer = new Renewable<Producer>(() => kafka.producer({ maxInFlightRequests: 1, allowAutoTopicCreation: false, retry: once }))
  return {
    ping: () => admin.use(async (client) => void (await client.describeCluster())),
    ensureTopics: (topics) => admin.use((client) => ensureTopics(client, topics, clock)),
    partitionsOf: (topic) =>
      admin.use(async (client) => {
        if (!(await client.listTopics()).includes(topic)) {
          return undefined
        }
        const { topics } = await client.fetchTopicMetadata({ topics: [topic] })
        return topics[0]?.partitions.length
      }),
    ends: (topic) =>
      admin.use(async (client) =>
        (await client.fetchTopicOffsets(topic)).map(({ partition, low, high }) => ({ partition, low: Number(low), high: Number(high) })),
      ),
    committed: (groupId, topic) =>
      admin.use(async (client) => {
        const [found] = await client.fetchOffsets({ groupId, topics: [topic] })
        const known = (found?.partitions ?? []).filter(({ offset }) => Number(offset) >= 0)
        return new Map(known.map(({ partition, offset }) => [partition, Number(offset)]))
      }),
    send: (records) => again(() => producer.use((client) => send(client, records)), clock, { calls: 3, when: hasNoLeader }),
    consumer: (options) => kafkajsConsumer(kafka, { ...options, sessionTimeoutMs: settings.sessionTimeoutMs, retry }),
    async close() {
      await Promise.all([admin.close(), producer.close()])
    },
  }
}

function configOf({ brokers, ssl, sasl }: KafkaSettings, clientId: string, logger: Logger): KafkaConfig {
  return {
    clientId,
    brokers: [...brokers],
    connectionTimeout: 3_000,
    authenticationTimeout: 5_000,
    requestTimeout: 8_000,
    enforceRequestTimeout: true,
    retry,
    ...(ssl === undefined ? {} : { ssl: typeof ssl === 'boolean' ? ssl : { ...ssl } }),
    ...(sasl === undefined ? {} : { sasl: { ...sasl } as NonNullable<KafkaConfig['sasl']> }),
    logLevel: logLevel.WARN,
    logCreator:
      () =>
      ({ namespace, log }) =>
        logger.debug({ namespace, kafka: log.message }, 'kafkajs'),
  }
}

/** One request; positions by each partition's first offset, in the order given. */
async function send(client: Producer, records: readonly NewRecord[]): Promise<readonly { partition: number; offset: number }[]> {
  const byTopic = new Map<string, NewRecord[]>()
  for (const record of records) {
    const own = byTopic.get(record.topic)
    own === undefined ? byTopic.set(record.topic, [record]) : own.push(record)
  }
  const answers = await client.sendBatch({
    acks: -1,
    topicMessages: [...byTopic].map(([topic, own]) => ({
      topic,
      messages: own.map(({ key, value, partition, headers }) => ({
        key,
        value,
        ...(partition === undefined ? {} : { partition }),
        ...(headers === undefined ? {} : { headers: { ...headers } }),
      })),
    })),
  })
  const next = new Map(answers.map((answer) => [`${answer.topicName}/${answer.partition}`, Number(answer.baseOffset)]))
  return records.map(({ topic, partition }) => {
    const place = `${topic}/${partition}`
    const offset = next.get(place) ?? -1
    if (partition !== undefined && offset < 0) {
      throw new Error(`no broker has acknowledged ${place}`)
    }
    next.set(place, offset + 1)
    return { partition: partition ?? -1, offset }
  })
}

/** An idle fetch comes back after this time, ms: so long may a partition that was resumed wait for its first record. */
const maxWaitMs = 100

/** A group member of kafkajs that ends at its first crash instead of restarting by its own rules. */
function kafkajsConsumer(
  kafka: Kafka,
  options: ConsumerOptions & { readonly sessionTimeoutMs: number; readonly retry: RetryOptions },
): KafkaConsumer {
  const { groupId, topics, sessionTimeoutMs, retry } = options
  const consumer = kafka.consumer({
    groupId,
    sessionTimeout: sessionTimeoutMs,
    rebalanceTimeout: sessionTimeoutMs,
    heartbeatInterval: Math.min(500, Math.floor(sessionTimeoutMs / 6)),
    maxWaitTimeInMs: maxWaitMs,
    allowAutoTopicCreation: false,
    retry,
  })
  const ended = new Promise<unknown>((resolve) => {
    consumer.on(consumer.events.CRASH, ({ payload }) => resolve(payload.error))
  })
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    const assignment = Object.entries(payload.memberAssignment).map(([topic, partitions]) => [topic, partitions] as const)
    options.onJoined(new Map(assignment))
  })
  return {
    ended,
    async start() {
      await consumer.connect()
      await consumer.subscribe({ topics: [...topics], fromBeginning: true })
      await run(consumer, options)
    },
    seek: (topic, partition, offset) => consumer.seek({ topic, partition, offset: String(offset) }),
    pause: (topic, partitions) => consumer.pause([{ topic, partitions: [...partitions] }]),
    resume: (topic, partitions) => consumer.resume([{ topic, partitions: [...partitions] }]),
    commit: (offsets) =>
      consumer.commitOffsets(offsets.map(({ topic, partition, offset }) => ({ topic, partition, offset: String(offset) }))),
    stop: () => consumer.disconnect(),
  }
}

async function run(consumer: Consumer, { onRecords }: ConsumerOptions): Promise<void> {
  await consumer.run({
    autoCommit: false,
    eachBatchAutoResolve: false,
    partitionsConsumedConcurrently: 8,
    async eachBatch({ batch, resolveOffset, isStale, isRunning }: EachBatchPayload) {
      if (isStale() || !isRunning()) {
        return
      }
      await onRecords(batch.topic, batch.partition, batch.messages.map(recordOf))
      if (!isStale()) {
        resolveOffset(batch.lastOffset())
      }
    },
  })
}

function recordOf(message: KafkaMessage): FetchedRecord {
  const headers = Object.entries(message.headers ?? {}).map(([name, value]) => [name, String(value)])
  return {
    offset: Number(message.offset),
    timestamp: Number(message.timestamp),
    key: message.key?.toString('utf8') ?? null,
    value: message.value,
    headers: Object.fromEntries(headers) as Record<string, string>,
  }
}
