import { backOffMs } from './back-off.ts'
import type { Connection } from './connection.ts'
import { messageOf } from './errors.ts'
import type { Message } from './message.ts'
import type { Clock, Logger, Mailbox, Publisher, Random, Store } from './ports.ts'
import { Signal } from './signal.ts'
import type { OutboxRow } from './turn-rows.ts'

export interface OutboxRelayParts {
  readonly store: Pick<Store, 'outbox' | 'outboxDelivered'>
  readonly mailbox: Pick<Mailbox, 'append'>
  readonly publisher: Publisher
  readonly connection: Pick<Connection, 'use'>
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  /** Partitions owned at this moment. */
  readonly owned: () => readonly number[]
  /** A look without a reason, ms: only a backstop, since every commit wakes the relay. */
  readonly pollMs: number
}

const pageSize = 500
const limits = { firstMs: 200, maxMs: 30_000 }

/**
 * Takes outputs from the outbox to the outside and to other mailboxes, in order per key, at least once, with ids that
 * stay the same. Its memory is one page; its patience has no limit.
 */
export class OutboxRelay {
  readonly #parts: OutboxRelayParts
  readonly #signal: Signal
  #stopping = false
  #failures = 0
  #done: Promise<void> = Promise.resolve()

  constructor(parts: OutboxRelayParts) {
    this.#parts = parts
    this.#signal = new Signal(parts.clock)
  }

  start(): void {
    this.#done = this.#run()
  }

  wake(): void {
    this.#signal.raise()
  }

  async stop(): Promise<void> {
    this.#stopping = true
    this.#signal.raise()
    await this.#done
  }

  async #run(): Promise<void> {
    while (!this.#stopping) {
      const pause = await this.#drain().catch((error: unknown) => this.#stumble(error))
      if (!this.#stopping) {
        await this.#signal.wait(this.#parts.clock.now() + pause)
      }
    }
  }

  /** Delivers page after page; answers how long to rest, ms. */
  async #drain(): Promise<number> {
    const { store, connection, owned } = this.#parts
    while (!this.#stopping && owned().length > 0) {
      const from = owned().map((partition) => ({ partition, entry: 0 }))
      const rows = await connection.use(() => store.outbox(from, pageSize))
      if (rows.length === 0) {
        break
      }
      if (!(await this.#deliver(rows))) {
        return this.#backOff()
      }
      this.#failures = 0
    }
    return this.#parts.pollMs
  }

  /** True when at least one row was delivered. */
  async #deliver(rows: readonly OutboxRow[]): Promise<boolean> {
    const { store, mailbox, publisher, connection } = this.#parts
    const letters = rows.filter((row) => row.target === 'mailbox')
    const records = rows.filter((row) => row.target !== 'mailbox')
    if (letters.length > 0) {
      await connection.use(() => mailbox.append(letters.map((row) => JSON.parse(row.payload) as Message)))
      await connection.use(() => store.outboxDelivered(letters, { keep: false }))
    }
    const durable = new Set(records.length > 0 ? await publisher.publish(records) : [])
    const published = records.filter((row) => durable.has(row.id))
    if (published.length > 0) {
      await connection.use(() => store.outboxDelivered(published, { keep: true }))
    }
    return letters.length + published.length > 0
  }

  #stumble(error: unknown): number {
    if (!this.#stopping) {
      this.#parts.logger.warn({ error: messageOf(error) }, 'outputs wait: they could not be delivered')
    }
    return this.#backOff()
  }

  #backOff(): number {
    this.#failures += 1
    return backOffMs(this.#failures, limits, this.#parts.random)
  }
}
