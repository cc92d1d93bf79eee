import { type Alarms, createAlarms } from './alarms.ts'
import { Changes } from './changes.ts'
import { messageOf } from './errors.ts'
import { monitorRound } from './monitor.ts'
import type { RuntimeOptions } from './options.ts'
import { createOutside, type Outside } from './outside.ts'
import { OutboxRelay } from './outbox-relay.ts'
import { OwnedPartitions } from './owned-partitions.ts'
import { Processor } from './processor.ts'
import { Queries } from './queries.ts'
import type { Registry } from './registry.ts'
import { Requests } from './requests.ts'
import { retentionTerms } from './retention.ts'
import type { RuntimePorts } from './runtime-api.ts'
import { SnapshotCache } from './snapshot-cache.ts'
import { Standstill } from './standstill.ts'
import { type Counters, createStatus } from './status.ts'
import { createSupervisor, type Supervisor } from './supervisor.ts'
import { TaskRunner } from './tasks.ts'
import { tellDeadLetters } from './tell-dead-letters.ts'
import { type TenantRows, tenantRows } from './tenant-rows.ts'
import { atMost, timeLimit } from './time-limit.ts'
import { TimerQueue } from './timers.ts'
import { noTracing } from './tracing.ts'

/** The last turn of a process that stops may take so long, ms. */
const lastTurnMs = 1_000

/** The parts of a runtime, put together on its ports; starts them, and stops them in reverse. */
export class DurableRuntime {
  readonly status = createStatus()
  readonly requests: Requests
  readonly queries: Queries
  readonly rows: TenantRows
  readonly #ports: RuntimePorts
  readonly #options: RuntimeOptions
  readonly #registry: Registry
  readonly #alarms: Alarms
  readonly #changes: Changes
  readonly #partitions: OwnedPartitions
  readonly #outside: Outside
  readonly #tasks: TaskRunner
  readonly #relay: OutboxRelay
  readonly #standstill: Standstill
  readonly #supervisor: Supervisor
  readonly #processor: Processor
  #opened = false
  #unsubscribe: (() => void)[] = []
  #loop: Promise<void> = Promise.resolve()
  #stopped: Promise<void> | undefined

