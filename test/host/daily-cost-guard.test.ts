import { expect, it, onTestFinished } from 'vitest'
import { batchActor } from '../../src/batch/batch.actor.ts'
import type { BatchProgress } from '../../src/batch/progress.ts'
import { batchInput } from '../../src/batch/request.ts'
import { guardDailyCost } from '../../src/host/daily-cost-guard.ts'
import { createQuire } from '../../src/quire.ts'
import { silentLogger, systemClock } from '../../src/runtime/system.ts'
import { freshDatabase } from '../ports/adapters.ts'

const dayMs = 24 * 3_600_000

/** Two batches on Postgres: each answer of the first cost 0.10 USD; the second is asked and unanswered. */
async function spending() {
  const quire = await createQuire({
    database: await freshDatabase(),
    partitions: 4,
    actors: {
      batch: batchActor({
        judge: {
          concurrency: 10,
          async submit({ essayA, essayB, batchId }, { answer }) {
            if (batchId === 'dear') {
              const winner = essayA.id < essayB.id ? 'Essay A' : 'Essay B'
              await answer?.({
                winner,
                justification: 'x',
                confidence: 4,
                provider: 'mock',
                model: 'm',
                response_time_ms: 1,
                cost_estimate: 0.1,
              })
            }
          },
        },
        content: { fetch: async (storageId) => `text ${storageId}` },
      }),
    },
  })
  onTestFinished(() => quire.stop())
  await quire.start()
  const essays = ['a', 'b', 'c', 'd'].map((id) => ({ id, storageId: id }))
  for (const batchId of ['dear', 'waits']) {
    await quire.create(`batch/${batchId}`, batchInput({ batchId, userId: 'u', essays }), { id: 'create' })
  }
  await quire.waitFor('batch/dear', { tag: 'done' })
  await quire.waitFor('batch/waits', { state: 'WAITING_CALLBACKS' })
  return quire
}

it('pauses running batches when the day has cost what it may, lets an operator go on, and resumes what is left the next day', async () => {
  const quire = await spending()
  const guard = new AbortController()
  let ahead = 0
  const clock = { now: () => systemClock.now() + ahead, schedule: systemClock.schedule }
  const parts = { quire, clock, log: silentLogger, partitions: 4, capUsd: 0.6, everyMs: 5 }
  const guarding = guardDailyCost(parts, guard.signal)
  onTestFinished(async () => {
    guard.abort()
    await guarding
  })
  const pausedAs = async (paused: boolean): Promise<BatchProgress> => {
    for await (const _ of quire.watch('batch/waits', { after: [] })) {
      const progress = (await quire.inspect('batch/waits')).progress as BatchProgress
      if (progress.paused === paused) {
        return progress
      }
    }
    throw new Error('the watch ended')
  }
  expect((await pausedAs(true)).pausedBy).toMatchObject({
    by: 'daily cost guard',
    reason: expect.stringMatching(/have cost 0\.6000 USD \(QUIRE_MAX_DAILY_COST_USD is 0\.6\); it goes on at 00:00 UTC/),
  })
  ahead = dayMs
  await pausedAs(false)
  const acts = (await quire.journal('batch/waits')).map(({ event }) => event as { readonly type?: string; readonly by?: string })
  expect(acts.filter(({ by }) => by === 'daily cost guard').map(({ type }) => type)).toEqual(['PAUSE', 'RESUME'])
})

it('pauses a batch once a day: one that an operator resumes goes on', async () => {
  const quire = await spending()
  const looks: number[] = []
  const counted = { ...quire, total: (...asked: Parameters<typeof quire.total>) => (looks.push(1), quire.total(...asked)) }
  const guard = new AbortController()
  const guarding = guardDailyCost(
    { quire: counted, clock: systemClock, log: silentLogger, partitions: 4, capUsd: 0.6, everyMs: 5 },
    guard.signal,
  )
  const isPaused = async () => ((await quire.inspect('batch/waits')).progress as BatchProgress).paused
  for await (const { event } of quire.watch('batch/waits', { after: [] })) {
    if ((event as { readonly type?: string }).type === 'PAUSE') {
      break
    }
  }
  expect(await isPaused()).toBe(true)
  await quire.ask('batch/waits', { type: 'RESUME' }, { id: 'operator' })
  const seen = looks.length
  while (looks.length < seen + 5) {
    await quire.inspect('batch/waits')
  }
  await quire.whenProcessed(await quire.send('batch/waits', { type: 'NOTHING' }, { id: 'last' }))
  expect(await isPaused()).toBe(false)
  guard.abort()
  await guarding
})
