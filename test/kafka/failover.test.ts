import { expect, it, onTestFinished } from 'vitest'
import { createKafkajsClient } from '../../src/kafka/kafkajs-client.ts'
import { kafkaSettings } from '../../src/kafka/options.ts'
import { silentLogger, systemClock } from '../../src/runtime/system.ts'
import { kafkaClient } from '../support/kafka/client.ts'
import { describeWithOwnKafka } from '../support/kafka/describe-with-kafka.ts'
import { startKafka } from '../support/kafka/start-kafka.ts'

describeWithOwnKafka('a broker of three that dies', () => {
  it('takes no record with it whose sending was acknowledged, though another leads its partition now', async () => {
    const kafka = await startKafka({ nodes: 3 })
    onTestFinished(() => kafka.stopAll())
    const settings = kafkaSettings({ brokers: kafka.brokers })
    const client = createKafkajsClient(settings, 'test', { clock: systemClock, logger: silentLogger })
    onTestFinished(() => client.close())
    await client.ensureTopics([{ topic: 'log', partitions: 3, replication: 3 }])
    const send = (value: string) =>
      client.send([0, 1, 2].map((partition) => ({ topic: 'log', partition, key: 'k', value: `${value} ${partition}` })))
    await send('before')

    await kafka.kill(2)
    await everyPartitionLed(kafka.brokers, 2)
    // The sender does not know yet: it asks the old leader, which is there again and refuses, while others have acknowledged.
    await kafka.start(2)
    while (!(await send('after').then(Boolean, () => false))) {}
    const ends = await client.ends('log')
    expect(ends.map(({ high }) => high >= 2)).toEqual([true, true, true])
  }, 240_000)
})

/** Resolves when no partition is led by that node any more. */
async function everyPartitionLed(brokers: readonly string[], except: number): Promise<void> {
  const admin = kafkaClient(brokers).admin()
  await admin.connect()
  for (;;) {
    const { topics } = await admin.fetchTopicMetadata({ topics: ['log'] })
    if (topics[0]?.partitions.every(({ leader }) => leader > 0 && leader !== except)) {
      break
    }
  }
  await admin.disconnect()
}
