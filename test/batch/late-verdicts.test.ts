import { describe, expect, it } from 'vitest'
import { batchActor } from '../../src/batch/batch.actor.ts'
import type { ComparisonRequest } from '../../src/batch/judge.ts'
import { batchAddress, batchInput } from '../../src/batch/request.ts'
import { verdictOf } from '../../src/batch/verdict.ts'
import { mailboxTopic } from '../../src/kafka/client-ports.ts'
import { recordOfMessage } from '../../src/kafka/mailbox-record.ts'
import { type Message, partitionOf } from '../../src/runtime/message.ts'
import { createMemoryMailbox } from '../../src/testing/memory-mailbox.ts'
import { createScenario, type Scenario } from '../../src/testing/scenario.ts'
import { callbackRecord, requestRecord } from '../support/outside-records.ts'
import { good } from '../support/batch-scenario.ts'

const partitions = 4
const settings = { comparisonDeadlineSeconds: 20, batchTimeoutSeconds: 60 }
const address = batchAddress('b')

/** A batch of four, on a Kafka in memory or a table, all six comparisons asked, none answered. */
async function askedBatch({ kafka }: { readonly kafka: boolean }) {
  const asked: ComparisonRequest[] = []
  const batch = batchActor({
    settings,
    judge: { concurrency: 100, submit: async (comparison) => void asked.push(comparison) },
    content: { fetch: async (storageId) => `text ${storageId}` },
  })
  const scenario = await createScenario({ actors: { batch }, kafka, partitions })
  await scenario.advance(5_000)
  if (kafka) {
    scenario.kafka.append(requestRecord('b', 4))
  } else {
    const essays = Array.from({ length: 4 }, (_, index) => ({ id: `e${index}`, storageId: `t${index}` }))
    await scenario.runtime().create(address, batchInput({ batchId: 'b', userId: 'u', essays }, settings), { id: 'create' })
  }
  await scenario.advance(2_000)
  expect(asked).toHaveLength(6)
  return { scenario, asked }
}

function messageOf(comparison: ComparisonRequest): Message {
  const decoded = verdictOf({ ...good(comparison), correlation_id: comparison.id })
  if ('problem' in decoded) {
    throw new Error(decoded.problem)
  }
  return { id: `${comparison.id}/verdict`, address, kind: 'event', body: JSON.stringify(decoded.event) }
}

/** Where the verdicts wait while nobody owns the batch. */
const places = {
  'in the mailbox': (comparison: ComparisonRequest, { kafka }: Scenario) =>
    kafka.append(recordOfMessage(mailboxTopic, partitionOf(address, partitions), messageOf(comparison))),
  'in the callback topic': (comparison: ComparisonRequest, { kafka }: Scenario) =>
    kafka.append(callbackRecord(comparison.id, { ...good(comparison), response_time_ms: 1 }, 0)),
}

describe('an owner that is away for longer than deadline and recovery', () => {
  it.each(Object.entries(places))('finds the verdicts that waited %s: the same outcome, and no extra post', async (_, leave) => {
    const { scenario, asked } = await askedBatch({ kafka: true })
    await scenario.stop()
    for (const comparison of asked) {
      leave(comparison, scenario)
    }
    await scenario.advance(600_000)
    await scenario.restart()
    await scenario.advance(60_000)
    expect(scenario.database.actors.get(address)).toMatchObject({ state: 'COMPLETED' })
    expect(JSON.parse(scenario.database.actors.get(address)?.progress ?? '{}')).toMatchObject({
      status: 'COMPLETE_STABLE',
      counters: { submitted: 6, completed: 6, failed: 0 },
      end: { trigger: 'callback', code: 'stable_no_cycle' },
    })
    expect(asked).toHaveLength(6)
    expect(scenario.published).toHaveLength(3)
  })

  it('finds the verdicts that waited in the mailbox table: the same outcome, and no extra post', async () => {
    const { asked, scenario } = await askedBatch({ kafka: false })
    await scenario.stop()
    await createMemoryMailbox(scenario.database, scenario.clock).append(asked.map(messageOf))
    await scenario.advance(600_000)
    await scenario.restart()
    await scenario.advance(60_000)
    expect(scenario.database.actors.get(address)).toMatchObject({ state: 'COMPLETED' })
    expect(asked).toHaveLength(6)
  })

  it('posts again what nobody answered meanwhile', async () => {
    const { asked, scenario } = await askedBatch({ kafka: true })
    await scenario.stop()
    await scenario.advance(30_000)
    await scenario.restart()
    await scenario.advance(30_000)
    expect(asked.length).toBeGreaterThan(6)
  })
})
