import { expect, it } from 'vitest'
import type { KafkaClient } from '../../src/kafka/client.ts'
import { KafkaInbound } from '../../src/kafka/inbound.ts'
import { silentLogger } from '../../src/runtime/system.ts'
import { MemoryKafka } from '../../src/testing/memory-kafka.ts'
import { SimulatedClock } from '../../src/testing/simulated-clock.ts'

/** A client whose member's first commit is acknowledged and then overtaken by an older one, of a process that had stood still. */
function overtaken(client: KafkaClient): KafkaClient {
  let commits = 0
  return {
    ...client,
    consumer(options) {
      const member = client.consumer(options)
      return {
        ended: member.ended,
        start: () => member.start(),
        seek: member.seek.bind(member),
        pause: member.pause.bind(member),
        resume: member.resume.bind(member),
        stop: () => member.stop(),
        async commit(offsets) {
          commits += 1
          await (commits === 1 ? undefined : member.commit(offsets))
        },
      }
    },
  }
}

it('gives every offset back anew each minute: one that an older one has overtaken does not stay behind', async () => {
  const clock = new SimulatedClock()
  const kafka = new MemoryKafka({ clock })
  kafka.append({ topic: 'requests', key: '', value: 'one' })
  const inbound = new KafkaInbound({
    client: overtaken(kafka.client('node')),
    groupId: 'group',
    topicPrefix: '',
    clock,
    logger: silentLogger,
    onLost: () => undefined,
  })
  let taken = 0
  inbound.start(['requests'], async (records) => void (taken += records.length))
  await clock.advance(10_000)
  expect([taken, kafka.unread('group', 'requests')]).toEqual([1, 1])
  await clock.advance(60_000)
  expect([taken, kafka.unread('group', 'requests')]).toEqual([1, 0])
  const stopped = inbound.stop()
  await clock.advance(2_000)
  await stopped
})
