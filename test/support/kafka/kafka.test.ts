import { afterAll, beforeAll, expect, test } from 'vitest'
import { kafkaClient } from './client.ts'
import { describeWithKafka, describeWithOwnKafka } from './describe-with-kafka.ts'
import { consume, createTopic, produce } from './records.ts'
import { startKafka, type TestKafka } from './start-kafka.ts'

describeWithKafka('a shared Kafka', (kafka) => {
  test('gives back what was produced', async () => {
    const client = kafkaClient(kafka.brokers)
    const topic = `${kafka.topicPrefix}words`
    await createTopic(client, topic)
    await produce(client, topic, ['one', 'two'])
    expect(await consume(client, topic, `${kafka.groupPrefix}readers`, 2)).toEqual(['one', 'two'])
  })
})

describeWithOwnKafka('a Kafka of the test', () => {
  let kafka: TestKafka

  beforeAll(async () => {
    kafka = await startKafka({ proxy: true })
  })

  afterAll(() => kafka.stopAll())

  test('keeps its records over kill -9 and a start on the same ports', async () => {
    const client = kafkaClient(kafka.brokers)
    await createTopic(client, 'kept')
    await produce(client, 'kept', ['before'])
    await kafka.kill(1)
    await expect(produce(kafkaClient(kafka.brokers, { retry: { retries: 0 } }), 'kept', ['lost'])).rejects.toThrow('Connection')

    await kafka.start(1)
    await kafka.whenReady()
    await produce(client, 'kept', ['after'])
    expect(await consume(client, 'kept', 'readers', 2)).toEqual(['before', 'after'])
  })

  test('a stopped broker answers nothing, and goes on when it is resumed', async () => {
    kafka.pause(1)
    // Its kernel takes connections, on a busy machine after a while; no request is answered, the first of which has the same limit.
    const hasty = kafkaClient(kafka.brokers, { retry: { retries: 0 }, connectionTimeout: 5_000, requestTimeout: 5_000 })
    await expect(createTopic(hasty, 'unheard')).rejects.toThrow('timed out')
    kafka.resume(1)
    await kafka.whenReady()
  })

  test('clients are told the address of the proxy, so none gets past a fault of it', async () => {
    await createTopic(kafkaClient(kafka.brokers), 'behind')
    const [proxy] = kafka.proxies
    // Long enough for the first record on a busy machine; the second takes that time to be given up.
    const client = kafkaClient(kafka.brokers, { connectionTimeout: 30_000, requestTimeout: 5_000 })
    const producer = client.producer({ retry: { retries: 0 } })
    await producer.connect()
    await producer.send({ topic: 'behind', messages: [{ value: 'passes' }] })
    await proxy?.set({ kind: 'blackhole' })
    await expect(producer.send({ topic: 'behind', messages: [{ value: 'held' }] })).rejects.toThrow('timed out')
    await proxy?.set({ kind: 'pass' })
    await kafka.whenReady()
    await producer.disconnect()
  })
})
