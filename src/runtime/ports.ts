import type { ArchivedRow } from './archive.ts'
import type { TableDefinition } from './define-actor.ts'
import type { Address, MailboxRecord, Message, Position } from './message.ts'
import type { TenantRowStore } from './tenant-row-store.ts'
import type { ActorRow, DeadLetterRow, HeldRow, InboxRow, JournalRow, OutboxRow, TaskRow, TimerRow, Turn } from './turn-rows.ts'

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
  /** Which log it is, in words; kept in the database, so that two processes cannot use different ones. */
  readonly log: string
  /** Appends; resolves when durable. An id that the log still holds keeps its first position. */
  append(messages: readonly Message[]): Promise<readonly Position[]>
  /** Records at or above each offset, in order per partition, at most `limit` in all, fair to the partitions. Resolves at once. */
  poll(from: readonly ReadPosition[], limit: number): Promise<Polled>
  /** One above the last offset of each partition, in the order asked. Throws a PortFailure while its server is away. */
  ends(partitions: readonly number[]): Promise<readonly number[]>
  /** Calls `wake` when something may have been appended, by any process. Returns the unsubscriber. */
  subscribe(wake: () => void): () => void
}

/** Where a partition is read from, and the id of the message before, by which a log is recognised; null when unknown. */
export interface ReadPosition extends Position {
  readonly lastRecord: string | null
}

/** What a poll gives. */
export interface Polled {
  readonly records: readonly MailboxRecord[]
  /** True: there was nothing above the offsets asked for when the poll was made. A log that is fetched ahead cannot say so. */
  readonly isWhole: boolean
  /** Partitions whose log cannot be followed from the offset asked for. */
  readonly faults: readonly LogFault[]
}

/** The log and the database's position contradict each other (rules 12): a person decides, by `quire doctor --accept-gap`. */
export interface LogFault {
  readonly partition: number
  readonly code: 'log-truncated' | 'log-replaced'
  /** Says both numbers and the remedy. */
  readonly message: string
}

/** The server of the log, where it is another than the database. */
export interface Broker {
  /** First contact, and again after an outage: topics exist with the right number of partitions. Throws a PortFailure or QuireError `partitions-mismatch`. */
  open(setup: { readonly partitions: number; readonly topics: readonly string[] }): Promise<void>
  /** A cheap round trip. */
  ping(): Promise<void>
  /** Calls with what a client met while the server went away. */
  onLost(call: (error: unknown) => void): void
  close(): Promise<void>
}

/** A record of an outside topic. */
export interface InboundRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** ms since the epoch, by its producer. */
  readonly timestamp: number
  readonly value: Uint8Array | null
  /** Header of that name, as it came. */
  readonly traceparent?: string
}

/** How far an outside partition was read: every record older than `readUpTo` (ms) is in the mailbox; null when another process reads it. */
export interface InboundProgress {
  readonly topic: string
  readonly partition: number
  readonly readUpTo: number | null
}

/** Records of the outside, by a consumer group of its own, at least once. */
export interface Inbound {
  /** Hands each batch to `take`; the offsets are given back after it resolved, and the same batch comes again after it threw. */
  start(topics: readonly string[], take: (records: readonly InboundRecord[]) => Promise<void>): void
  /** Of every partition of the topics, measured against their ends at this moment. Throws a PortFailure. */
  progress(): Promise<readonly InboundProgress[]>
  stop(): Promise<void>
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
  /** Nothing is assigned until further notice; what is held may be kept until another owner fences it. */
  detached(): void
  /** Another process holds the lock; `holder` says which where that is known. */
  standby(holder: string | undefined): void
}

/** Takes outputs for the outside. Throws when none of them could be offered. */
export interface Publisher {
  publish(rows: readonly OutboxRow[]): Promise<Published>
}
export interface Published {
  /** Ids that are durable outside. */
  readonly durable: readonly string[]
  /** Outputs that will never be taken, and why. */
  readonly refused: readonly { readonly id: string; readonly cause: string; readonly message: string }[]
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
  /** Id of the message before `nextOffset`, to recognise the log by; null when unknown. */
  readonly lastRecord: string | null
  /** Claims under which work was begun since the last commit on this partition. */
  readonly attempts: number
  /** The delivery that an owner was about to step alone when it was last heard of (rules 29). */
  readonly started: string | null
}

/** `fenced` names the partitions whose stored row was another than the turn expected, as they are stored. Nothing was written. */
export type CommitOutcome =
  | { readonly kind: 'committed' }
  | { readonly kind: 'fenced'; readonly stored: readonly (Claim & { readonly owner: string | null })[] }

export interface LoadRequest {
  readonly addresses: readonly { readonly partition: number; readonly address: Address }[]
  readonly messageIds: readonly { readonly partition: number; readonly messageId: string }[]
  /** Actors of which only the hash is known. */
  readonly hashes: readonly { readonly partition: number; readonly hash: string }[]
}
export interface Loaded {
  readonly actors: readonly ActorRow[]
  /** Those of the asked message ids that were handled before. */
  readonly seen: readonly InboxRow[]
}

/** What a list shows of an actor. */
export type ActorSummary = Omit<ActorRow, 'snapshot' | 'armed'>
/** Living actors and those that are done; not those that are gone. */
export interface ActorFilter {
  readonly type?: string
  readonly runStatus?: ActorRow['runStatus']
  readonly state?: string
  /** Born before this time, ms since the epoch. */
  readonly createdBefore?: number
  readonly limit: number
  /** Addresses above this one, for paging. */
  readonly after?: Address
}

