import { type MailboxRecord, type Message, partitionOf, type Position } from '../runtime/message.ts'
import type { Clock, LogFault, Logger, Mailbox, Ownership, OwnershipListener, Polled, ReadPosition } from '../runtime/ports.ts'
import type { FetchedRecord, KafkaClient } from './client.ts'
import { classified } from './errors.ts'
import { GroupReader } from './group-reader.ts'
import { sendInParts } from './send-parts.ts'
import { messageOfRecord, recordOfMessage } from './mailbox-record.ts'
import { faultOf, Stream } from './stream.ts'

export interface KafkaMailboxParts {
  readonly client: KafkaClient
  readonly topic: string
  readonly groupId: string
  readonly partitions: number
  /** The topic takes no larger batch of records for a partition. */
  readonly maxSendBytes: number
  readonly clock: Clock
  readonly logger: Logger
  /** A client noticed that the broker went away. */
  readonly onLost: (cause: unknown) => void
}

/** Offsets of the group are given back this often, ms. Only lag tools read them: the position is the database's. */
const giveBackMs = 5_000
/** A stream whose records came from below is opened anew no sooner than this after the last time, ms. */
const reopenMs = 1_000

type PartitionState =
  | { readonly kind: 'closed'; readonly since: number }
  | { readonly kind: 'opening' }
  | { readonly kind: 'open'; readonly stream: Stream<MailboxRecord>; paused: boolean }
  | { readonly kind: 'faulty'; readonly fault: LogFault }

/**
 * The mailbox as a topic, and who owns its partitions. Records are fetched ahead into bounded buffers; a fetch never waits for
 * a turn, so a turn that outlasts a rebalance costs nothing. Each partition is opened by the first poll after an assignment:
 * only the poll knows the position, which the database keeps.
 */
export class KafkaMailbox implements Mailbox, Ownership {
  readonly log: string
  readonly #parts: KafkaMailboxParts
  readonly #reader: GroupReader
  readonly #wakes = new Set<() => void>()
  #listener: OwnershipListener | undefined
  #states = new Map<number, PartitionState>()
  #positions: readonly ReadPosition[] = []
  #seen = new Map<number, number>()
  #opening = false
  #cancelGiveBack: (() => void) | undefined

