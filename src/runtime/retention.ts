import { messageOf } from './errors.ts'
import { actorTypeOf, addressHash, type Message } from './message.ts'
import type { Archive, ArchivedRow } from './archive.ts'
import type { DoneActor, Logger, Mailbox, Store } from './ports.ts'
import type { Registry } from './registry.ts'
import type { StorageAct } from './storage-act.ts'
import { graveOf, type Tombstone } from './tombstone.ts'

export interface RetentionParts {
  readonly store: Pick<Store, 'over' | 'storedOf' | 'actor'>
  readonly mailbox: Pick<Mailbox, 'append'>
  readonly archive?: Archive
  readonly logger: Logger
  readonly owned: () => readonly number[]
  readonly now: () => number
  readonly terms: readonly RetentionTerm[]
}

/** How long actors of a type are kept after their end, ms. */
export interface RetentionTerm {
  readonly type: string
  readonly keepMs: number
}

const dayMs = 24 * 3_600_000

/** The terms of all types that are not kept for ever: each definition's own, else the runtime's. */
export function retentionTerms(registry: Pick<Registry, 'all'>, retentionMs: number): readonly RetentionTerm[] {
  return registry.all
    .map(({ type, definition: { retentionDays } }) => ({ type, keepMs: retentionDays === undefined ? retentionMs : retentionDays * dayMs }))
    .filter(({ keepMs }) => keepMs > 0)
}

/** Actors of a type archived in one round at most; the next round takes the rest. */
const roundSize = 1_000

/**
 * Archives actors that ended long ago, then has them deleted: each is written durably before a message asks its owner to
 * bury it, as it was archived. After a crash between the two it is written again, under the same name.
 * @returns how many were archived
 */
export async function archiveOver(parts: RetentionParts): Promise<number> {
  const { archive, logger, now, owned, store, terms } = parts
  let archived = 0
  for (const { type, keepMs } of archive === undefined ? [] : terms) {
    for (const actor of await store.over(type, owned(), now() - keepMs, roundSize)) {
      const written = await archiveOne(actor, parts)
      if (written === undefined) {
        return archived
      }
      archived += written
    }
  }
  if (archived > 0) {
    logger.info({ archived }, 'actors were archived and will be deleted')
  }
  return archived
}

/**
 * How many were archived: none when it was buried meanwhile, by the message of an earlier round or by whoever forgot it. Undefined
 * when the archive could not be written: then there is no use in trying the next.
 */
async function archiveOne(actor: DoneActor, { archive, logger, mailbox, store }: RetentionParts): Promise<number | undefined> {
  const name = archiveName(actor)
  const rows = await store.storedOf(actor)
  // Some of these rows may be what the burial has left: they must not replace the document that is whole.
  if ((await graveNow(actor, store)) !== undefined) {
    return 0
  }
  try {
    await archive?.write(name, documentOf(actor, rows))
  } catch (error) {
    logger.error({ address: actor.address, error: messageOf(error) }, 'an actor could not be archived; nothing is deleted')
    return undefined
  }
  // Whoever forgot it meanwhile could not know of this document.
  if ((await graveNow(actor, store))?.cause === 'forgotten') {
    await archive?.remove(name)
    return 0
  }
  await mailbox.append([burialOf(actor, name)])
  return 1
}

async function graveNow({ address, partition }: DoneActor, store: Pick<Store, 'actor'>): Promise<Tombstone | undefined> {
  return graveOf(await store.actor(partition, address))
}

/** Month of the end, type, readable part of the id, and the hash that tells it from its like. The same at every try. */
export function archiveName({ address, stateSince }: Pick<DoneActor, 'address' | 'stateSince'>): string {
  const type = actorTypeOf(address)
  const id = address.slice(type.length + 1).replaceAll(/[^A-Za-z0-9_-]/g, '_')
  return `${new Date(stateSince).toISOString().slice(0, 7)}/${type}-${id.slice(0, 80)}-${addressHash(address)}.jsonl`
}

/** First who it is, then every row as it was stored; the last line tells a whole document from a part. */
function documentOf({ address, partition, stateSince }: DoneActor, rows: readonly ArchivedRow[]): readonly object[] {
  return [{ archive: 'quire', version: 1, address, partition, endedAt: new Date(stateSince).toISOString() }, ...rows, { rows: rows.length }]
}

function burialOf({ address, seq }: DoneActor, archive: string): Message {
  const body: StorageAct = { type: 'ARCHIVE', by: 'retention', reason: null, archive, seq }
  return { id: `archive-${seq}`, address, kind: 'act', body: JSON.stringify(body) }
}