/** Active actors of one type that the same version wrote, and how many of them are parked. */
export interface WrittenBy extends Pick<ActorRow, 'type' | 'version' | 'codec' | 'xstate'> {
  readonly actors: number
  readonly parked: number
}

export interface StuckActor {
  readonly partition: number
  readonly address: Address
  readonly state: string
  readonly stateSince: number
}

/** An operator's decision that what lies between two places of a log is lost. */
export interface Gap {
  readonly partition: number
  readonly from: number
  readonly to: number
  readonly by: string
  /** ms since the epoch. */
  readonly at: number
}

export interface DeadLetterQuery {
  readonly id?: string
  readonly address?: Address
  /** Those that were, or were not, replayed. */
  readonly replayed?: boolean
  readonly limit: number
  /** The last one of the page before. */
  readonly after?: Pick<DeadLetterRow, 'at' | 'id'>
}
/** `replays`: how often it was replayed. */
export type StoredDeadLetter = DeadLetterRow & { readonly replayed: boolean; readonly replays: number }

/** An actor that is done, as retention finds it. */
export interface DoneActor {
  readonly partition: number
  readonly address: Address
  readonly seq: number
  readonly stateSince: number
}

/** Durable state. Throws a PortFailure: transient (wait and try again) or permanent. */
export interface Store extends TenantRowStore {
  /** Connects, migrates under a lock, checks the number of partitions and, if given, which log the database belongs to. Throws QuireError (schema-newer, partitions-mismatch, log-mismatch) or a PortFailure. */
  open(setup: { readonly partitions: number; readonly tables: readonly TableDefinition[]; readonly log?: string }): Promise<void>
  close(): Promise<void>
  /** A cheap round trip; returns the database's clock in ms. */
  ping(): Promise<number>

  /** Takes partitions under a new epoch, each one above the stored. */
  claim(partitions: readonly number[], owner: string): Promise<readonly Claim[]>
  /** Clears the owner of partitions it still holds under these epochs. */
  release(claims: readonly Pick<Claim, 'partition' | 'epoch'>[]): Promise<void>
  /** Reads partition rows as stored. */
  claims(partitions: readonly number[]): Promise<readonly (Claim & { readonly owner: string | null })[]>
  /** Counts that work is begun under these claims, where their epochs still hold; the next commit clears the count. */
  markBegun(claims: readonly Pick<Claim, 'partition' | 'epoch'>[]): Promise<void>
  /** Notes what is about to be stepped alone, if the epoch still holds. */
  markStarted(claim: Pick<Claim, 'partition' | 'epoch'>, started: string): Promise<void>
  /** Notes why a partition stands still, if the epoch still holds; the next commit clears it. */
  markHalted(claim: Pick<Claim, 'partition' | 'epoch'>, why: string): Promise<void>
  /** Partitions that stand still, and why. */
  halted(): Promise<readonly { readonly partition: number; readonly nextOffset: number; readonly why: string }[]>
  /** Moves a halted partition to another place of its log under a new epoch, journalled; false when it stood elsewhere. */
  acceptGap(gap: Gap): Promise<boolean>
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
  /** Makes dead letters of outputs that nobody will ever take; each is set aside in the outbox. */
  outboxRefused(letters: readonly DeadLetterRow[]): Promise<void>
  /** Offers an output that was set aside again. */
  outboxAgain(output: Pick<OutboxRow, 'partition' | 'id'>): Promise<void>
  /** Writes how far this process read the outside, and reads how far everybody did, with the age of what is known (ms). */
  shareProgress(own: readonly InboundProgress[]): Promise<readonly (InboundProgress & { readonly ageMs: number })[]>
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
  /** Active actors that have no pending message, timer or task and do not wait for the outside. */
  stuck(partitions: readonly number[], limit: number): Promise<readonly StuckActor[]>
  counts(
    partitions: readonly number[],
  ): Promise<{ readonly active: number; readonly waiting: number; readonly failed: number; readonly oldestActiveAt: number | null }>

  /** Active actors of a type, counted by state. */
  activeStates(type: string): Promise<Readonly<Record<string, number>>>
  /** Active actors, counted by what wrote them. */
  writtenBy(): Promise<readonly WrittenBy[]>

  /** Dead letters, oldest first, a page at a time. */
  deadLetters(query: DeadLetterQuery): Promise<readonly StoredDeadLetter[]>
  /** Notes that a dead letter was replayed, so many times in all. */
  deadLetterReplayed(id: string, times: number): Promise<void>
  /** Actors of a type that are done since before a time, and whose outputs have left; those born first come first. */
  over(type: string, partitions: readonly number[], endedBefore: number, limit: number): Promise<readonly DoneActor[]>
  /** Everything stored of an actor, of its tenant's tables too. */
  storedOf(place: { readonly partition: number; readonly address: Address }): Promise<readonly ArchivedRow[]>
  /** Deletes mailbox records and inbox entries older than this that every owner has passed. */
  trim(olderThan: number): Promise<void>
  /** Calls `wake` after commits of any process. Returns the unsubscriber. */
  subscribe(wake: () => void): () => void
}
