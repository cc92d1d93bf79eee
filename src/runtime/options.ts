import { QuireError } from './errors.ts'

/** Settings of the runtime. Durations are in ms; 0 switches a thing off where it says so. */
export interface RuntimeOptions {
  /** Mailbox partitions; fixed when the database is created. Default 64. */
  readonly partitions: number
  /** Name of this process as an owner; default a random one. */
  readonly owner: string
  /** Interval of the monitor; 0 = off. Default 300,000. */
  readonly monitorIntervalMs: number
  /** A cheap round trip to each server this often, so that an idle process notices an outage too; 0 = off. Default 3,000. */
  readonly probeMs: number
  /** Messages of one poll at most. Default 500. */
  readonly pollLimit: number
  /** Actors kept in memory at most. Default 10,000. */
  readonly cacheActors: number
  /** An actor unused for this time leaves memory. Default 60,000. */
  readonly passivateAfterMs: number
  /** Look into the outbox without a reason; commits wake it. Default 5,000. */
  readonly outboxPollMs: number
  /** Messages and inbox entries older than this are deleted; 0 = never. Default 14 days. */
  readonly mailboxRetentionMs: number
  /** An actor that ended this long ago is archived and deleted, by the monitor, unless its definition says otherwise; 0 = never. Needs an archive. Default 0. */
  readonly retentionMs: number
  /** Largest body of a message, in bytes. Default 1,000,000. */
  readonly maxMessageBytes: number
}

export const runtimeDefaults: Omit<RuntimeOptions, 'owner'> = Object.freeze({
  partitions: 64,
  monitorIntervalMs: 300_000,
  probeMs: 3_000,
  pollLimit: 500,
  cacheActors: 10_000,
  passivateAfterMs: 60_000,
  outboxPollMs: 5_000,
  mailboxRetentionMs: 14 * 24 * 3_600_000,
  retentionMs: 0,
  maxMessageBytes: 1_000_000,
})

const least: Readonly<Record<keyof typeof runtimeDefaults, number>> = {
  partitions: 1,
  monitorIntervalMs: 0,
  probeMs: 0,
  pollLimit: 1,
  cacheActors: 1,
  passivateAfterMs: 0,
  outboxPollMs: 1,
  mailboxRetentionMs: 0,
  retentionMs: 0,
  maxMessageBytes: 1_000,
}

/** Fills in the defaults. @throws QuireError `invalid-option`, naming the field and its range */
export function runtimeOptions(given: Partial<RuntimeOptions>, owner: string): RuntimeOptions {
  const options = { ...runtimeDefaults, owner, ...given }
  for (const [name, minimum] of Object.entries(least) as [keyof typeof least, number][]) {
    if (!Number.isInteger(options[name]) || options[name] < minimum) {
      throw new QuireError('invalid-option', `${name} is ${String(options[name])}; give an integer of at least ${minimum}`, {
        details: { field: name },
      })
    }
  }
  return Object.freeze(options)
}
