import type { Clock } from '../runtime/ports.ts'
import type { TopicSpec } from './client.ts'
import { again } from './again.ts'
import { hasNoLeader, isUnknownTopic } from './errors.ts'

/** Of a client's admin, what making topics takes. */
export interface TopicAdmin {
  listTopics(): Promise<string[]>
  createTopics(request: {
    waitForLeaders: boolean
    topics: { topic: string; numPartitions: number; replicationFactor: number; configEntries: { name: string; value: string }[] }[]
  }): Promise<boolean>
  fetchTopicMetadata(request: { topics: string[] }): Promise<unknown>
  fetchTopicOffsets(topic: string): Promise<unknown>
}

/**
 * Creates what is missing, and waits until the brokers know its leaders. The client's own wait ends at the first
 * 'unknown topic', which a broker answers for some milliseconds after the controller has made one.
 */
export async function ensureTopics(admin: TopicAdmin, topics: readonly TopicSpec[], clock: Clock): Promise<void> {
  const known = new Set(await admin.listTopics())
  const missing = topics.filter(({ topic }) => !known.has(topic))
  if (missing.length > 0) {
    await admin.createTopics({
      waitForLeaders: false,
      topics: missing.map(({ topic, partitions, replication, config }) => ({
        topic,
        numPartitions: partitions ?? -1,
        replicationFactor: replication ?? -1,
        configEntries: Object.entries(config ?? {}).map(([name, value]) => ({ name, value })),
      })),
    })
    const passing = { calls: 100, when: (error: unknown) => isUnknownTopic(error) || hasNoLeader(error) }
    const made = missing.map(({ topic }) => topic)
    await again(() => admin.fetchTopicMetadata({ topics: made }), clock, passing)
    // Offsets are told by a leader alone, and only once it leads; a send before that would go to some partitions twice.
    for (const topic of made) {
      await again(() => admin.fetchTopicOffsets(topic), clock, passing)
    }
  }
}
