import type { Consumer, EachBatchPayload, Kafka, KafkaMessage, RetryOptions } from 'kafkajs'
import type { ConsumerOptions, FetchedRecord, KafkaConsumer } from './client.ts'

/** An idle fetch comes back after this time, ms: so long may a partition that was resumed wait for its first record. */
const maxWaitMs = 100

/** A group member of kafkajs that ends at its first crash instead of restarting by its own rules. */
export function kafkajsConsumer(
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
