import { randomUUID } from 'node:crypto'
import { inject } from 'vitest'
import { kafkaClient } from './client.ts'
import { askForKafka } from './on-demand.ts'

/** The Kafka that the test files share. What a file makes in it begins with the file's own prefixes. */
export interface KafkaForTests {
  /** Known in tests and hooks, not while they are declared. */
  readonly brokers: readonly string[]
  readonly topicPrefix: string
  readonly groupPrefix: string
}

export interface PendingKafka extends KafkaForTests {
  /** Starts the shared Kafka if nobody has: about 3 s once in a run, then 10 ms. */
  start(): Promise<void>
  /** A broker that was named is left as it was found. */
  cleanUp(): Promise<void>
}

export function kafkaForTests(name: string): PendingKafka {
  const prefix = `${name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}-${randomUUID().slice(0, 8)}-`
  let brokers: readonly string[] | undefined
  return {
    topicPrefix: prefix,
    groupPrefix: prefix,
    get brokers() {
      if (brokers === undefined) {
        throw new Error('the brokers are known in tests and hooks only')
      }
      return brokers
    },
    async start() {
      brokers = await askForKafka(inject('kafka').onDemandUrl)
    },
    async cleanUp() {
      if (inject('kafka').isNamed && brokers !== undefined) {
        await removeAll(brokers, prefix)
      }
    },
  }
}

async function removeAll(brokers: readonly string[], prefix: string): Promise<void> {
  const admin = kafkaClient(brokers).admin()
  await admin.connect()
  const { groups } = await admin.listGroups()
  const mine = groups.map(({ groupId }) => groupId).filter((groupId) => groupId.startsWith(prefix))
  if (mine.length > 0) {
    await admin.deleteGroups(mine)
  }
  const topics = (await admin.listTopics()).filter((topic) => topic.startsWith(prefix))
  if (topics.length > 0) {
    await admin.deleteTopics({ topics })
  }
  await admin.disconnect()
}
