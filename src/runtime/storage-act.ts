import { createHash } from 'node:crypto'
import type { Json } from './define-actor.ts'
import type { Address, Message } from './message.ts'

/** Who acts on what is stored, and why; both are kept in the journal, with the time. */
export interface Actor {
  /** Default `unnamed`. */
  readonly by?: string
  readonly reason?: string
}

/**
 * Body of an `act` message.
 * - `FORGET`: everything stored of the actor is erased; a tombstone stays.
 * - `ARCHIVE`: the same, of an actor that is done and was written to an archive, if it still stands at `seq`.
 * - `REPLAY`, `DISCARD`: of a dead letter; a replay is a message of its own, this one is its record.
 * - `NOTE`: something was done that no actor tells of.
 */
export type StorageAct = { readonly by: string; readonly reason: string | null } & (
  | { readonly type: 'FORGET' }
  | { readonly type: 'ARCHIVE'; readonly archive: string; readonly seq: number }
  | { readonly type: 'REPLAY' | 'DISCARD'; readonly deadLetter: string }
  | { readonly type: 'NOTE'; readonly what: string; readonly details: Json }
)

type Act =
  | { readonly type: 'FORGET' }
  | { readonly type: 'REPLAY' | 'DISCARD'; readonly deadLetter: string }
  | { readonly type: 'NOTE'; readonly what: string; readonly details: Json }

/** An act as a message body. */
export function storageAct(act: Act, { by = 'unnamed', reason }: Actor): StorageAct {
  return { ...act, by, reason: reason ?? null }
}

/** An act on a dead letter as a message; repeated, it is the same one. */
export function letterAct(address: Address, deadLetter: string, type: 'REPLAY' | 'DISCARD', actor: Actor, times: number): Message {
  const name = createHash('sha256').update(deadLetter).digest('hex').slice(0, 16)
  const id = `${type.toLowerCase()}-${name}-${times}`
  return { id, address, kind: 'act', body: JSON.stringify(storageAct({ type, deadLetter }, actor)) }
}
