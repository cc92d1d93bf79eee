import { spawn } from 'node:child_process'
import { expect, it } from 'vitest'
import { batchActor } from '../../src/batch/batch.actor.ts'
import { createQuire, type Quire } from '../../src/quire.ts'
import { freshDatabase } from '../ports/adapters.ts'
import { kafkaClient } from '../support/kafka/client.ts'
import { describeWithKafka } from '../support/kafka/describe-with-kafka.ts'
import { lamp } from '../support/machines/lamp.ts'
import { builtCommand } from '../support/built-command.ts'

interface Answer {
  readonly code: number | null
  readonly report: {
    readonly ok: boolean
    readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly detail: string; readonly remedy: string | null }[]
    readonly accepted: readonly object[]
  }
}

const nobody = async (): Promise<never> => {
  throw new Error('no batch is asked for')
}
/** The command looks for the tables of batches, too. */
const actors = { lamp, batch: batchActor({ judge: { submit: nobody }, content: { fetch: nobody } }) }

describeWithKafka('quire doctor', (kafka) => {
  const partitions = 2
  const prefix = () => `${kafka.topicPrefix}doctor.`

  function run(database: string, ...args: string[]): Promise<Answer> {
    const environment = {
      QUIRE_DATABASE_URL: database,
      QUIRE_KAFKA_BROKERS: kafka.brokers.join(),
      QUIRE_TOPIC_PREFIX: prefix(),
      QUIRE_MAILBOX_PARTITIONS: String(partitions),
    }
    const child = spawn(process.execPath, [builtCommand, 'doctor', '--json', ...args], {
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let text = ''
    child.stdout.on('data', (chunk) => {
      text += String(chunk)
    })
    return new Promise((resolve) => {
      child.once('close', (code) => resolve({ code, report: JSON.parse(text.trim().split('\n').at(-1) ?? '{}') as Answer['report'] }))
    })
  }

  async function running(database: string): Promise<Quire> {
    const options = { brokers: kafka.brokers, topicPrefix: prefix(), groupId: `${kafka.groupPrefix}doctor` }
    const quire = await createQuire({ database, kafka: options, partitions, actors })
    await quire.start()
    return quire
  }

  it('finds everything well, names a log that lost records with both numbers, and lets it go on when told so', {
    timeout: 240_000,
  }, async () => {
    const database = await freshDatabase()
    const first = await running(database)
    // Each process makes its topics, or looks for them, first.
    await first.create('lamp/1', { litForMs: 600_000 }, { id: 'create', timeoutMs: 60_000 })
    const position = await first.send('lamp/1', { type: 'PRESS' }, { id: 'press', timeoutMs: 60_000 })
    await first.whenProcessed(position)
    await first.stop()
    expect(await run(database)).toMatchObject({ code: 0, report: { ok: true, accepted: [] } })

    const quire = await running(database)
    const lost = await quire.send('lamp/1', { type: 'PRESS' }, { id: 'lost', timeoutMs: 60_000 })
    await quire.whenProcessed(lost)
    await quire.stop()
    const unread = kafkaClient(kafka.brokers)
    const producer = unread.producer()
    await producer.connect()
    const topic = `${prefix()}quire.mailbox.v1`
    await producer.send({
      topic,
      messages: Array.from({ length: 5 }, () => ({ partition: lost.partition, value: 'gone before it was read' })),
    })
    await producer.disconnect()
    const admin = unread.admin()
    await admin.connect()
    const low = lost.offset + 6
    await admin.fetchTopicOffsets(topic)
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: lost.partition, offset: String(low) }] })
    await admin.disconnect()

    const ill = await run(database)
    expect(ill.code).toBe(10)
    expect(ill.report.checks.filter((check) => !check.ok)).toMatchObject([
      {
        name: `partition ${lost.partition}`,
        detail: expect.stringMatching(new RegExp(`begins at offset ${low}.*up to ${lost.offset + 1}`)) as string,
      },
    ])
    const mended = await run(database, '--accept-gap', String(lost.partition))
    expect(mended).toMatchObject({ code: 0, report: { accepted: [{ partition: lost.partition, from: lost.offset + 1, to: low }] } })
    expect(await run(database)).toMatchObject({ code: 0, report: { ok: true } })

    const again = await running(database)
    expect(await again.ask('lamp/1', { type: 'PRESS' }, { id: 'after', timeoutMs: 60_000 })).toMatchObject({ state: 'on', seq: 4 })
    await again.stop()
  })
})
