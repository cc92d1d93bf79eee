import type { ActorDefinition, Decoded } from '../../runtime/define-actor.ts'
import type { BatchSettings } from '../settings.ts'
import { topics } from '../wire/topics.ts'
import { decodeCallback, type DecodedVerdict, type ForeignCallback } from './decode-callback.ts'
import { decodeRequest, type DecodedRequest } from './decode-request.ts'
import type { Undecodable } from './record.ts'
import type { RefusedRequest } from './refused-request.ts'

/** The topics that feed batches. They are told apart by name, never by `event_type` (domain 4.1). */
export function inboundTopics(settings: BatchSettings): NonNullable<ActorDefinition['inbound']> {
  return {
    [topics.request]: (record) => addressed(decodeRequest(record.text, record, settings, record.maxBodyBytes)),
    [topics.callback]: (record) => addressed(decodeCallback(record.text, record)),
  }
}

function addressed(decoded: DecodedRequest | DecodedVerdict | ForeignCallback | RefusedRequest | Undecodable): Decoded {
  if (decoded.kind !== 'message') {
    return decoded
  }
  const to = 'hash' in decoded ? { hash: decoded.hash } : { address: decoded.address }
  const { kind, id, messageKind, body, traceparent } = decoded
  return { kind, to, id, messageKind, body, traceparent }
}
