import { Counter, Gauge, type Registry } from 'prom-client'
import type { Quire } from '../../quire.ts'
import type { Counters, Status } from '../../runtime/status.ts'
import type { Clock } from '../../runtime/ports.ts'
import { atMost } from '../../runtime/time-limit.ts'
import type { Health } from '../health.ts'

/** What the gauges read. */
export interface MetricsSource {
  readonly quire: Pick<Quire, 'status' | 'activeStates' | 'standing'>
  readonly health: Pick<Health, 'stuck'>
  readonly clock: Clock
}

/** A scrape waits so long for the database, ms: less than any scrape's own limit. */
const patienceMs = 2_000

/** States a batch may be in before its end: each is shown, also with 0. */
const activeStates = ['INITIALIZING', 'GENERATING_PAIRS', 'WAITING_CALLBACKS', 'SCORING'] as const

/** What the runtime shows of itself, read when Prometheus asks. */
export function registerRuntimeMetrics(registry: Registry, source: MetricsSource): void {
  const status = (): Status => source.quire.status.getSnapshot().context
  const registers = [registry]
  const gauge = (name: string, help: string, read: (now: Status) => number): void => {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read(status()))
      },
    })
  }
  gauge('quire_database_up', '1 while the database answers.', ({ database }) => Number(database.state === 'up'))
  gauge('quire_broker_up', '1 while the broker answers, or none is configured.', ({ broker }) =>
    Number(broker === null || broker.state === 'up'),
  )
  gauge('quire_partitions_owned', 'Mailbox partitions this process steps.', ({ partitions }) => partitions.length)
  gauge('quire_partitions_halted', 'Partitions that stand still until a person acts.', ({ halted }) => halted.length)
  gauge('quire_standby', '1 while another process owns the partitions.', ({ phase }) => Number(phase === 'standby'))
  gauge('quire_halted', '1 when the loop stands still for good.', ({ phase }) => Number(phase === 'halted'))
  gauge(
    'quire_inbound_lag_seconds',
    'Age of the oldest unread record outside; NaN while it is unknown, 0 without topics.',
    ({ inbound }) => (inbound === null ? 0 : inbound.lagMs === null ? Number.NaN : inbound.lagMs / 1_000),
  )
  registerCounters(registry, () => status().counters)
  registerMonitor(registry, status)
  registerBatchGauges(registry, source)
}

function registerCounters(registry: Registry, read: () => Counters): void {
  new Counter({
    name: 'quire_runtime_events_total',
    help: 'What the runtime counts since the start of the process, by kind.',
    labelNames: ['kind'],
    registers: [registry],
    collect() {
      this.reset()
      for (const [kind, value] of Object.entries(read())) {
        this.inc({ kind }, value)
      }
    },
  })
}

function registerMonitor(registry: Registry, status: () => Status): void {
  const counter = (name: string, help: string, read: (monitor: Status['monitor']) => number): void => {
    new Counter({
      name,
      help,
      registers: [registry],
      collect() {
        this.reset()
        this.inc(read(status().monitor))
      },
    })
  }
  counter('quire_monitor_rounds_total', 'Rounds of the monitor.', ({ rounds }) => rounds)
  counter('quire_monitor_recoveries_total', 'Actors the monitor had to wake; in health 0.', ({ recovered }) => recovered)
}

function registerBatchGauges(registry: Registry, source: MetricsSource): void {
  new Gauge({
    name: 'cj_batch_state',
    help: 'Batches that go on, by state, as the database has them; absent while it is away.',
    labelNames: ['state'],
    registers: [registry],
    async collect() {
      this.reset()
      const counts = await asked(source, () => source.quire.activeStates('batch'))
      const shown = counts === undefined ? {} : { ...Object.fromEntries(activeStates.map((state) => [state, 0])), ...counts }
      for (const [state, count] of Object.entries(shown)) {
        this.set({ state }, count)
      }
    },
  })
  new Gauge({
    name: 'quire_actors_standing_still',
    help: 'Active actors that wait for a person: parked, or written by a newer version; absent while the database is away.',
    labelNames: ['why'],
    registers: [registry],
    async collect() {
      this.reset()
      for (const [why, count] of Object.entries((await asked(source, () => source.quire.standing())) ?? {})) {
        this.set({ why }, count)
      }
    },
  })
  new Gauge({
    name: 'cj_stuck_batches_detected',
    help: 'Batches without a next cause; in health 0.',
    registers: [registry],
    async collect() {
      this.set((await source.health.stuck()).total)
    },
  })
}

/** What the database answers; undefined without an answer in time: one question must not cost the other numbers. */
async function asked<T>({ quire, clock }: MetricsSource, question: () => Promise<T>): Promise<T | undefined> {
  if (quire.status.getSnapshot().context.database.state !== 'up') {
    return undefined
  }
  return await atMost(clock, patienceMs, question(), () => undefined).catch(() => undefined)
}
