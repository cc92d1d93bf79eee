import { madeTopics } from '../support/kafka/with-admin.ts'
import { requestTopic } from './check/topics.ts'

const callbackTopic = 'huleedu.llm_provider.comparison_result.v1'

/** The topics that the platform makes, with partitions of their own, so that records of one batch come out of order. */
export async function ensureTopics(brokers: readonly string[], prefix: string): Promise<void> {
  await madeTopics(
    brokers,
    [requestTopic, callbackTopic].map((topic) => ({ topic: `${prefix}${topic}`, partitions: 3 })),
  )
}
