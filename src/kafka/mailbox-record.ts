import { isMessageKind, type MailboxRecord, type Message } from '../runtime/message.ts'
import type { FetchedRecord, NewRecord } from './client.ts'

/** A message as a record of the mailbox topic: the body as it came, the rest in key and headers. */
export function recordOfMessage(topic: string, partition: number, { address, body, ...message }: Message): NewRecord {
  const { id, kind, replayOf, traceparent } = message
  const headers = { id, kind, ...(replayOf === undefined ? {} : { replayOf }), ...(traceparent === undefined ? {} : { traceparent }) }
  return { topic, partition, key: address, value: body, headers }
}

/** A record of the mailbox topic as a message. A foreign one becomes a message to nobody, which ends in the dead letters. */
export function messageOfRecord(partition: number, { offset, timestamp, key, value, headers }: FetchedRecord): MailboxRecord {
  const { id, kind, replayOf, traceparent } = headers
  return {
    partition,
    offset,
    appendedAt: timestamp,
    id: id ?? `mailbox/${partition}/${offset}`,
    address: key ?? `unknown/${partition}-${offset}`,
    kind: isMessageKind(kind) ? kind : 'event',
    body: value === null ? '' : Buffer.from(value).toString('utf8'),
    ...(replayOf === undefined ? {} : { replayOf }),
    ...(traceparent === undefined ? {} : { traceparent }),
  }
}
