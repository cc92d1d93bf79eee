import { expect, test } from 'vitest'
import { kafkaClient } from './client.ts'
import { describeWithOwnKafka } from './describe-with-kafka.ts'
import { consume, createTopic, produce } from './records.ts'
import { startKafka } from './start-kafka.ts'

describeWithOwnKafka('three nodes', () => {
  test('go on without one of them, and are three again', async () => {
    const kafka = await startKafka({ nodes: 3 })
    const client = kafkaClient(kafka.brokers)
    await createTopic(client, 'replicated')
    await kafka.kill(2)
    await produce(client, 'replicated', ['while one is away'])
    await kafka.start(2)
    await kafka.whenReady()
    expect(await consume(client, 'replicated', 'readers', 1)).toEqual(['while one is away'])
    await kafka.stopAll()
  }, 240_000)
})
