import { createHash } from 'node:crypto'
import type { Traceparent } from './tracing.ts'

/**
 * Where an actor lives: `<actor type>/<id>`, e.g. `batch/42`. The type is what stands before the first slash and
 * names a definition of `createQuire({ actors })`; the id is any non-empty text.
 */
export type Address = string

/** Between the type and the hash of an address known by its hash alone, as a comparison id knows it: `batch/#0123456789abcd`. */
const hashMark = '/#'

/**
 * - `create`: the birth of an actor; `body` is the machine's input.
 * - `event`: an event for a living actor; `body` is the event.
 * - `wake`: from the monitor, to an actor found without a next cause; `body` is `{"type":"WAKE"}`.
 * - `refused`: a request that bears no actor; `body` is a `Refusal`: the dead letter and the outputs it answers with.
 * - `act`: on what is stored of an address, by an operator or by retention; `body` is a `StorageAct`. No actor is stepped.
 */
export type MessageKind = 'create' | 'event' | 'wake' | 'refused' | 'act'

const messageKinds: ReadonlySet<string> = new Set<MessageKind>(['create', 'event', 'wake', 'refused', 'act'])

export function isMessageKind(text: string | undefined): text is MessageKind {
  return text !== undefined && messageKinds.has(text)
}

/** What is appended to a mailbox. `body` is JSON text, kept as it came, so that equal ids can be told by equal bytes. */
export interface Message {
  readonly id: string
  readonly address: Address
  readonly kind: MessageKind
  readonly body: string
  /** Id of the dead letter this message replays. */
  readonly replayOf?: string
  /** Where its cause stands in a trace. */
  readonly traceparent?: Traceparent
}

/** Where a message lies in the log. Offsets rise within a partition, in commit order; gaps are legal. */
export interface Position {
  readonly partition: number
  readonly offset: number
}

/** A message as it is read from the log. `appendedAt` is in ms since the epoch. */
export interface MailboxRecord extends Message, Position {
  readonly appendedAt: number
}

/** The actor type of an address: `batch/42` -> `batch`. */
export function actorTypeOf(address: Address): string {
  const slash = address.indexOf('/')
  return slash < 0 ? address : address.slice(0, slash)
}

/** True for `<type>/<id>` with both parts non-empty, an id that does not begin with `#`, and at most 512 characters. */
export function isAddress(text: string): boolean {
  const slash = text.indexOf('/')
  return slash > 0 && slash < text.length - 1 && text.length <= 512 && text[slash + 1] !== '#'
}

/** The address of an actor of which only the hash is known; the owner of the partition finds out the real one. */
export function hashAddress(type: string, hash: string): Address {
  return `${type}${hashMark}${hash}`
}

export function isHashAddress(address: Address): boolean {
  return /^[^/]+\/#[0-9a-f]{14}$/.test(address)
}

/** The first 56 bits of SHA-256 of the address, as 14 hex digits. It decides the partition and is part of comparison ids. */
export function addressHash(address: Address): string {
  return isHashAddress(address)
    ? address.slice(address.indexOf('/') + hashMark.length)
    : createHash('sha256').update(address).digest('hex').slice(0, 14)
}

/** The partition of an address hash (14 hex digits) among `partitions`. */
export function partitionOfHash(hash: string, partitions: number): number {
  return Number(BigInt(`0x${hash}`) % BigInt(partitions))
}

/** The partition of an address among `partitions`. */
export function partitionOf(address: Address, partitions: number): number {
  return partitionOfHash(addressHash(address), partitions)
}
