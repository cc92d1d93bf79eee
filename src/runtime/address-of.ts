import type { AnyActorRef } from 'xstate'
import type { Address } from './message.ts'

const refs = Symbol.for('quire.address')

/**
 * A target for `sendTo` in a machine: `sendTo(addressOf('batch/42'), { type: 'PING' })`.
 * The message goes to the outbox and from there to that actor's mailbox, after the commit.
 */
export function addressOf(address: Address): AnyActorRef {
  return { id: address, [refs]: true, send() {} } as object as AnyActorRef
}

/** The address a `sendTo` target names, or undefined when it is something else. */
export function addressTargeted(target: unknown): Address | undefined {
  return typeof target === 'object' && target !== null && Reflect.get(target, refs) === true
    ? (Reflect.get(target, 'id') as Address)
    : undefined
}