  constructor(parts: KafkaMailboxParts) {
    this.log = `Kafka topic ${parts.topic}`
    this.#parts = parts
    this.#reader = new GroupReader({
      ...parts,
      topics: [parts.topic],
      onJoined: (assignment) => this.#joined(assignment.get(parts.topic) ?? []),
      onRecords: async (_topic, partition, records) => this.#take(partition, records),
      onDetached: (cause) => this.#detached(cause),
      isStalled: () => this.#isStalled(),
    })
  }

  async append(messages: readonly Message[]): Promise<readonly Position[]> {
    const { client, topic, partitions, maxSendBytes } = this.#parts
    const records = messages.map((message) => recordOfMessage(topic, partitionOf(message.address, partitions), message))
    return await classified(() => sendInParts(client, records, maxSendBytes))
  }

  async ends(partitions: readonly number[]): Promise<readonly number[]> {
    const ends = new Map((await classified(() => this.#parts.client.ends(this.#parts.topic))).map((row) => [row.partition, row.high]))
    return partitions.map((partition) => ends.get(partition) ?? Number.POSITIVE_INFINITY)
  }

  subscribe(wake: () => void): () => void {
    this.#wakes.add(wake)
    return () => this.#wakes.delete(wake)
  }

  async poll(from: readonly ReadPosition[], limit: number): Promise<Polled> {
    this.#positions = from
    const closed = from.filter(({ partition }) => this.#mayOpen(partition))
    if (closed.length > 0 && !this.#opening) {
      void this.#open(closed)
    }
    const states = from.map(({ partition }) => this.#states.get(partition))
    const faults = states.flatMap((state) => (state?.kind === 'faulty' ? [state.fault] : []))
    for (const { partition } of faults) {
      this.#states.set(partition, { kind: 'closed', since: this.#parts.clock.now() })
    }
    return { records: this.#share(from, limit), isWhole: false, faults }
  }

  /** Records of the open partitions, in equal shares. */
  #share(from: readonly ReadPosition[], limit: number): readonly MailboxRecord[] {
    const open = from.flatMap(({ partition, offset }) => {
      const state = this.#states.get(partition)
      return state?.kind === 'open' ? [{ partition, offset, state, records: state.stream.from(offset, limit) }] : []
    })
    for (const { partition, state } of open) {
      if (state.paused && state.stream.isHalfEmpty) {
        state.paused = false
        this.#reader.consumer?.resume(this.#parts.topic, [partition])
      }
    }
    const waiting = open.filter(({ records }) => records.length > 0)
    const share = Math.max(1, Math.floor(limit / Math.max(1, waiting.length)))
    return waiting.flatMap(({ records }) => records.slice(0, share)).slice(0, limit)
  }

  start(listener: OwnershipListener): void {
    this.#listener = listener
    this.#reader.start()
    this.#giveBack()
  }

  async stop(): Promise<void> {
    this.#cancelGiveBack?.()
    await this.#reader.stop()
  }

  /** Everything is fetched from the group's own offsets now, and not from the database's: so nothing is, until it was opened. */
  #joined(assigned: readonly number[]): void {
    this.#reader.consumer?.pause(this.#parts.topic, assigned)
    this.#states = new Map(assigned.map((partition) => [partition, { kind: 'closed', since: Number.NEGATIVE_INFINITY }]))
    const mine = new Set(assigned)
    this.#listener?.revoked(Array.from({ length: this.#parts.partitions }, (_, id) => id).filter((id) => !mine.has(id)))
    this.#listener?.assigned(assigned)
    this.#wake()
  }

  /** The partitions are kept until another owner fences them, but none is claimed again before the group says so. */
  #detached(cause: unknown): void {
    this.#states.clear()
    this.#listener?.detached()
    this.#parts.onLost(cause)
  }

  #mayOpen(partition: number): boolean {
    const state = this.#states.get(partition)
    return state?.kind === 'closed' && this.#parts.clock.now() - state.since >= reopenMs
  }

  /** Compares positions with the ends of the log, then reads from there. While the broker is away the next poll tries again. */
  async #open(from: readonly ReadPosition[]): Promise<void> {
    this.#opening = true
    const states = this.#states
    try {
      const ends = new Map((await classified(() => this.#parts.client.ends(this.#parts.topic))).map((row) => [row.partition, row]))
      for (const start of states === this.#states ? from : []) {
        this.#openAt(start, ends.get(start.partition) ?? { low: 0, high: 0 })
      }
    } catch (error) {
      this.#parts.onLost(error)
      for (const { partition } of states === this.#states ? from : []) {
        states.set(partition, { kind: 'closed', since: this.#parts.clock.now() })
      }
      this.#wakeToReopen()
    } finally {
      this.#opening = false
      this.#wake()
    }
  }

  #openAt(start: ReadPosition, ends: { readonly low: number; readonly high: number }): void {
    const { topic } = this.#parts
    const fault = faultOf(start, ends)
    if (fault !== undefined) {
      this.#states.set(start.partition, { kind: 'faulty', fault })
      return
    }
    const stream = new Stream<MailboxRecord>(start, ends.low)
    this.#states.set(start.partition, { kind: 'open', stream, paused: false })
    this.#reader.consumer?.seek(topic, start.partition, stream.seekTo)
    this.#reader.consumer?.resume(topic, [start.partition])
  }

  #take(partition: number, records: readonly FetchedRecord[]): void {
    const { topic, clock } = this.#parts
    const state = this.#states.get(partition)
    if (state?.kind !== 'open') {
      return
    }
    const taken = state.stream.take(records.map((record) => messageOfRecord(partition, record)))
    if (state.stream.fault !== undefined) {
      this.#close(partition, { kind: 'faulty', fault: state.stream.fault })
    } else if (taken.kind === 'seek') {
      this.#reader.consumer?.seek(topic, partition, taken.offset)
    } else if (taken.kind === 'reopen') {
      this.#close(partition, { kind: 'closed', since: clock.now() })
      this.#wakeToReopen()
    } else if (state.stream.isFull) {
      state.paused = true
      this.#reader.consumer?.pause(topic, [partition])
    }
    this.#wake()
  }

  #close(partition: number, state: PartitionState): void {
    this.#states.set(partition, state)
    this.#reader.consumer?.pause(this.#parts.topic, [partition])
  }

  /** Else a quiet process would never poll again. */
  #wakeToReopen(): void {
    this.#parts.clock.schedule(reopenMs, () => this.#wake())
  }

  /** Records stand above what was fetched of an open partition, as they did at the last look, and nothing came since. */
  async #isStalled(): Promise<boolean> {
    const before = this.#seen
    const open = [...this.#states].flatMap(([partition, state]) =>
      state.kind === 'open' && !state.paused ? [[partition, state.stream.next] as const] : [],
    )
    this.#seen = new Map(open)
    const ends = new Map((await this.#parts.client.ends(this.#parts.topic)).map((row) => [row.partition, row.high]))
    return open.some(([partition, next]) => before.get(partition) === next && (ends.get(partition) ?? 0) > next)
  }

  #giveBack(): void {
    this.#cancelGiveBack = this.#parts.clock.schedule(giveBackMs, () => {
      const held = this.#positions.filter(({ partition }) => this.#states.has(partition))
      const offsets = held.map(({ partition, offset }) => ({ topic: this.#parts.topic, partition, offset }))
      const given = offsets.length === 0 ? undefined : this.#reader.consumer?.commit(offsets)
      given?.catch(() => undefined)
      this.#giveBack()
    })
  }

  #wake(): void {
    for (const wake of this.#wakes) {
      wake()
    }
  }
}
