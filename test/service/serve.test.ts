import { once } from 'node:events'
import { createServer } from 'node:http'
import { request } from 'undici'
import { describe, expect, it, onTestFinished } from 'vitest'
import { exitCodes } from '../../src/host/exit-codes.ts'
import { freshDatabase } from '../ports/adapters.ts'
import { portOf } from '../support/free-port.ts'
import { describeWithKafka } from '../support/kafka/describe-with-kafka.ts'
import { kafkaClient } from '../support/kafka/client.ts'
import { requestEnvelope } from '../support/kafka/platform.ts'
import { consume, createTopic, produce } from '../support/kafka/records.ts'
import { callbackOf, get, platform, post, served, spawned } from '../support/served-quire.ts'
import { topics } from '../../src/batch/wire/topics.ts'

describe('quire serve', () => {
  it('ranks a batch it is asked for over HTTP, and logs the ids of the batch but no text', async () => {
    let target = ''
    const around = await platform((asked) => post(`${target}/v1/callbacks`, callbackOf(asked)))
    const { url, log, child } = await served({
      QUIRE_DATABASE_URL: await freshDatabase(),
      QUIRE_CONTENT_SERVICE_URL: `${around.url}/content`,
      QUIRE_LLM_PROVIDER_SERVICE_URL: around.url,
    })
    target = url
    await expect.poll(() => request(`${url}/healthz/ready`).then(({ statusCode }) => statusCode), { timeout: 20_000 }).toBe(200)
    expect(await post(`${url}/v1/batches`, requestEnvelope('v-1', 4))).toBe(202)
    await expect.poll(async () => (await get(`${url}/v1/batches/v-1`))['state'], { timeout: 20_000 }).toBe('COMPLETED')
    expect(await get(`${url}/v1/batches/v-1/result`)).toMatchObject({
      status: 'COMPLETE_STABLE',
      scores: { ranking: [{ id: 'e0' }, {}, {}, {}] },
    })
    expect(new Set(around.posts.map((asked) => asked['correlation_id'])).size).toBe(6)
    await expect.poll(() => log.find(({ msg }) => msg === 'a batch ended')).toMatchObject({ bos_batch_id: 'v-1', trigger: 'callback' })
    expect(JSON.stringify(log)).not.toContain('text of')
    // Its output may be read on after its exit.
    const ended = once(child, 'close')
    child.kill('SIGTERM')
    expect(await ended).toEqual([0, null])
    expect(log.at(-1)).toMatchObject({ msg: 'quire has stopped' })
  })

  it('names every setting that cannot be used, and ends', async () => {
    const child = spawned({ QUIRE_HTTP_PORT: 'x', QUIRE_HTTP_HOST: '0.0.0.0', QUIRE_MAX_ESSAYS: '0' })
    let complaint = ''
    child.stderr?.on('data', (chunk: Buffer) => {
      complaint += chunk.toString()
    })
    expect(await once(child, 'close')).toEqual([exitCodes.badInput, null])
    expect(complaint).toContain("QUIRE_HTTP_PORT is 'x'")
    expect(complaint).toContain("QUIRE_MAX_ESSAYS is '0'")
    expect(complaint).toContain('QUIRE_API_TOKEN is not set')
    expect(complaint).toContain('QUIRE_CONTENT_SERVICE_URL is not set')
    expect(complaint).toContain('QUIRE_DATABASE_URL is not set')
  })

  it('ends at once at the second signal, also while a task is under way', async () => {
    const around = await platform(async () => undefined)
    const { child, url } = await served({
      QUIRE_DATABASE_URL: await freshDatabase(),
      QUIRE_CONTENT_SERVICE_URL: `${around.url}/content`,
      QUIRE_LLM_PROVIDER_SERVICE_URL: await silentServer(),
      QUIRE_SHUTDOWN_SECONDS: '600',
    })
    await expect.poll(() => request(`${url}/healthz/ready`).then(({ statusCode }) => statusCode), { timeout: 20_000 }).toBe(200)
    await post(`${url}/v1/batches`, requestEnvelope('v-2', 4))
    await expect.poll(async () => (await get(`${url}/v1/batches/v-2`))['state'], { timeout: 20_000 }).toBe('WAITING_CALLBACKS')
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    await expect
      .poll(() =>
        request(`${url}/healthz/live`).then(
          () => 'answers',
          () => 'closed',
        ),
      )
      .toBe('closed')
    child.kill('SIGTERM')
    expect(await ended).toEqual([exitCodes.failed, null])
  })
})

/** Accepts connections and never answers. */
async function silentServer(): Promise<string> {
  const server = createServer(() => undefined)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${portOf(server)}`
}

describeWithKafka('quire serve on Kafka', (kafka) => {
  it('ranks a batch of the request topic, and its result goes out on the topics of the platform', async () => {
    const prefix = kafka.topicPrefix
    const client = kafkaClient(kafka.brokers)
    await createTopic(client, `${prefix}${topics.completed}`)
    const around = await platform((asked) => produce(client, String(asked['callback_topic']), [JSON.stringify(callbackOf(asked))]))
    const { url } = await served({
      QUIRE_DATABASE_URL: await freshDatabase(),
      QUIRE_KAFKA_BROKERS: kafka.brokers.join(','),
      QUIRE_KAFKA_GROUP_ID: `${kafka.groupPrefix}serve`,
      QUIRE_TOPIC_PREFIX: prefix,
      QUIRE_CONTENT_SERVICE_URL: `${around.url}/content`,
      QUIRE_LLM_PROVIDER_SERVICE_URL: around.url,
    })
    await expect.poll(() => request(`${url}/healthz/ready`).then(({ statusCode }) => statusCode), { timeout: 60_000 }).toBe(200)
    await produce(client, `${prefix}${topics.request}`, [JSON.stringify(requestEnvelope('k-1', 4))])
    const [completed = ''] = await consume(client, `${prefix}${topics.completed}`, `${kafka.groupPrefix}reader`, 1)
    expect(JSON.parse(completed)).toMatchObject({ data: { entity_id: 'k-1', status: 'completed_successfully' } })
    await expect.poll(async () => (await get(`${url}/v1/batches/k-1`))['state'], { timeout: 20_000 }).toBe('COMPLETED')
    expect(await get(`${url}/healthz`)).toMatchObject({ dependencies: { broker: { state: 'up' } } })
    expect(await get(`${url}/v1/batches/k-1`)).toMatchObject({ state: 'COMPLETED', end: { trigger: 'callback' } })
  })
})
