import type { Json } from './define-actor.ts'
import type { LiveActor } from './snapshot.ts'
import { rowOf } from './snapshot.ts'
import type { ActorRow, Armed, ErasedActor } from './turn-rows.ts'

/** What is left of an actor: enough that later messages are known as late, and a second create bears nothing. */
export interface Tombstone {
  readonly cause: ErasedActor['cause']
  /** ms since the epoch. */
  readonly at: number
  readonly by: string
  readonly reason: string | null
  /** Where its archive lies, by the archive's own name. */
  readonly archive: string | null
  /** What its type keeps to answer a later create. */
  readonly remains: Json
}

/** The row of an actor that is gone; `stored` is what is kept of one that cannot be read. */
export function buriedRow(actor: LiveActor | ActorRow, tombstone: Tombstone): ActorRow {
  const row = 'kind' in actor ? rowOf(actor) : actor
  return {
    ...row,
    state: tombstone.cause.toUpperCase(),
    runStatus: 'done',
    tags: [],
    progress: null,
    output: null,
    snapshot: '{}',
    armed: JSON.stringify(unarmed),
    waitsOutside: false,
    parked: null,
    tombstone: JSON.stringify(tombstone),
    stateSince: tombstone.at,
    updatedAt: tombstone.at,
  }
}

const unarmed: Armed = { timers: {}, tasks: {} }

/** @throws when the row has none */
export function tombstoneOf({ tombstone, address }: Pick<ActorRow, 'tombstone' | 'address'>): Tombstone {
  if (tombstone === null) {
    throw new Error(`${address} is not buried`)
  }
  return JSON.parse(tombstone) as Tombstone
}

/** Of an actor that is gone; undefined of one that is not, or was never born. */
export function graveOf(row: Pick<ActorRow, 'tombstone' | 'address'> | undefined): Tombstone | undefined {
  return row === undefined || row.tombstone === null ? undefined : tombstoneOf(row)
}

/** In one sentence. */
export function epitaph(row: Pick<ActorRow, 'tombstone' | 'address'>): string {
  const { cause, at, by, archive } = tombstoneOf(row)
  return `${row.address} was ${cause} at ${new Date(at).toISOString()} by ${by}${archive === null ? '' : `; its archive is ${archive}`}`
}
