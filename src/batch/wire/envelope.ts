import { z } from 'zod'
import { timeIn, timeOut, uuidIn, uuidOut, uuidThrough } from './formats.ts'
import { sourceService } from './topics.ts'

const fields = {
  event_id: uuidIn.nullish().describe('Idempotency id. Absent: derived from topic, partition and offset.'),
  event_type: z.string().min(1).describe('Not used to route: the topic is.'),
  event_timestamp: timeIn.nullish(),
  source_service: z.string(),
  schema_version: z.int().nullish(),
  correlation_id: uuidIn.nullish().describe('Of a request: stands on every event of its batch.'),
  data_schema_uri: z.string().nullish(),
}

const object = z.record(z.string(), z.unknown())

/** EventEnvelope as it is read first, before its data (domain 4.2). Further fields are ignored. */
export const inboundEnvelope = z.object({ ...fields, data: object, metadata: object.nullish() })

export type InboundEnvelope = z.output<typeof inboundEnvelope>

/** The envelope with its data and metadata, for documents and checks of a whole message. */
export function inboundMessage<D extends z.ZodType, M extends z.ZodType>(data: D, metadata: M) {
  return z.object({ ...fields, data, metadata })
}

/** An event Quire sends, exactly. */
export function outboundMessage<T extends string, D extends z.ZodType>(topic: T, data: D) {
  return z.strictObject({
    event_id: uuidOut.describe('A function of batch and kind: a second publication carries the same id.'),
    event_type: z.literal(topic),
    event_timestamp: timeOut,
    source_service: z.literal(sourceService),
    schema_version: z.literal(1),
    correlation_id: uuidThrough.describe('correlation_id of the request.'),
    data_schema_uri: z.null(),
    data,
    metadata: z.null(),
  })
}
