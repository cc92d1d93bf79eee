import type { ActorState, WaitCondition } from './actor-state.ts'
import { Changes } from './changes.ts'
import type { ActorDefinition } from './define-actor.ts'
import { messageOf, QuireError } from './errors.ts'
import { type Explanation, explain } from './explain.ts'
import { partitionOf, type Position } from './message.ts'
import { monitorRound } from './monitor.ts'
import { type RuntimeOptions, runtimeOptions } from './options.ts'
import { OutboxRelay } from './outbox-relay.ts'
import { OwnedPartitions } from './owned-partitions.ts'
import type { Clock, Ids, Logger, Mailbox, Ownership, Publisher, Random, Store, Watermark } from './ports.ts'
import { Processor } from './processor.ts'
import { createRegistry, type Registry } from './registry.ts'
import { Requests } from './requests.ts'
import { SnapshotCache } from './snapshot-cache.ts'
import { createStatus, type StatusStore } from './status.ts'
import { createSupervisor, type Supervisor } from './supervisor.ts'
import { TaskRunner } from './tasks.ts'
import { TimerQueue } from './timers.ts'
import type { Turn } from './turn-rows.ts'
import { type Transition, watch } from './watch.ts'

/** Everything of the outside the runtime touches. */
export interface RuntimePorts {
  readonly store: Store
  readonly mailbox: Mailbox
  readonly ownership: Ownership
  readonly publisher: Publisher
  readonly watermark: Watermark
  readonly clock: Clock
  readonly ids: Ids
  readonly random: Random
  readonly logger: Logger
}

/** Durable actors for any machine. See `createQuire` for the everyday form. */
export interface Runtime {
  /** Resolves at once: the runtime runs, or waits for its servers and says so in `status`. */
  start(): Promise<void>
  /** Brings an actor to life, once an address; a second create is recorded and ignored. Resolves when durable. */
  create(address: string, input: object, options: { readonly id: string; readonly timeoutMs?: number }): Promise<Position>
  /** Resolves with the position when the message is durable; the same id counts once. */
  send(address: string, event: { readonly type: string }, options: { readonly id: string; readonly timeoutMs?: number }): Promise<Position>
  /** `send`, then the committed state after that message. */
  ask(address: string, event: { readonly type: string }, options: { readonly id: string; readonly timeoutMs?: number }): Promise<ActorState>
  /** Resolves when the actor is in a state, or has a tag. @throws QuireError `timeout` */
  waitFor(address: string, condition: WaitCondition, options?: { readonly timeoutMs?: number }): Promise<ActorState>
  /** State, since when, what it waits for, what happens next and when. @throws QuireError `unknown-actor` */
  inspect(address: string): Promise<Explanation>
  /** Committed transitions of an address, or of all that start with the text before a final `*`; resumes after positions. */
  watch(
    pattern: string,
    options?: { readonly after?: readonly { readonly partition: number; readonly entry: number }[] },
  ): AsyncGenerator<Transition, void, void>
  readonly status: StatusStore
  /** Sends a dead letter again as a message of its own, `<id>#r1`. */
  replay(deadLetterId: string): Promise<Position>
  /** Resolves when everything up to this position was handled. */
  whenProcessed(position: Position, options?: { readonly timeoutMs?: number }): Promise<void>
  /** Resolves when the mailbox is read, the outbox is empty and no task is open. */
  whenIdle(options?: { readonly timeoutMs?: number }): Promise<void>
  /** Finishes the turn, waits at most `drainMs` (5,000) for running tasks, hands the partitions over. */
  stop(options?: { readonly drainMs?: number }): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** Builds a runtime on ports. @throws QuireError `invalid-definition`, `invalid-option` */
export function createRuntime(
  actors: Readonly<Record<string, ActorDefinition>>,
  ports: RuntimePorts,
  given: Partial<RuntimeOptions> = {},
): Runtime {
  const options = runtimeOptions(given, ports.ids.next())
  return new DurableRuntime(createRegistry(actors), ports, options)
}

class DurableRuntime implements Runtime {
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
      this.#ports.mailbox.subscribe(() => this.#processor.wake()),
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

  async inspect(address: string): Promise<Explanation> {
    const { store } = this.#ports
    const partition = partitionOf(address, this.#options.partitions)
    const [row, timers, tasks, held] = await this.#supervisor.connection.use(() =>
      Promise.all([
        store.actor(partition, address),
        store.actorTimers(partition, address),
        store.actorTasks(partition, address),
        store.held(partition, address, 1_000),
      ]),
    )
    if (row === undefined) {
      throw new QuireError('unknown-actor', `no actor was born at ${address}`)
    }
    return explain({ row, timers, tasks, held, registry: this.#registry, now: this.#partitions.now() })
  }

  watch(pattern: string, options: { readonly after?: readonly { readonly partition: number; readonly entry: number }[] } = {}) {
    return watch(pattern, options, {
      store: this.#ports.store,
      connection: this.#supervisor.connection,
      changes: this.#changes,
      partitions: this.#options.partitions,
    })
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
