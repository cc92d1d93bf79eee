import type { Archive } from './archive.ts'
import type { ActorState, WaitCondition } from './actor-state.ts'
import type { Json } from './define-actor.ts'
import type { Explanation } from './explain.ts'
import type { OutboundEvent } from './local-publisher.ts'
import type { Position } from './message.ts'
import type {
  ActorFilter,
  ActorSummary,
  Broker,
  Clock,
  DeadLetterQuery,
  Ids,
  Inbound,
  Logger,
  Mailbox,
  Ownership,
  Publisher,
  Random,
  Store,
  StoredDeadLetter,
  StuckActor,
} from './ports.ts'
import type { Total } from './tenant-row-store.ts'
import type { Forgotten } from './forget.ts'
import type { StatusStore } from './status.ts'
import type { Standing } from './standing.ts'
import type { Actor } from './storage-act.ts'
import type { TenantRows } from './tenant-rows.ts'
import type { Traceparent, Tracing } from './tracing.ts'
import type { Transition, WatchOptions } from './watch.ts'

/** Everything of the outside the runtime touches. */
export interface RuntimePorts {
  readonly store: Store
  readonly mailbox: Mailbox
  readonly ownership: Ownership
  readonly publisher: Publisher
  /** Absent: no actor is archived, and one archived elsewhere keeps its archive when it is forgotten. */
  readonly archive?: Archive
  /** Absent: the mailbox is kept by the database. */
  readonly broker?: Broker
  /** Absent: nothing is read from outside. */
  readonly inbound?: Inbound
  readonly clock: Clock
  readonly ids: Ids
  readonly random: Random
  readonly logger: Logger
  /** Absent: nothing is traced, but trace contexts are handed on. */
  readonly tracing?: Tracing
}

/** Of a message to be sent. */
export interface SendOptions {
  /** Unique for the address; the same id counts once. */
  readonly id: string
  /** Default 5,000. */
  readonly timeoutMs?: number
  /** W3C trace context of what sends it; default the span that is active in the caller. One that is malformed counts as none. */
  readonly traceparent?: Traceparent
}

/** What was done, in a few words, with its ids. */
export interface Noted {
  readonly what: string
  readonly details?: Json
}

/** Durable actors for any machine. See `createQuire` for the everyday form. */
export interface Runtime {
  /** Resolves at once: the runtime runs, or waits for its servers and says so in `status`. */
  start(): Promise<void>
  /** Brings an actor to life, once an address; a second create is recorded and ignored, unless its type answers it (`createdAgain`). Resolves when durable. */
  create(address: string, input: object, options: SendOptions): Promise<Position>
  /** Resolves with the position when the message is durable; the same id counts once. */
  send(address: string, event: { readonly type: string }, options: SendOptions): Promise<Position>
  /** `send`, then the committed state after that message. */
  ask(address: string, event: { readonly type: string }, options: SendOptions): Promise<ActorState>
  /** Resolves when the actor is in a state, or has a tag. @throws QuireError `timeout` */
  waitFor(address: string, condition: WaitCondition, options?: { readonly timeoutMs?: number }): Promise<ActorState>
  /** State, since when, what it waits for, what happens next and when. @throws QuireError `unknown-actor` */
  inspect(address: string): Promise<Explanation>
  /** Committed transitions of an address, or of all that start with the text before a final `*`; resumes after positions. */
  watch(pattern: string, options?: WatchOptions): AsyncGenerator<Transition, void, void>
  /** Where the journal of each partition ends now: `watch` goes on after it. */
  journalEnds(): Promise<readonly Transition['position'][]>
  /** Actors in order of address, a page at a time. */
  actors(filter: ActorFilter): Promise<readonly ActorSummary[]>
  /** The journal of one actor, in order, above an entry. */
  journal(address: string, options?: { readonly after?: number; readonly limit?: number }): Promise<readonly Transition[]>
  /** Outputs of one actor, delivered or not, in order. */
  outputs(address: string): Promise<readonly OutboundEvent[]>
  /** Active actors without a next cause, as the monitor looks for them; in health there are none. */
  stuck(limit: number): Promise<readonly StuckActor[]>
  /** Active actors of a type, counted by state. */
  activeStates(type: string): Promise<Readonly<Record<string, number>>>
  /** Active actors that stand still until a person acts, counted. */
  standing(): Promise<Standing>
  /** The sum of a column of a declared table, since a time. */
  total(table: string, sum: Total): Promise<number>
  /** Dead letters, oldest first, a page at a time. */
  deadLetters(query: DeadLetterQuery): Promise<readonly StoredDeadLetter[]>
  /** Deletes a dead letter for good; the journal keeps who did it. @throws QuireError `dead-letter-unknown` */
  discard(deadLetterId: string, by?: Actor): Promise<void>
  /**
   * Erases everything stored of an actor, whatever it does, and its archive; a tombstone stays, so that late messages are
   * recorded without their bodies and a second create bears nothing. Outputs that wait for the outside leave first.
   */
  forget(address: string, by: Actor & { readonly id: string }): Promise<Forgotten>
  /** Keeps in the journal of an address, e.g. `assignment/7`, who did what there, where no actor tells of it. */
  note(address: string, what: Noted, by: Actor & { readonly id: string }): Promise<Position>
  readonly status: StatusStore
  /** Rows of declared tables that belong to no actor. */
  readonly rows: TenantRows
  /** Sends a dead letter again as a message of its own, `<id>#r1`, then `#r2`; null for an output, which is offered again. */
  replay(deadLetterId: string, by?: Actor): Promise<Position | null>
  /** Resolves when everything up to this position was handled. */
  whenProcessed(position: Position, options?: { readonly timeoutMs?: number }): Promise<void>
  /** Resolves when the mailbox is read, the outbox is empty and no task is open. */
  whenIdle(options?: { readonly timeoutMs?: number }): Promise<void>
  /** Finishes the turn, waits at most `drainMs` (5,000) for running tasks, hands the partitions over. */
  stop(options?: { readonly drainMs?: number }): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}
