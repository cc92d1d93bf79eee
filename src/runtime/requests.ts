import { type ActorState, holds, stateOf, type WaitCondition } from './actor-state.ts'
import type { Changes } from './changes.ts'
import type { Connection } from './connection.ts'
import { QuireError } from './errors.ts'
import { forget, type Forgotten } from './forget.ts'
import { isIdle } from './idle.ts'
import { type Message, type MessageKind, partitionOf, type Position } from './message.ts'
import type { Archive } from './archive.ts'
import type { Clock, Mailbox, Store } from './ports.ts'
import type { Registry } from './registry.ts'
import { discard, replay } from './replay.ts'
import type { Noted, SendOptions } from './runtime-api.ts'
import { append, assertAddress, messageFor } from './senders.ts'
import { type Actor, storageAct } from './storage-act.ts'
import type { TaskReach } from './task-call.ts'
import type { TenantRows } from './tenant-rows.ts'
import { type Tracing, withTrace } from './tracing.ts'
import type { ActorRow } from './turn-rows.ts'

export interface RequestParts {
  readonly store: Store
  readonly mailbox: Mailbox
  readonly connection: Connection
  /** The connection of the mailbox's server. */
  readonly log: Connection
  readonly clock: Clock
  readonly registry: Registry
  readonly tracing: Tracing
  readonly changes: Changes
  readonly partitions: number
  readonly maxMessageBytes: number
  readonly rows: TenantRows
  readonly archive?: Archive
}

const sendTimeoutMs = 5_000

/** An act waits so long for the owner of its partition, ms. */
const actTimeoutMs = 15_000

/** What callers ask of a running runtime: append messages, wait for what follows from them. */
export class Requests {
  readonly #parts: RequestParts
  #running = false

  constructor(parts: RequestParts) {
    this.#parts = parts
  }

  started(): void {
    this.#running = true
  }

  async append(address: string, kind: MessageKind, value: object, options: SendOptions): Promise<Position> {
    const message = messageFor(address, kind, value, options.id, this.#parts.maxMessageBytes)
    if (this.#parts.registry.typeOf(address) === undefined) {
      throw new QuireError('unknown-actor-type', `no actor type is registered for ${address}`)
    }
    const [position] = await this.#append([withTrace(message, options.traceparent)], options.timeoutMs)
    return position as Position
  }

  async #append(messages: readonly Message[], timeoutMs = sendTimeoutMs): Promise<readonly Position[]> {
    if (!this.#running) {
      throw new QuireError('not-running', 'call start() before sending')
    }
    const active = this.#parts.tracing.active()
    const traced = messages.map((message) => withTrace(message, message.traceparent ?? active))
    return await append(traced, timeoutMs, { ...this.#parts, connection: this.#parts.log })
  }

  async ask(address: string, event: { readonly type: string }, options: SendOptions): Promise<ActorState> {
    const timeoutMs = options.timeoutMs ?? sendTimeoutMs
    const deadline = this.#parts.clock.now() + timeoutMs
    const position = await this.append(address, 'event', event, options)
    await this.whenProcessed(position, Math.max(0, deadline - this.#parts.clock.now()))
    const row = await this.#actor(address)
    if (row === undefined) {
      throw new QuireError('unknown-actor', `no actor was born at ${address}; the message is in the dead letters`)
    }
    return stateOf(row)
  }

  async waitFor(address: string, condition: WaitCondition, timeoutMs: number): Promise<ActorState> {
    const read = async (known: ActorRow | undefined): Promise<ActorState | undefined> => {
      const row = known ?? (await this.#actor(address))
      return row !== undefined && holds(row, condition) ? stateOf(row) : undefined
    }
    const state = await this.#parts.changes.until(address, read, this.#parts.clock.now() + timeoutMs)
    if (state === undefined) {
      throw new QuireError('timeout', `${address} did not reach ${JSON.stringify(condition)} within ${timeoutMs} ms; inspect it`)
    }
    return state
  }

  async whenProcessed(position: Position, timeoutMs: number): Promise<void> {
    const read = async (): Promise<true | undefined> => {
      const [row] = await this.#parts.connection.use(() => this.#parts.store.claims([position.partition]))
      return row !== undefined && row.nextOffset > position.offset ? true : undefined
    }
    if ((await this.#parts.changes.until(undefined, read, this.#parts.clock.now() + timeoutMs)) === undefined) {
      throw new QuireError('timeout', `partition ${position.partition} was not processed up to ${position.offset} within ${timeoutMs} ms`)
    }
  }

  async whenIdle(timeoutMs: number): Promise<void> {
    const ids = Array.from({ length: this.#parts.partitions }, (_, index) => index)
    const read = async (): Promise<true | undefined> => ((await isIdle(ids, this.#parts)) ? true : undefined)
    if ((await this.#parts.changes.until(undefined, read, this.#parts.clock.now() + timeoutMs)) === undefined) {
      throw new QuireError('timeout', `there was still work after ${timeoutMs} ms`)
    }
  }

  async replay(deadLetterId: string, actor: Actor): Promise<Position | null> {
    return await replay(deadLetterId, actor, this.#actParts())
  }

  /** Resolves when it is durable; the journal has it a moment later. */
  async note(address: string, { what, details = null }: Noted, actor: Actor & { readonly id: string }): Promise<Position> {
    assertAddress(address)
    const body = JSON.stringify(storageAct({ type: 'NOTE', what, details }, actor))
    const [position] = await this.#append([{ id: actor.id, address, kind: 'act', body }])
    return position as Position
  }

  async discard(deadLetterId: string, actor: Actor): Promise<void> {
    await this.whenProcessed(await discard(deadLetterId, actor, this.#actParts()), actTimeoutMs)
  }

  async forget(address: string, actor: Actor & { readonly id: string }): Promise<Forgotten> {
    assertAddress(address)
    const processed = (position: Position): Promise<void> => this.whenProcessed(position, actTimeoutMs)
    return await forget(address, actor, { ...this.#parts, ...this.#actParts(), processed })
  }

  #actParts() {
    return { ...this.#parts, append: (...messages: readonly Message[]) => this.#append(messages) }
  }

  /** What tasks may do besides their work. */
  reachOfTasks(): TaskReach {
    const { rows } = this.#parts
    return {
      send: async (address, event, options) => {
        await this.append(address, 'event', event, { ...options, timeoutMs: 30_000 })
      },
      readRow: (table, key) => rows.one(table, key),
      readRows: (table, where) => rows.list(table, where),
    }
  }

  async #actor(address: string): Promise<ActorRow | undefined> {
    const { connection, partitions, store } = this.#parts
    return await connection.use(() => store.actor(partitionOf(address, partitions), address))
  }
}
