import type { Json, TableDefinition, TenantRow } from './define-actor.ts'
import type { Address, MailboxRecord, Message, Position } from './message.ts'
import type {
  ActorRow,
  DeadLetterRow,
  HeldRow,
  InboxRow,
  JournalRow,
  OutboxRow,
  PartitionAdvance,
  TaskRow,
  TimerRow,
  Turn,
} from './turn-rows.ts'

/** Time. `now` is ms since the epoch; `schedule` calls once after `ms` unless the returned function was called before. */
export interface Clock {
  now(): number
  schedule(ms: number, run: () => void): () => void
}

/** Unique names of the outside (owners, ask ids). Never used for ids that a replay must reproduce. */
export interface Ids {
  next(): string
}

/** Numbers in [0, 1), for jitter alone. */
export interface Random {
  next(): number
}

/** Structured logging, pino's shape. */
export interface Logger {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** The log of partitions in which all messages arrive. */
export interface Mailbox {
  /** Appends; resolves when durable. An id that the log still holds keeps its first position. */
  append(messages: readonly Message[]): Promise<readonly Position[]>
  /** Records at or above each offset, in order per partition, at most `limit` in all, fair to the partitions. Resolves at once; empty only when everything has been read. */
  poll(from: readonly Position[], limit: number): Promise<readonly MailboxRecord[]>
  /** One above the last offset of each partition, in the order asked. */
  ends(partitions: readonly number[]): Promise<readonly number[]>
  /** Calls `wake` when something may have been appended, by any process. Returns the unsubscriber. */
  subscribe(wake: () => void): () => void
}

/** Who may own partitions. In table mode one process owns all, by a lock; others stand by. */
export interface Ownership {
  /** Starts asking. `assigned` is called when partitions may be claimed, `revoked` when they may no longer be. */
  start(listener: OwnershipListener): void
  /** Gives up what is held and stops asking. */
  stop(): Promise<void>
}
export interface OwnershipListener {
  assigned(partitions: readonly number[]): void
  revoked(partitions: readonly number[]): void
  /** Another process holds the lock; `holder` says which where that is known. */
  standby(holder: string | undefined): void
}

/** Takes outputs for the outside. Resolves with the ids that are durable there; throws when none of them could be offered. */
export interface Publisher {
  publish(rows: readonly OutboxRow[]): Promise<readonly string[]>
}

/** Holds timers back until the log has been read: the oldest unread record of the outside, or undefined when unknown (rules: hold). */
export interface Watermark {
  /** Everything the outside appended before this time (ms) is in the mailbox; Infinity without an inbound source. */
  readUpTo(): number | undefined
}

export interface Claim {
  readonly partition: number
  readonly epoch: number
  readonly nextOffset: number
  readonly nextEntry: number
  /** `now` of the last turn committed on this partition. */
  readonly lastTurnAt: number
}

/** `fenced` names the partitions whose stored row was another than the turn expected, as they are stored. Nothing was written. */
export type CommitOutcome =
  | { readonly kind: 'committed' }
  | { readonly kind: 'fenced'; readonly stored: readonly (Claim & { readonly owner: string | null })[] }

export interface LoadRequest {
  readonly addresses: readonly { readonly partition: number; readonly address: Address }[]
  readonly messageIds: readonly { readonly partition: number; readonly messageId: string }[]
}
export interface Loaded {
  readonly actors: readonly ActorRow[]
  /** Those of the asked message ids that were handled before. */
  readonly seen: readonly InboxRow[]
}

/** What a list shows of an actor. */
export type ActorSummary = Omit<ActorRow, 'snapshot' | 'armed'>
export interface ActorFilter {
  readonly type?: string
  readonly runStatus?: ActorRow['runStatus']
  readonly state?: string
  readonly limit: number
  /** Addresses above this one, for paging. */
  readonly after?: Address
}

export interface StuckActor {
  readonly partition: number
  readonly address: Address
  readonly state: string
  readonly stateSince: number
}

/** Durable state. Errors it throws carry a `StoreFailure` brand: transient (wait and try again) or permanent. */
export interface Store {
  /** Connects, migrates under a lock, checks the number of partitions. Throws QuireError (schema-newer, partitions-mismatch) or a StoreFailure. */
  open(setup: { readonly partitions: number; readonly tables: readonly TableDefinition[] }): Promise<void>
  close(): Promise<void>
  /** A cheap round trip; returns the database's clock in ms. */
  ping(): Promise<number>

