import { backOffMs } from './back-off.ts'
import type { Connection } from './connection.ts'
import { messageOf } from './errors.ts'
import type { Message } from './message.ts'
import type { Clock, Logger, Mailbox, Published, Publisher, Random, Store } from './ports.ts'
import { Signal } from './signal.ts'
import type { DeadLetterRow, OutboxRow } from './turn-rows.ts'

export interface OutboxRelayParts {
  readonly store: Pick<Store, 'outbox' | 'outboxDelivered' | 'outboxRefused'>
  readonly mailbox: Pick<Mailbox, 'append'>
  readonly publisher: Publisher
  readonly connection: Pick<Connection, 'use'>
  /** The connection of the mailbox's server. */
  readonly log: Pick<Connection, 'use'>
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

  /** True when at least one row was delivered, or set aside. */
  async #deliver(rows: readonly OutboxRow[]): Promise<boolean> {
    const { store, mailbox, connection, log } = this.#parts
    const letters = rows.filter((row) => row.target === 'mailbox')
    if (letters.length > 0) {
      await log.use(() => mailbox.append(letters.map((row) => JSON.parse(row.payload) as Message)))
      await connection.use(() => store.outboxDelivered(letters, { keep: false }))
    }
    const records = rows.filter((row) => row.target !== 'mailbox')
    return (records.length > 0 && (await this.#publish(records))) || letters.length > 0
  }

  async #publish(records: readonly OutboxRow[]): Promise<boolean> {
    const { store, publisher, connection } = this.#parts
    const { durable, refused } = await publisher.publish(records)
    const ids = new Set(durable)
    const published = records.filter((row) => ids.has(row.id))
    if (published.length > 0) {
      await connection.use(() => store.outboxDelivered(published, { keep: true }))
    }
    await this.#setAside(records, refused)
    return published.length + refused.length > 0
  }

  /** What will never be taken must not hold back the rest (rules 33). */
  async #setAside(records: readonly OutboxRow[], refused: Published['refused']): Promise<void> {
    if (refused.length > 0) {
      const why = new Map(refused.map((each) => [each.id, each]))
      const letters = records.flatMap((row) => {
        const known = why.get(row.id)
        return known === undefined ? [] : [refusedOutput(row, known, this.#parts.clock.now())]
      })
      await this.#parts.connection.use(() => this.#parts.store.outboxRefused(letters))
      this.#parts.logger.error({ outputs: refused }, 'outputs were refused for good; they are in the dead letters')
    }
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

function refusedOutput(row: OutboxRow, { cause, message }: Published['refused'][number], at: number): DeadLetterRow {
  const { partition, address, id, payload, target } = row
  return {
    id: `${address}#${id}`,
    partition,
    address,
    messageId: id,
    kind: 'output',
    body: payload,
    cause,
    message: `${target}: ${message}`,
    at,
  }
}
