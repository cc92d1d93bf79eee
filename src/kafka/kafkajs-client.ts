import { type Admin, Kafka, type KafkaConfig, logLevel, type Producer } from 'kafkajs'
import type { Clock, Logger } from '../runtime/ports.ts'
import type { KafkaClient, NewRecord } from './client.ts'
import { ensureTopics } from './ensure-topics.ts'
import { kafkajsConsumer } from './kafkajs-consumer.ts'
import type { KafkaSettings } from './options.ts'
import { Renewable } from './renewable.ts'

/** Few and short: the connection machine and the relay do the waiting. */
const retry = { retries: 2, initialRetryTime: 100, maxRetryTime: 1_000, restartOnFailure: async () => false }

interface KafkajsWorld {
  readonly clock: Clock
  readonly logger: Logger
}

/** kafkajs behind our port. Admin and producer are made anew after every failure: an idempotent producer that lost a request may never get in step again. */
export function createKafkajsClient(settings: KafkaSettings, clientId: string, { clock, logger }: KafkajsWorld): KafkaClient {
  process.env['KAFKAJS_NO_PARTITIONER_WARNING'] ??= '1'
  const kafka = new Kafka(configOf(settings, clientId, logger))
  const admin = new Renewable<Admin>(() => kafka.admin({ retry }))
  const producer = new Renewable<Producer>(() =>
    kafka.producer({ idempotent: true, maxInFlightRequests: 1, allowAutoTopicCreation: false, retry }),
  )
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
    send: (records) => producer.use((client) => send(client, records)),
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
    next.set(place, offset + 1)
    return { partition: partition ?? -1, offset }
  })
}
