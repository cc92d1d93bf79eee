import { messageOf } from './errors.ts'
import type { Clock, Store } from './ports.ts'
import type { OwnedPartitions } from './owned-partitions.ts'
import type { Registry } from './registry.ts'
import { type LiveActor, revive } from './snapshot.ts'
import type { SnapshotCache } from './snapshot-cache.ts'
import type { TurnInput } from './turn.ts'
import { inboxKey } from './turn-draft.ts'
import type { ActorRow, InboxRow } from './turn-rows.ts'
import { addressesOf, type Work } from './work.ts'

export interface LoadParts {
  readonly owner: string
  readonly store: Pick<Store, 'load'>
  readonly registry: Registry
  readonly cache: Pick<SnapshotCache, 'get'>
  readonly partitions: Pick<OwnedPartitions, 'asMap' | 'now'>
  readonly clock: Clock
}

/**
 * Everything a turn is decided from: the actors (from the cache, else the database) and the message ids handled before.
 * One round trip, none when there are no messages and every actor is in memory. An actor that cannot be revived stands still.
 */
export async function loadTurn(work: Work, behindHeld: (address: string) => boolean, parts: LoadParts): Promise<TurnInput> {
  const addresses = addressesOf(work)
  const actors = new Map<string, LiveActor>()
  const missing: { partition: number; address: string }[] = []
  for (const [address, partition] of addresses) {
    const actor = parts.cache.get(address)
    actor === undefined ? missing.push({ partition, address }) : actors.set(address, actor)
  }
  const messageIds = work.records.map((record) => ({
    partition: record.partition,
    messageId: inboxKey({ address: record.address, messageId: record.id }),
  }))
  const loaded = missing.length + messageIds.length === 0 ? nothing : await parts.store.load({ addresses: missing, messageIds })
  const standing = new Map<string, string>()
  for (const row of loaded.actors) {
    reviveInto(row, parts.registry, actors, standing)
  }
  for (const address of addresses.keys()) {
    if (behindHeld(address)) {
      standing.set(address, 'earlier messages are held')
    }
  }
  const seen = new Map(loaded.seen.map((entry) => [entry.messageId, entry]))
  return {
    ...work,
    owner: parts.owner,
    now: parts.partitions.now(),
    registry: parts.registry,
    claims: parts.partitions.asMap(),
    actors,
    standing,
    seen,
  }
}

const nothing: { readonly actors: readonly ActorRow[]; readonly seen: readonly InboxRow[] } = { actors: [], seen: [] }

function reviveInto(row: ActorRow, registry: Registry, actors: Map<string, LiveActor>, standing: Map<string, string>): void {
  const kind = registry.typeOf(row.address)
  if (kind === undefined) {
    standing.set(row.address, `actor type '${row.type}' is not registered`)
    return
  }
  try {
    actors.set(row.address, revive(row, kind))
  } catch (error) {
    standing.set(row.address, messageOf(error))
  }
}