  constructor(registry: Registry, ports: RuntimePorts, options: RuntimeOptions) {
    this.#ports = ports
    this.#options = options
    this.#registry = registry
    this.#alarms = createAlarms(this.status, ports.logger)
    this.#changes = new Changes(ports.clock)
    this.#partitions = new OwnedPartitions({
      ...ports,
      owner: options.owner,
      onChange: (ids) => {
        this.#supervisor.owning(ids)
        this.#relay.wake()
      },
      onHalt: (halted) => this.status.trigger.changed({ change: { halted } }),
      onSkew: (skewMs) => this.#alarms.skew(skewMs),
    })
    this.#standstill = new Standstill({ ...ports, isNeeded: () => this.#tasks.isBusy, onResumed: (stoodMs) => this.#resumed(stoodMs) })
    this.#supervisor = this.#createSupervisor()
    const { database: connection, log } = this.#supervisor
    const tracing = ports.tracing ?? noTracing
    const count = (by: Partial<Counters>): void => this.status.trigger.counted({ by })
    const shared = { ...ports, ...options, tracing, connection, log, registry, count, partitions: this.#partitions, changes: this.#changes }
    this.rows = tenantRows(shared)
    this.requests = new Requests({ ...shared, rows: this.rows, partitions: options.partitions })
    this.queries = new Queries({ ...shared, partitions: options.partitions, now: () => this.#partitions.now() })
    this.#outside = createOutside({
      ...shared,
      inbound: ports.inbound,
      connection: log,
      rows: this.rows,
      status: this.status,
      skewMs: () => this.#partitions.skewMs,
    })
    this.#tasks = new TaskRunner({
      ...shared,
      standstill: this.#standstill,
      reach: this.requests.reachOfTasks(),
      wake: () => this.#processor.wake(),
    })
    this.#relay = new OutboxRelay({ ...shared, owned: () => this.#partitions.ids(), pollMs: options.outboxPollMs })
    this.#processor = new Processor({
      ...shared,
      watermark: this.#outside,
      cache: new SnapshotCache(options.cacheActors),
      timers: new TimerQueue(ports.store),
      tasks: this.#tasks,
      onCommitted: (turn) => {
        this.#changes.committed(turn)
        tellDeadLetters(turn.deadLetters, ports.logger)
        this.#relay.committed(turn.outbox)
      },
    })
  }

  #createSupervisor(): Supervisor {
    const { broker, store } = this.#ports
    return createSupervisor({
      ...this.#ports,
      ...this.#options,
      status: this.status,
      database: { open: () => this.#open(), ping: async () => void (await store.ping()) },
      broker:
        broker === undefined
          ? undefined
          : { open: () => broker.open({ partitions: this.#options.partitions, topics: this.#outside.topics }), ping: () => broker.ping() },
      check: () =>
        monitorRound({
          ...this.#ports,
          ...this.#options,
          owned: () => this.#partitions.ids(),
          now: () => this.#partitions.now(),
          terms: retentionTerms(this.#registry, this.#options.retentionMs),
          onRound: (woken) => this.#alarms.round(woken),
        }),
    })
  }

  /** The first contact prepares the schema; later ones only ask whether the database is there. */
  async #open(): Promise<void> {
    if (this.#opened) {
      await this.#ports.store.ping()
      return
    }
    await this.#ports.store.open({ partitions: this.#options.partitions, tables: this.#registry.tables, log: this.#ports.mailbox.log })
    this.#opened = true
    this.#unsubscribe = [
      this.#ports.mailbox.subscribe(() => this.#processor.wakeForMail()),
      this.#ports.store.subscribe(() => {
        if (this.#partitions.ids().length < this.#options.partitions) {
          this.#changes.elsewhere()
        }
      }),
    ]
  }

  #resumed(stoodMs: number): void {
    this.#ports.logger.warn({ stoodMs }, 'this process stood still; what it was doing is leased again')
    this.#processor.resumed()
  }

  async start(): Promise<void> {
    this.requests.started()
    this.#ports.broker?.onLost((error) => this.#supervisor.log.lost(error))
    this.#supervisor.start(this.#partitions, {
      wake: () => {
        this.#processor.wake()
        this.#relay.wake()
      },
      onLog: () => this.#outside.start(),
    })
    this.#relay.start()
    this.#loop = this.#processor.run().catch((error: unknown) => this.#halt(error))
  }

  /** The loop ended by itself: while stopping this is the closed connection; else something no waiting mends. */
  #halt(error: unknown): void {
    if (this.#stopped === undefined) {
      this.#ports.logger.error({ error: messageOf(error) }, 'the loop halted')
      this.status.trigger.changed({ change: { phase: 'halted', alarm: messageOf(error) } })
    }
  }

  stop(drainMs: number): Promise<void> {
    this.#stopped ??= this.#stop(drainMs)
    return this.#stopped
  }

  /**
   * Reverse of the start: nothing is taken from outside any more, running tasks get their time, then the loop ends, the outbox
   * rests, partitions and connections are given back.
   */
  async #stop(drainMs: number): Promise<void> {
    this.status.trigger.changed({ change: { phase: 'stopping' } })
    const limit = timeLimit(this.#ports.clock, drainMs)
    await Promise.race([this.#outside.stop(), limit.passed])
    await this.#drain(drainMs)
    this.#standstill.stop()
    this.#processor.stop()
    // The last turn gives leases back; a database that is away is not waited for.
    await atMost(this.#ports.clock, this.#isUp() ? lastTurnMs : 0, this.#loop, () => undefined)
    this.#tasks.stop()
    await Promise.race([this.#relay.stop(), limit.passed])
    limit.cancel()
    if (this.#isUp()) {
      await this.#partitions
        .release()
        .catch((error: unknown) => this.#ports.logger.warn({ error: messageOf(error) }, 'the partitions could not be released'))
    }
    this.#unsubscribe.forEach((unsubscribe) => unsubscribe())
    this.#changes.stop()
    await this.#supervisor.stop()
    await this.#loop
    await this.#ports.broker?.close()
    await this.#ports.store.close()
    this.status.trigger.changed({ change: { phase: 'stopped' } })
  }

  #isUp(): boolean {
    return this.status.getSnapshot().context.database.state === 'up'
  }

  async #drain(drainMs: number): Promise<void> {
    const deadline = this.#ports.clock.now() + drainMs
    await this.#changes.until(undefined, async () => (this.#tasks.running === 0 ? true : undefined), deadline)
  }
}
