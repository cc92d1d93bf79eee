import pg from 'pg'
import { expect, it } from 'vitest'
import { mailboxTopic } from '../../src/kafka/client-ports.ts'
import { partitionOf } from '../../src/runtime/message.ts'
import { createQuire, type Quire } from '../../src/quire.ts'
import type { HaltedPartition } from '../../src/runtime/owned-partitions.ts'
import { freshDatabase } from '../ports/adapters.ts'
import { kafkaClient } from '../support/kafka/client.ts'
import { describeWithKafka } from '../support/kafka/describe-with-kafka.ts'
import { madeTopics, withAdmin } from '../support/kafka/with-admin.ts'
import { lamp } from '../support/machines/lamp.ts'

/** Rules 12: the position is the database's, so a log that is no longer the one it was made on must be told from it. */
describeWithKafka('a log that contradicts the database', (kafka) => {
  const partitions = 2
  const addressOn = (partition: number): string => {
    for (let number = 0; ; number++) {
      if (partitionOf(`lamp/${number}`, partitions) === partition) {
        return `lamp/${number}`
      }
    }
  }
  const [damaged, sound] = [addressOn(0), addressOn(1)]

  interface Place {
    readonly name: string
    readonly database: string
    readonly topic: string
  }
  const newPlace = async (name: string): Promise<Place> => {
    return { name, database: await freshDatabase(), topic: `${kafka.topicPrefix}${name}.${mailboxTopic}` }
  }

  const running = async ({ name, database }: Place): Promise<Quire> => {
    const options = { brokers: kafka.brokers, topicPrefix: `${kafka.topicPrefix}${name}.`, groupId: `${kafka.groupPrefix}${name}` }
    const quire = await createQuire({ database, kafka: options, partitions, actors: { lamp } })
    await quire.start()
    return quire
  }

  /** Both lamps born and pressed four times: partition 0 stands at offset 5. */
  const lived = async (place: Place): Promise<void> => {
    const quire = await running(place)
    for (const address of [damaged, sound]) {
      await quire.create(address, { litForMs: 600_000 }, { id: 'create', timeoutMs: 30_000 })
      for (const id of ['p1', 'p2', 'p3', 'p4']) {
        await quire.ask(address, { type: 'PRESS' }, { id, timeoutMs: 30_000 })
      }
    }
    await quire.stop()
  }

  /** Messages as Quire appends them, while no Quire runs. */
  const appended = async ({ topic }: Place, ids: readonly string[]): Promise<void> => {
    const producer = kafkaClient(kafka.brokers).producer()
    await producer.connect()
    const messages = ids.map((id) => ({ partition: 0, key: damaged, value: '{"type":"PRESS"}', headers: { id, kind: 'event' } }))
    await producer.send({ topic, messages })
    await producer.disconnect()
  }

  const made = ({ topic }: Place): Promise<void> => madeTopics(kafka.brokers, [{ topic, partitions }])
  /** Resolves when the broker knows it no more: for a moment it still lists what its controller has deleted. */
  const deleted = ({ topic }: Place): Promise<void> =>
    withAdmin(kafka.brokers, async (admin) => {
      await admin.deleteTopics({ topics: [topic] })
      await expect.poll(() => admin.listTopics()).not.toContain(topic)
    })
  /** As retention does it: partition 0 begins at this offset. */
  const truncated = ({ topic }: Place, offset: number): Promise<void> =>
    withAdmin(kafka.brokers, async (admin) => {
      // Loads the topic's metadata, without which kafkajs knows no leader to ask.
      await admin.fetchTopicOffsets(topic)
      await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: String(offset) }] })
    })

  /** What the status shows of partition 0, once it stands still. */
  const halted = (quire: Quire): Promise<HaltedPartition> =>
    new Promise((resolve) => {
      const look = (): void => {
        const found = quire.status.getSnapshot().context.halted.find(({ partition }) => partition === 0)
        if (found !== undefined) {
          resolve(found)
        }
      }
      quire.status.subscribe(look)
      look()
    })

  /** What the operator does who has seen what was lost. */
  const movedTo = async ({ database }: Place, offset: number): Promise<void> => {
    const client = new pg.Client({ connectionString: database })
    await client.connect()
    await client.query('update quire.partitions set next_offset = $1, last_record = null where id = 0', [offset])
    await client.end()
  }

  const press = (quire: Quire, address: string, id: string) => quire.ask(address, { type: 'PRESS' }, { id, timeoutMs: 30_000 })

  it('was truncated: the partition halts with both numbers, the other goes on, and it goes on itself once it was moved', async () => {
    const place = await newPlace('truncated')
    await lived(place)
    await appended(place, ['lost 1', 'lost 2', 'lost 3', 'kept'])
    await truncated(place, 8)
    const quire = await running(place)
    const fault = await halted(quire)
    expect(fault.code).toBe('log-truncated')
    expect(fault.message).toMatch(/partition 0 .*begins at offset 8.*handled it up to 5: 3 offsets are gone.*accept-gap/)
    expect(await press(quire, sound, 'beside')).toMatchObject({ seq: 6 })
    expect(quire.status.getSnapshot().context.halted).toHaveLength(1)
    await movedTo(place, 8)
    expect(await press(quire, damaged, 'after')).toMatchObject({ seq: 7 })
    expect((await quire.journal(damaged)).map(({ messageId }) => messageId)).toEqual(['create', 'p1', 'p2', 'p3', 'p4', 'kept', 'after'])
    // It is taken for mended once the log is known to be read to its end, not at its first message.
    await expect.poll(() => quire.status.getSnapshot().context.halted).toEqual([])
    await quire.stop()
  })

  it('ends below the position: the topic was made anew, and it goes on from its beginning once it was moved', async () => {
    const place = await newPlace('shorter')
    await lived(place)
    await deleted(place)
    await made(place)
    await appended(place, ['first of the new'])
    const quire = await running(place)
    const fault = await halted(quire)
    expect(fault.code).toBe('log-replaced')
    expect(fault.message).toMatch(/ends at offset 1, the database has handled it up to 5/)
    await movedTo(place, 0)
    expect(await press(quire, damaged, 'after')).toMatchObject({ seq: 7 })
    await quire.stop()
  })

  it('was made anew and has grown past the position: the record before it tells', async () => {
    const place = await newPlace('grown')
    await lived(place)
    await deleted(place)
    await made(place)
    await appended(place, ['n0', 'n1', 'n2', 'n3', 'n4', 'n5', 'n6'])
    const quire = await running(place)
    const fault = await halted(quire)
    expect(fault.code).toBe('log-replaced')
    expect(fault.message).toMatch(/offset 4 holds 'n4', the database handled 'p4' there/)
    await movedTo(place, 0)
    expect(await press(quire, damaged, 'after')).toMatchObject({ seq: 13 })
    await quire.stop()
  })

  it('is no other log for having been truncated up to the position', async () => {
    const place = await newPlace('trimmed')
    await lived(place)
    await truncated(place, 5)
    const quire = await running(place)
    expect(await press(quire, damaged, 'next')).toMatchObject({ seq: 6 })
    expect(quire.status.getSnapshot().context.halted).toEqual([])
    await quire.stop()
  })
})
