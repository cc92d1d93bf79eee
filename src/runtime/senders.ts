import type { Connection } from './connection.ts'
import { messageOf, QuireError } from './errors.ts'
import { isAddress, isHashAddress, type Message, type MessageKind, type Position } from './message.ts'
import { isPortFailure } from './port-failure.ts'
import type { Clock, Mailbox } from './ports.ts'
import { assertLossless } from './strict-json.ts'

export interface SenderParts {
  readonly mailbox: Pick<Mailbox, 'append'>
  readonly connection: Pick<Connection, 'use'>
  readonly clock: Clock
  readonly maxMessageBytes: number
}

/** Makes a message of plain values. @throws QuireError `invalid-address`, `invalid-message`, naming what is wrong */
export function messageFor(address: string, kind: MessageKind, value: unknown, id: string, maxBytes: number): Message {
  assertAddress(address)
  if (typeof id !== 'string' || id === '' || id.length > 512) {
    throw new QuireError('invalid-message', `the id of a message for ${address} must be a text of 1 to 512 characters`)
  }
  assertPlain(value, address)
  const body = JSON.stringify(value)
  if (Buffer.byteLength(body) > maxBytes) {
    throw new QuireError('invalid-message', `the message ${id} for ${address} is larger than ${maxBytes} bytes; send a reference instead`)
  }
  return { id, address, kind, body }
}

/** @throws QuireError `invalid-address` */
export function assertAddress(address: string): void {
  if (!isAddress(address) && !isHashAddress(address)) {
    throw new QuireError('invalid-address', `'${address}' is no address; write <actor type>/<id>`)
  }
}

function assertPlain(value: unknown, address: string): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new QuireError('invalid-message', `a message for ${address} must be an object`)
  }
  try {
    assertLossless(value, 'message')
  } catch (cause) {
    throw new QuireError('invalid-message', `a message for ${address} cannot be sent: ${messageOf(cause)}`, { cause })
  }
}

/**
 * Appends messages; resolves when they are durable.
 * @throws QuireError `mailbox-unavailable` after `timeoutMs`: the outcome is unknown and the same ids may be sent again
 */
export async function append(messages: readonly Message[], timeoutMs: number, parts: SenderParts): Promise<readonly Position[]> {
  let expired: QuireError | undefined
  const attempt = parts.connection.use(() => (expired === undefined ? parts.mailbox.append(messages) : Promise.reject(expired)))
  let cancel = (): void => {}
  const limit = new Promise<never>((_, reject) => {
    cancel = parts.clock.schedule(timeoutMs, () => {
      expired = new QuireError(
        'mailbox-unavailable',
        `the mailbox did not acknowledge within ${timeoutMs} ms; the same id may be sent again`,
      )
      reject(expired)
    })
  })
  try {
    return await Promise.race([attempt, limit])
  } catch (error) {
    throw isPortFailure(error, 'database')
      ? new QuireError('mailbox-unavailable', `the mailbox refused: ${error.reason}`, { cause: error })
      : error
  } finally {
    cancel()
    attempt.catch(() => undefined)
  }
}
