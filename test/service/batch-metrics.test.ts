import { Registry } from 'prom-client'
import { expect, it } from 'vitest'
import { createMetrics, type Metrics } from '../../src/host/metrics/metrics.ts'
import { countTransition, type Track } from '../../src/host/metrics/count-transition.ts'
import type { Json } from '../../src/runtime/define-actor.ts'
import { createStatus } from '../../src/runtime/status.ts'
import type { Transition } from '../../src/runtime/watch.ts'
import { SimulatedClock } from '../../src/testing/simulated-clock.ts'

function metrics(registry?: Registry): Metrics {
  const quire = { status: createStatus(), activeStates: async () => ({}), standing: async () => ({ parked: 0, newer: 0 }) }
  return createMetrics({ quire, health: { stuck: async () => ({ total: 0, long: 0 }) }, clock: new SimulatedClock() }, registry)
}

const track = (): Track => ({ bornAt: 0, mode: 'per_request', lastVerdictAt: undefined, waves: 0, pool: 0 })

/** A committed verdict of a model. */
function verdict(model: string, more: Readonly<Record<string, Json>> = {}, ...notes: Json[]): Transition {
  const event: Json = { type: 'VERDICT', winner: 'a', attempt: 1, errorCode: null, details: { provider: 'mock', model }, ...more }
  const place = { address: 'batch/1', seq: 1, kind: 'event' as const, messageId: 'm', at: 1_000, state: 'WAITING_CALLBACKS' }
  return { ...place, event, transitions: [], notes, ignored: null, position: { partition: 0, entry: 1 } }
}

it('of one service tell its models apart, however many another service of the process has seen', async () => {
  const [first, second] = [metrics(new Registry()), metrics(new Registry())]
  for (let number = 0; number < 60; number += 1) {
    countTransition(verdict(`model-${number}`), track(), first.batches)
  }
  countTransition(verdict('new-model'), track(), second.batches)
  expect(await second.registry.metrics()).toContain('model="new-model"')
  expect(await first.registry.metrics()).toMatch(/model="other",status="success"} 10$/m)
})

it('of the process are observed once, however many services it has had', async () => {
  const [first, second] = [metrics().registry, metrics().registry]
  const name = 'nodejs_gc_duration_seconds'
  expect(first.getSingleMetric(name)).toBe(second.getSingleMetric(name))
  expect(first.getSingleMetric('quire_standby')).not.toBe(second.getSingleMetric('quire_standby'))
  expect(await second.metrics()).toMatch(/^nodejs_eventloop_lag_p99_seconds /m)
})

it('of the pool of failed comparisons are the sum over batches, by what may be retried, until it was retried', async () => {
  const { batches, registry } = metrics(new Registry())
  const [one, other] = [track(), track()]
  const failed = (errorCode: string, ...notes: Json[]) => verdict('m', { winner: null, errorCode }, ...notes)
  const size = async () => /^cj_failed_pool_size (\d+)$/m.exec(await registry.metrics())?.[1]
  countTransition(failed('TIMEOUT'), one, batches)
  countTransition(failed('INVALID_REQUEST'), one, batches)
  countTransition(failed('RATE_LIMIT'), other, batches)
  expect(await size()).toBe('2')
  const decision = { action: 'retry', retry: [4, 7], numbers: { retryable: 2, waves: 1, workCap: 0, settled: 0, stability: null } }
  countTransition(failed('TIMEOUT', { decision }), one, batches)
  expect(await size()).toBe('1')
})
