import { expect, test } from 'vitest'
import { kafkaClient } from '../client.ts'
import { describeWithKafka, describeWithOwnKafka } from '../describe-with-kafka.ts'

test('needs no Kafka', () => expect(1).toBe(1))

describeWithKafka('planted', (kafka) => {
  test('leaves a topic behind', async () => {
    const admin = kafkaClient(kafka.brokers).admin()
    await admin.connect()
    expect(await admin.createTopics({ topics: [{ topic: `${kafka.topicPrefix}left` }] })).toBe(true)
    await admin.disconnect()
  })
})

describeWithOwnKafka('own', () => {
  test('one', () => expect(1).toBe(1))
  test('two', () => expect(1).toBe(1))
})
