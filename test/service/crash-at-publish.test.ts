import { once } from 'node:events'
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
/** As a URL: a folder's name may hold a space. */
const hook = new URL('../support/die-at-publish.mjs', import.meta.url).href

describeWithKafka('a crash between the decision and its being noted as published', (kafka) => {
  /** Two batches, the first with a process that dies `moment` the broker has its events; the copies of each event of both. */
  async function eventsAround(moment: 'before' | 'after', copies: number) {
    const client = kafkaClient(kafka.brokers)
    const prefix = `${kafka.topicPrefix}${moment}.`
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
    const ask = (id: string) => produce(client, `${prefix}${topics.request}`, [JSON.stringify(requestEnvelope(id, 4))])
    await ask('c-1')
    expect(await died).toEqual([null, 'SIGKILL'])
    const { url } = await served(settings)
    await expect.poll(async () => (await get(`${url}/v1/batches/c-1`))['end']).toMatchObject({ trigger: 'callback' })
    // The second batch is asked for when all of the first is decided: its events are the last ones.
    await ask('c-2')
    const read = eventTopics.map(async (topic) => {
      const records = await readTopic(client, `${prefix}${topic}`, `${kafka.groupPrefix}${moment}.${topic}`, copies + 1)
      return records.map(({ value }) => JSON.parse(String(value)) as { readonly data: { readonly entity_id: string } })
    })
    const events = await Promise.all(read)
    expect(await get(`${url}/v1/dead-letters`)).toMatchObject({ items: [] })
    expect(around.posts).toHaveLength(12)
    return events
  }

  it('publishes each event once when the broker did not have it, and the same one again when it had', async () => {
    const [before, after] = await Promise.all([eventsAround('before', 1), eventsAround('after', 2)])
    for (const events of before) {
      expect(events.map(({ data }) => data.entity_id)).toEqual(['c-1', 'c-2'])
    }
    for (const [one, again, next] of after) {
      expect(again).toEqual(one)
      expect([one?.data.entity_id, next?.data.entity_id]).toEqual(['c-1', 'c-2'])
    }
  })
})
