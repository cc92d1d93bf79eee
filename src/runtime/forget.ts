import type { Connection } from './connection.ts'
import { type Message, partitionOf, type Position } from './message.ts'
import type { Archive } from './archive.ts'
import type { Store } from './ports.ts'
import { archiveName } from './retention.ts'
import { type Actor, storageAct } from './storage-act.ts'
import { graveOf } from './tombstone.ts'

export interface ForgetParts {
  readonly store: Pick<Store, 'actor'>
  readonly connection: Pick<Connection, 'use'>
  readonly partitions: number
  readonly archive?: Archive
  readonly append: (...messages: readonly Message[]) => Promise<readonly Position[]>
  readonly processed: (position: Position) => Promise<void>
}

/** What is left to do by hand. */
export interface Forgotten {
  /** The archive of an actor that was archived before; deleted too, unless this process does not know where it lies. */
  readonly archive: { readonly name: string; readonly deleted: boolean } | null
}

/**
 * Erases everything stored of an actor, in a turn like any other; its archive, too, where there is one. Done when it resolves;
 * repeated it erases what came late.
 */
export async function forget(address: string, actor: Actor & { readonly id: string }, parts: ForgetParts): Promise<Forgotten> {
  const { id, ...who } = actor
  const stored = () => parts.connection.use(() => parts.store.actor(partitionOf(address, parts.partitions), address))
  const before = await stored()
  const [position] = await parts.append({ id, address, kind: 'act', body: JSON.stringify(storageAct({ type: 'FORGET' }, who)) })
  await parts.processed(position as Position)
  const grave = graveOf(await stored())
  const name = grave?.archive ?? null
  if (name === null) {
    // A round of retention may have written it, and its message comes too late. Of an actor that is not gone it is the only copy soon.
    await (grave === undefined || before === undefined ? undefined : parts.archive?.remove(archiveName(before)))
    return { archive: null }
  }
  await parts.archive?.remove(name)
  return { archive: { name, deleted: parts.archive !== undefined } }
}
