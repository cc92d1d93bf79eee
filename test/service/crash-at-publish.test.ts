import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { topics } from '../../src/batch/wire/topics.ts'
import { freshDatabase } from '../ports/adapters.ts'
import { kafkaClient } from '../support/kafka/client.ts'
import { describeWithKafka } from '../support/kafka/describe-with-kafka.ts'
import { requestEnvelope } from '../support/kafka/platform.ts'
import { readTopic } from '../support/kafka/read-topic.ts'
import { createTopic, produce } from '../support/kafka/records.ts'
import { callbackOf, get, platform, served } from '../support/served-quire.ts'

const eventTopics = [topics.completed, topics.result, topics.resource]
const hook = fileURLToPath(new URL('../support/die-at-publish.mjs', import.meta.url))

describeWithKafka('a crash', (kafka) => {
  it.each([
    ['between the decision and its publishing: each event goes out once', 'before', 1],
    ['between the publishing and its being noted: the same event goes out again under its id', 'after', 2],
  ])('%s', async (_, moment, copies) => {
    const prefix = `${kafka.topicPrefix}${moment}.`
    const client = kafkaClient(kafka.brokers)
    for (const topic of [...eventTopics, topics.failed]) {
      await createTopic(client, `${prefix}${topic}`)
    }
    const around = await platform((asked) => produce(client, String(asked['callback_topic']), [JSON.stringify(callbackOf(asked))]))
    const settings = {
      QUIRE_DATABASE_URL: await freshDatabase(),
      QUIRE_KAFKA_BROKERS: kafka.brokers.join(','),
      QUIRE_KAFKA_GROUP_ID: `${kafka.groupPrefix}${moment}`,
      QUIRE_TOPIC_PREFIX: prefix,
      QUIRE_MONITOR_INTERVAL_SECONDS: '0',
      QUIRE_CONTENT_SERVICE_URL: `${around.url}/content`,
      QUIRE_LLM_PROVIDER_SERVICE_URL: around.url,
    }
    const deadly = { NODE_OPTIONS: `--import ${hook}`, QUIRE_TEST_DIES_AT: topics.completed, QUIRE_TEST_DIES: moment }
    const first = await served({ ...settings, ...deadly })
    const died = once(first.child, 'exit')
    await produce(client, `${prefix}${topics.request}`, [JSON.stringify(requestEnvelope('c-1', 4))])
    expect(await died).toEqual([null, 'SIGKILL'])

    const { url } = await served(settings)
    await expect.poll(async () => ((await get(`${url}/v1/batches/c-1`)) as { end?: object }).end).toMatchObject({ trigger: 'callback' })
    // What is sent after these three would come later than this batch's, whose events are one request of the relay.
    await produce(client, `${prefix}${topics.request}`, [JSON.stringify(requestEnvelope('c-2', 4))])
    for (const topic of eventTopics) {
      const records = await readTopic(client, `${prefix}${topic}`, `${kafka.groupPrefix}${moment}.${topic}`, copies + 1)
      const events = records.map(({ value }) => JSON.parse(String(value)) as { event_id: string; data: { entity_id: string } })
      const own = events.filter(({ data }) => data.entity_id === 'c-1')
      expect(own).toHaveLength(copies)
      expect(new Set(own.map((event) => JSON.stringify(event))).size).toBe(1)
      expect(events.at(-1)).toMatchObject({ data: { entity_id: 'c-2' } })
    }
    expect(new Set(around.posts.map((asked) => asked['correlation_id'])).size).toBe(around.posts.length)
    expect(await get(`${url}/v1/dead-letters`)).toMatchObject({ items: [] })
  })
})