  /** Takes partitions under a new epoch, each one above the stored. */
  claim(partitions: readonly number[], owner: string): Promise<readonly Claim[]>
  /** Clears the owner of partitions it still holds under these epochs. */
  release(claims: readonly Pick<Claim, 'partition' | 'epoch'>[]): Promise<void>
  /** Reads partition rows as stored. */
  claims(partitions: readonly number[]): Promise<readonly (Claim & { readonly owner: string | null })[]>
  /** Writes a turn in one transaction whose first statement is the fence. */
  commit(turn: Turn): Promise<CommitOutcome>

  load(request: LoadRequest): Promise<Loaded>
  /** Timers due before `before`, earliest first. */
  timers(partitions: readonly number[], before: number, limit: number): Promise<readonly TimerRow[]>
  /** Open tasks in order of `notBefore`. */
  tasks(partitions: readonly number[], limit: number): Promise<readonly TaskRow[]>
  /** Outbox rows in order of (partition, entry), from each partition's `fromEntry`. */
  outbox(from: readonly { readonly partition: number; readonly entry: number }[], limit: number): Promise<readonly OutboxRow[]>
  /** Removes delivered rows, or marks them delivered when `keep`. */
  outboxDelivered(rows: readonly Pick<OutboxRow, 'partition' | 'entry'>[], options: { readonly keep: boolean }): Promise<void>
  /** Held messages of one actor, in order. */
  held(partition: number, address: Address, limit: number): Promise<readonly HeldRow[]>
  /** Addresses that have held messages. */
  heldAddresses(partitions: readonly number[]): Promise<readonly { readonly partition: number; readonly address: Address }[]>

  /** The actor, or undefined when none was born there. */
  actor(partition: number, address: Address): Promise<ActorRow | undefined>
  actors(filter: ActorFilter): Promise<readonly ActorSummary[]>
  /** Journal of one actor, or of a partition, above an entry, in order. */
  journal(query: {
    readonly partition: number
    readonly address?: Address
    readonly afterEntry: number
    readonly limit: number
  }): Promise<readonly JournalRow[]>
  /** Journal rows of many partitions above an entry each, in order per partition, at most `limit` in all; cheap when nothing is new. */
  feed(after: readonly { readonly partition: number; readonly entry: number }[], limit: number): Promise<readonly JournalRow[]>
  /** Highest entry of each partition, in the order asked. */
  journalEnds(partitions: readonly number[]): Promise<readonly number[]>
  /** Outputs of one actor, delivered or not. */
  outputs(partition: number, address: Address): Promise<readonly OutboxRow[]>
  actorTimers(partition: number, address: Address): Promise<readonly TimerRow[]>
  actorTasks(partition: number, address: Address): Promise<readonly TaskRow[]>
  readRow(table: TableDefinition, key: TenantRow['key']): Promise<Readonly<Record<string, Json>> | undefined>

  /** Active actors that have no pending message, timer or task and do not wait for the outside. */
  stuck(partitions: readonly number[], limit: number): Promise<readonly StuckActor[]>
  counts(
    partitions: readonly number[],
  ): Promise<{ readonly active: number; readonly waiting: number; readonly failed: number; readonly oldestActiveAt: number | null }>

  deadLetters(query: { readonly id?: string; readonly address?: Address; readonly limit: number }): Promise<readonly DeadLetterRow[]>
  deadLetterReplayed(id: string): Promise<void>
  /** Deletes mailbox records and inbox entries older than this that every owner has passed. */
  trim(olderThan: number): Promise<void>
  /** Calls `wake` after commits of any process. Returns the unsubscriber. */
  subscribe(wake: () => void): () => void
}

export type { PartitionAdvance }

const failureBrand = Symbol.for('quire.store-failure')

/** Why a database call failed: `transient` passes by itself, `permanent` never does (`reason` is for people and for `status`). */
export class StoreFailure extends Error {
  readonly kind: 'transient' | 'permanent'
  readonly reason: string
  constructor(kind: 'transient' | 'permanent', reason: string, cause?: unknown) {
    super(reason, { cause })
    this.name = 'StoreFailure'
    this.kind = kind
    this.reason = reason
    Object.defineProperty(this, failureBrand, { value: true })
  }
}

export function isStoreFailure(value: unknown, kind?: StoreFailure['kind']): value is StoreFailure {
  return (
    typeof value === 'object' &&
    value !== null &&
    Reflect.has(value, failureBrand) &&
    (kind === undefined || Reflect.get(value, 'kind') === kind)
  )
}
