import { createHash } from 'node:crypto'
import { addressHash } from './message.ts'

/** Ids are unique for an address, known by name or by hash: two senders may use the same id for different actors. */
export function inboxKey(message: { readonly address: string; readonly messageId: string }): string {
  return `${addressHash(message.address)}#${message.messageId}`
}

/** Tells 'same id, other bytes' apart. */
export function digestOf(body: string): string {
  return createHash('sha256').update(body).digest('hex').slice(0, 16)
}
