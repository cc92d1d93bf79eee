import type { Kafka } from 'kafkajs'
import { ensureTopics } from '../../../src/kafka/ensure-topics.ts'
import { systemClock } from '../../../src/runtime/system.ts'
import { readTopic } from './read-topic.ts'

/** A topic of one partition, which has its leader. */
export async function createTopic(client: Kafka, topic: string): Promise<void> {
  const admin = client.admin()
  try {
    await admin.connect()
    await ensureTopics(admin, [{ topic, partitions: 1 }], systemClock)
  } finally {
    await admin.disconnect()
  }
}

export async function produce(client: Kafka, topic: string, values: readonly string[]): Promise<void> {
  const producer = client.producer()
  try {
    await producer.connect()
    await producer.send({ topic, messages: values.map((value) => ({ value })) })
  } finally {
    await producer.disconnect()
  }
}

/** The first `count` values of a topic, read by a group that begins at its start. */
export async function consume(client: Kafka, topic: string, groupId: string, count: number): Promise<string[]> {
  return (await readTopic(client, topic, groupId, count)).map(({ value }) => String(value))
}
