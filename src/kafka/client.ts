/** Of a Kafka client library, what Quire uses. One file implements it, so that another library can take its place. */
export interface KafkaClient {
  /** A round trip to the cluster. */
  ping(): Promise<void>
  /** Creates the topics that do not exist and waits for their leaders. */
  ensureTopics(topics: readonly TopicSpec[]): Promise<void>
  /** Number of partitions; undefined when the topic does not exist. */
  partitionsOf(topic: string): Promise<number | undefined>
  /** First offset and one above the last, of every partition. */
  ends(topic: string): Promise<readonly TopicEnds[]>
  /** Offsets a group gave back, by partition; those without one are left out. */
  committed(groupId: string, topic: string): Promise<ReadonlyMap<number, number>>
  /** Appends, acknowledged by all in-sync replicas, in order per partition. Returns where each record lies. */
  send(records: readonly NewRecord[]): Promise<readonly { readonly partition: number; readonly offset: number }[]>
  consumer(options: ConsumerOptions): KafkaConsumer
  close(): Promise<void>
}

export interface TopicSpec {
  readonly topic: string
  /** Absent: the broker's default. */
  readonly partitions?: number
  readonly replication?: number
  readonly config?: Readonly<Record<string, string>>
}

export interface TopicEnds {
  readonly partition: number
  readonly low: number
  readonly high: number
}

export interface NewRecord {
  readonly topic: string
  readonly key: string
  readonly value: string
  /** Absent: by the hash of the key, as other producers do. */
  readonly partition?: number
  readonly headers?: Readonly<Record<string, string>>
}

export interface FetchedRecord {
  readonly offset: number
  /** ms since the epoch, by its producer. */
  readonly timestamp: number
  readonly key: string | null
  readonly value: Uint8Array | null
  readonly headers: Readonly<Record<string, string>>
}

export interface ConsumerOptions {
  readonly groupId: string
  readonly topics: readonly string[]
  /** Called before anything is fetched under a new assignment; may seek and pause. */
  readonly onJoined: (assignment: ReadonlyMap<string, readonly number[]>) => void
  /** A fetched batch; the next one of its broker is fetched when this resolves. What it throws ends the consumer. */
  readonly onRecords: (topic: string, partition: number, records: readonly FetchedRecord[]) => Promise<void>
}

/** One life of a group member. It does not mend itself: when it ends, another is made. */
export interface KafkaConsumer {
  /** Connects and joins. Throws what it met. */
  start(): Promise<void>
  /** Resolves with the cause when the consumer ended by itself. */
  readonly ended: Promise<unknown>
  seek(topic: string, partition: number, offset: number): void
  pause(topic: string, partitions: readonly number[]): void
  resume(topic: string, partitions: readonly number[]): void
  commit(offsets: readonly { readonly topic: string; readonly partition: number; readonly offset: number }[]): Promise<void>
  /** Leaves the group. */
  stop(): Promise<void>
}
