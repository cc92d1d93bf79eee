import { backOffMs } from './back-off.ts'
import type { Connection } from './connection.ts'
import { messageOf } from './errors.ts'
import { FreshOutputs } from './fresh-outputs.ts'
import type { Message } from './message.ts'
import type { Clock, Logger, Mailbox, Published, Publisher, Random, Store } from './ports.ts'
import { publishTraced } from './traced-publish.ts'
import { Signal } from './signal.ts'
import type { Counters } from './status.ts'
import { tellDeadLetters } from './tell-dead-letters.ts'
import { type Tracing, withTrace } from './tracing.ts'
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
  readonly tracing: Tracing
  readonly logger: Logger
  readonly count: (by: Partial<Counters>) => void
  /** Partitions owned at this moment. */
  readonly owned: () => readonly number[]
  /** A look into the outbox without a reason, ms: only a backstop, since every commit hands its outputs over. */
  readonly pollMs: number
}

const pageSize = 500
const limits = { firstMs: 200, maxMs: 30_000 }

/**
 * Takes outputs from the outbox to the outside and to other mailboxes, in order per key, at least once, with ids that
 * stay the same. Its memory is two pages; its patience has no limit.
 */
export class OutboxRelay {
  readonly #parts: OutboxRelayParts
  readonly #signal: Signal
  readonly #fresh = new FreshOutputs()
  #lookedAt = Number.NEGATIVE_INFINITY
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

  /** The outbox may hold something: partitions were claimed, a server is back. */
  wake(): void {
    this.#fresh.missed()
    this.#signal.raise()
  }

  /** Outputs that were committed this moment. */
  committed(rows: readonly OutboxRow[]): void {
    if (rows.length > 0) {
      this.#fresh.add(rows)
      this.#signal.raise()
    }
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
    for (let rows = await this.#next(); rows.length > 0; rows = await this.#next()) {
      const delivered = await this.#deliver(rows)
      if (delivered < rows.length) {
        this.#fresh.missed()
      }
      if (delivered === 0) {
        return this.#backOff()
      }
      this.#failures = 0
    }
    return this.#parts.pollMs
  }

  async #next(): Promise<readonly OutboxRow[]> {
    const { clock, connection, owned, pollMs, store } = this.#parts
    const partitions = owned()
    if (this.#stopping || partitions.length === 0) {
      return []
    }
    if (!this.#fresh.mustLook && clock.now() - this.#lookedAt < pollMs) {
      return this.#fresh.take(partitions, pageSize)
    }
    this.#lookedAt = clock.now()
    this.#fresh.looking()
    const from = partitions.map((partition) => ({ partition, entry: 0 }))
    const page = await connection.use(() => store.outbox(from, pageSize))
    this.#fresh.looked(page, page.length < pageSize)
    return page.length > 0 ? page : this.#fresh.take(partitions, pageSize)
  }

  /** How many rows were delivered, or set aside. */
  async #deliver(rows: readonly OutboxRow[]): Promise<number> {
    const { store, mailbox, connection, log } = this.#parts
    const letters = rows.filter((row) => row.target === 'mailbox')
    if (letters.length > 0) {
      await log.use(() => mailbox.append(letters.map((row) => letterOf(row))))
      await connection.use(() => store.outboxDelivered(letters, { keep: false }))
    }
    const records = rows.filter((row) => row.target !== 'mailbox')
    return letters.length + (records.length > 0 ? await this.#publish(records) : 0)
  }

  async #publish(records: readonly OutboxRow[]): Promise<number> {
    const { store, publisher, connection, tracing } = this.#parts
    const { durable, refused } = await publishTraced(records, publisher, tracing)
    const ids = new Set(durable)
    const published = records.filter((row) => ids.has(row.id))
    if (published.length > 0) {
      await connection.use(() => store.outboxDelivered(published, { keep: true }))
    }
    await this.#setAside(records, refused)
    return published.length + refused.length
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
      this.#parts.count({ deadLetters: letters.length })
      tellDeadLetters(letters, this.#parts.logger)
    }
  }

  #stumble(error: unknown): number {
    this.#fresh.missed()
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

/** A message for another actor, as its mailbox takes it. */
function letterOf({ payload, traceparent }: OutboxRow): Message {
  return withTrace(JSON.parse(payload) as Message, traceparent)
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
