import { expect, it, onTestFinished } from 'vitest'
import { batchActor } from '../../src/batch/batch.actor.ts'
import { topics } from '../../src/batch/wire/topics.ts'
import { mailboxTopic } from '../../src/kafka/client-ports.ts'
import { createQuire } from '../../src/quire.ts'
import { freshDatabase } from '../ports/adapters.ts'
import { kafkaClient } from '../support/kafka/client.ts'
import { describeWithKafka } from '../support/kafka/describe-with-kafka.ts'
import { requestEnvelope } from '../support/kafka/platform.ts'
import { produce } from '../support/kafka/records.ts'
import { madeTopics } from '../support/kafka/with-admin.ts'

const partitions = 4
const essays = 40

describeWithKafka('a log that the broker keeps compressed', (kafka) => {
  // The broker compresses with Java's own libraries whatever a producer sends.
  it.each(['gzip', 'snappy', 'lz4', 'zstd'])('by %s is read, the topics of the outside and our own', async (codec) => {
    const topicPrefix = `${kafka.topicPrefix}${codec}.`
    const config = { 'compression.type': codec }
    await madeTopics(kafka.brokers, [
      { topic: `${topicPrefix}${topics.request}`, partitions: 1, config },
      { topic: `${topicPrefix}${mailboxTopic}`, partitions, config },
    ])
    const fetched = new Set<string>()
    const quire = await createQuire({
      database: await freshDatabase(),
      kafka: { brokers: kafka.brokers, topicPrefix, groupId: `${kafka.groupPrefix}${codec}` },
      partitions,
      actors: {
        batch: batchActor({
          judge: { submit: () => new Promise(() => undefined) },
          content: { fetch: async (storageId) => (fetched.add(storageId), `text of ${storageId}`) },
        }),
      },
    })
    onTestFinished(() => quire.stop({ drainMs: 0 }))
    await quire.start()
    const sent = JSON.stringify(requestEnvelope('packed', essays))
    await produce(kafkaClient(kafka.brokers), `${topicPrefix}${topics.request}`, [sent])
    await quire.waitFor('batch/packed', { state: 'WAITING_CALLBACKS' }, { timeoutMs: 50_000 })
    const [born] = await quire.journal('batch/packed', { limit: 1 })
    expect(born).toMatchObject({ event: { originalRequest: sent } })
    expect(fetched.size).toBe(essays)
  })
})
