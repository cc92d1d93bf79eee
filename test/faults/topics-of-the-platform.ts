import { kafkaClient } from '../support/kafka/client.ts'
import { requestTopic } from './check/topics.ts'

const callbackTopic = 'huleedu.llm_provider.comparison_result.v1'

/** The topics that the platform makes, with partitions of their own, so that records of one batch come out of order. */
export async function ensureTopics(brokers: readonly string[], prefix: string): Promise<void> {
  const admin = kafkaClient(brokers).admin()
  await admin.connect()
  await admin.createTopics({
    waitForLeaders: true,
    topics: [requestTopic, callbackTopic].map((topic) => ({ topic: `${prefix}${topic}`, numPartitions: 3 })),
  })
  await admin.disconnect()
}
