import type { ActorState, WaitCondition } from './actor-state.ts'
import { Changes } from './changes.ts'
import { messageOf } from './errors.ts'
import type { Explanation } from './explain.ts'
import type { OutboundEvent } from './local-publisher.ts'
import type { Position } from './message.ts'
import { monitorRound } from './monitor.ts'
import type { RuntimeOptions } from './options.ts'
import { OutboxRelay } from './outbox-relay.ts'
import { OwnedPartitions } from './owned-partitions.ts'
import type { ActorFilter, ActorSummary } from './ports.ts'
import { Processor } from './processor.ts'
import { Queries } from './queries.ts'
import type { Registry } from './registry.ts'
import { Requests } from './requests.ts'
import type { Runtime, RuntimePorts } from './runtime-api.ts'
import { SnapshotCache } from './snapshot-cache.ts'
import { createStatus } from './status.ts'
import { createSupervisor, type Supervisor } from './supervisor.ts'
import { TaskRunner } from './tasks.ts'
import { TimerQueue } from './timers.ts'
import type { Turn } from './turn-rows.ts'
import type { Transition } from './watch.ts'

/** A runtime on its ports: puts the parts together, starts them, and stops them in reverse. */
export class DurableRuntime implements Runtime {
  readonly status = createStatus()
  readonly #ports: RuntimePorts
  readonly #options: RuntimeOptions
  readonly #registry: Registry
  readonly #changes: Changes
  readonly #partitions: OwnedPartitions
  readonly #tasks: TaskRunner
  readonly #relay: OutboxRelay
  readonly #supervisor: Supervisor
  readonly #processor: Processor
  readonly #requests: Requests
  readonly #queries: Queries
  #opened = false
  #unsubscribe: (() => void)[] = []
  #loop: Promise<void> = Promise.resolve()
  #stopped: Promise<void> | undefined

