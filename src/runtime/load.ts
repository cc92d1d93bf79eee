import { messageOf } from './errors.ts'
import type { FailureStreaks } from './failure-streaks.ts'
import { addressHash, isHashAddress } from './message.ts'
import type { Claim, Clock, LoadRequest, Store } from './ports.ts'
import type { OwnedPartitions } from './owned-partitions.ts'
import type { Registry } from './registry.ts'
import { type LiveActor, revive } from './snapshot.ts'
import type { SnapshotCache } from './snapshot-cache.ts'
import type { TurnInput } from './turn.ts'
import { inboxKey } from './inbox-key.ts'
import type { ActorRow, InboxRow } from './turn-rows.ts'
import { addressesOf, type Work } from './work.ts'

export interface LoadParts {
  readonly owner: string
  readonly store: Pick<Store, 'load'>
  readonly registry: Registry
  readonly cache: Pick<SnapshotCache, 'get' | 'addressOf'>
  readonly partitions: Pick<OwnedPartitions, 'now'>
  readonly claims: ReadonlyMap<number, Claim>
  readonly clock: Clock
}

/**
 * Everything a turn is decided from: the actors (from the cache, else the database) and the message ids handled before.
 * One round trip, none when there are no messages and every actor is in memory. An actor that cannot be revived stands still.
 */
export async function loadTurn(
  given: Work,
  behindHeld: (address: string) => boolean,
  streaks: FailureStreaks,
  parts: LoadParts,
): Promise<TurnInput> {
  const known = withAddresses(given, (hash) => parts.cache.addressOf(hash))
  const actors = new Map<string, LiveActor>()
  const request = requestFor(known, actors, parts.cache)
  const loaded =
    request.addresses.length + request.messageIds.length + request.hashes.length === 0 ? nothing : await parts.store.load(request)
  const standing = new Map<string, string>()
  const unreadable = new Map<string, ActorRow>()
  const buried = new Map(loaded.actors.filter((row) => row.tombstone !== null).map((row) => [row.address, row]))
  for (const row of loaded.actors.filter(({ address }) => !buried.has(address))) {
    const trouble = reviveInto(row, parts.registry, actors)
    if (trouble !== undefined) {
      standing.set(row.address, trouble)
      unreadable.set(row.address, row)
    }
  }
  const byHash = new Map(loaded.actors.map((row) => [row.addressHash, row.address]))
  const work = request.hashes.length === 0 ? known : withAddresses(known, (hash) => byHash.get(hash))
  for (const address of addressesOf(work).keys()) {
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
    claims: parts.claims,
    actors,
    standing,
    unreadable,
    buried,
    seen,
    streaks,
  }
}

/** What must be read; actors in memory are put into `actors`. */
function requestFor(work: Work, actors: Map<string, LiveActor>, cache: Pick<SnapshotCache, 'get'>): LoadRequest {
  const addresses: { partition: number; address: string }[] = []
  const hashes: { partition: number; hash: string }[] = []
  for (const [address, partition] of addressesOf(work)) {
    const actor = cache.get(address)
    if (actor !== undefined) {
      actors.set(address, actor)
    } else if (isHashAddress(address)) {
      hashes.push({ partition, hash: addressHash(address) })
    } else {
      addresses.push({ partition, address })
    }
  }
  const messageIds = work.records.map(({ partition, address, id }) => ({ partition, messageId: inboxKey({ address, messageId: id }) }))
  return { addresses, messageIds, hashes }
}

/** Messages for a hash get the address it stands for, where that is known; the others are for nobody. */
function withAddresses(work: Work, addressOf: (hash: string) => string | undefined): Work {
  return work.records.some((record) => isHashAddress(record.address))
    ? {
        ...work,
        records: work.records.map((record) =>
          isHashAddress(record.address) ? { ...record, address: addressOf(addressHash(record.address)) ?? record.address } : record,
        ),
      }
    : work
}

const nothing: { readonly actors: readonly ActorRow[]; readonly seen: readonly InboxRow[] } = { actors: [], seen: [] }

/** Why an actor stands still, if it cannot be revived. */
function reviveInto(row: ActorRow, registry: Registry, actors: Map<string, LiveActor>): string | undefined {
  const kind = registry.typeOf(row.address)
  if (kind === undefined) {
    return `actor type '${row.type}' is not registered`
  }
  try {
    actors.set(row.address, revive(row, kind))
    return undefined
  } catch (error) {
    return messageOf(error)
  }
}