  constructor(registry: Registry, ports: RuntimePorts, options: RuntimeOptions) {
    this.#ports = ports
    this.#options = options
    this.#registry = registry
    this.#changes = new Changes(ports.clock)
    this.#partitions = new OwnedPartitions({ ...ports, owner: options.owner, onChange: (ids) => this.#supervisor.owning(ids) })
    this.#supervisor = this.#createSupervisor()
    const shared = { ...ports, connection: this.#supervisor.connection, registry, partitions: this.#partitions, changes: this.#changes }
    this.#requests = new Requests({ ...shared, partitions: options.partitions, maxMessageBytes: options.maxMessageBytes })
    this.#queries = new Queries({ ...shared, partitions: options.partitions, now: () => this.#partitions.now() })
    this.#tasks = new TaskRunner({ ...shared, reach: this.#requests.reachOfTasks(), wake: () => this.#processor.wake() })
    this.#relay = new OutboxRelay({ ...shared, owned: () => this.#partitions.ids(), pollMs: options.outboxPollMs })
    this.#processor = new Processor({
      ...shared,
      owner: options.owner,
      pollLimit: options.pollLimit,
      passivateAfterMs: options.passivateAfterMs,
      cache: new SnapshotCache(options.cacheActors),
      timers: new TimerQueue(ports.store),
      tasks: this.#tasks,
      onCommitted: (turn) => this.#onCommitted(turn),
      count: (by) => this.status.trigger.counted({ by }),
    })
  }

  #createSupervisor(): Supervisor {
    const { ports, options } = { ports: this.#ports, options: this.#options }
    return createSupervisor({
      ...ports,
      status: this.status,
      monitorIntervalMs: options.monitorIntervalMs,
      open: () => this.#open(),
      check: () =>
        monitorRound({
          ...ports,
          owned: () => this.#partitions.ids(),
          now: () => this.#partitions.now(),
          mailboxRetentionMs: options.mailboxRetentionMs,
          onStuck: (addresses) => this.#noteStuck(addresses),
        }),
    })
  }

  /** The first contact prepares the schema; later ones only ask whether the database is there. */
  async #open(): Promise<void> {
    if (this.#opened) {
      await this.#ports.store.ping()
      return
    }
    await this.#ports.store.open({ partitions: this.#options.partitions, tables: this.#registry.tables })
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

  #onCommitted(turn: Turn): void {
    this.#changes.committed(turn)
    if (turn.outbox.length > 0) {
      this.#relay.wake()
    }
  }

  #noteStuck(addresses: readonly string[]): void {
    const { monitor } = this.status.getSnapshot().context
    this.status.trigger.changed({
      change: { monitor: { rounds: monitor.rounds + 1, recovered: monitor.recovered + addresses.length, lastStuck: addresses } },
    })
  }

  async start(): Promise<void> {
    this.#requests.started()
    this.#supervisor.start(this.#partitions, () => {
      this.#processor.wake()
      this.#relay.wake()
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

  create(address: string, input: object, options: { readonly id: string; readonly timeoutMs?: number }): Promise<Position> {
    return this.#requests.append(address, 'create', input, options)
  }

  send(
    address: string,
    event: { readonly type: string },
    options: { readonly id: string; readonly timeoutMs?: number },
  ): Promise<Position> {
    return this.#requests.append(address, 'event', event, options)
  }

  ask(
    address: string,
    event: { readonly type: string },
    options: { readonly id: string; readonly timeoutMs?: number },
  ): Promise<ActorState> {
    return this.#requests.ask(address, event, options)
  }

  waitFor(address: string, condition: WaitCondition, options: { readonly timeoutMs?: number } = {}): Promise<ActorState> {
    return this.#requests.waitFor(address, condition, options.timeoutMs ?? 60_000)
  }

  inspect(address: string): Promise<Explanation> {
    return this.#queries.inspect(address)
  }

  actors(filter: ActorFilter): Promise<readonly ActorSummary[]> {
    return this.#queries.actors(filter)
  }

  journal(address: string, options: { readonly after?: number; readonly limit?: number } = {}): Promise<readonly Transition[]> {
    return this.#queries.journal(address, options)
  }

  outputs(address: string): Promise<readonly OutboundEvent[]> {
    return this.#queries.outputs(address)
  }

  watch(pattern: string, options: { readonly after?: readonly { readonly partition: number; readonly entry: number }[] } = {}) {
    return this.#queries.watch(pattern, options)
  }

  replay(deadLetterId: string): Promise<Position> {
    return this.#requests.replay(deadLetterId)
  }

  whenProcessed(position: Position, options: { readonly timeoutMs?: number } = {}): Promise<void> {
    return this.#requests.whenProcessed(position, options.timeoutMs ?? 60_000)
  }

  whenIdle(options: { readonly timeoutMs?: number } = {}): Promise<void> {
    return this.#requests.whenIdle(options.timeoutMs ?? 60_000)
  }

  stop(options: { readonly drainMs?: number } = {}): Promise<void> {
    this.#stopped ??= this.#stop(options.drainMs ?? 5_000)
    return this.#stopped
  }

  /** Reverse of the start: running tasks get their time, then the loop ends, the outbox rests, partitions and connections are given back. */
  async #stop(drainMs: number): Promise<void> {
    this.status.trigger.changed({ change: { phase: 'stopping' } })
    await this.#drain(drainMs)
    this.#processor.stop()
    this.#tasks.stop()
    const limit = this.#after(drainMs)
    await Promise.race([this.#loop, limit.passed])
    await Promise.race([this.#relay.stop(), limit.passed])
    limit.cancel()
    if (this.status.getSnapshot().context.database.state === 'up') {
      await this.#partitions
        .release()
        .catch((error: unknown) => this.#ports.logger.warn({ error: messageOf(error) }, 'the partitions could not be released'))
    }
    for (const unsubscribe of this.#unsubscribe) {
      unsubscribe()
    }
    this.#changes.stop()
    await this.#supervisor.stop()
    await this.#loop
    await this.#ports.store.close()
    this.status.trigger.changed({ change: { phase: 'stopped' } })
  }

  async #drain(drainMs: number): Promise<void> {
    const deadline = this.#ports.clock.now() + drainMs
    if (this.#tasks.running > 0) {
      await this.#changes.until(undefined, async () => (this.#tasks.running === 0 ? true : undefined), deadline)
    }
  }

  #after(ms: number): { readonly passed: Promise<void>; readonly cancel: () => void } {
    let cancel = (): void => {}
    const passed = new Promise<void>((resolve) => {
      cancel = this.#ports.clock.schedule(ms, resolve)
    })
    return { passed, cancel: () => cancel() }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }
}
