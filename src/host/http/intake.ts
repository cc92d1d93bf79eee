import { z } from 'zod'
import { assignmentRefusal } from '../../batch/inbound/admit-request.ts'
import { decodeCallback } from '../../batch/inbound/decode-callback.ts'
import { decodeRequest } from '../../batch/inbound/decode-request.ts'
import { envelopeOf, type MessageOrigin, parsed, type Undecodable } from '../../batch/inbound/record.ts'
import { callbackData, callbackMessage } from '../../batch/wire/callback.ts'
import { type Complaint, complaintOf, sentenceOf } from '../../batch/wire/complaint.ts'
import { requestMessage } from '../../batch/wire/request.ts'
import type { BatchInput } from '../../machines/batch.machine.ts'
import { hashAddress, type Position } from '../../runtime/message.ts'
import { withTrace } from '../../runtime/tracing.ts'
import { batchOf } from '../batch-ids.ts'
import { type Api, type ApiParts, errorAnswers, whileUp } from './api.ts'
import { ApiError } from './api-error.ts'
import { idempotencyKey } from './idempotency-key.ts'

const taken = z.object({
  messageId: z.string().describe('Of the message in the log: the same id sent again counts once.'),
  batch: z.string().optional(),
  position: z.object({ partition: z.int(), offset: z.int() }),
})

/** How long the log may take to acknowledge, ms (rules 16). */
const sendTimeoutMs = 5_000

const utf8 = new TextDecoder('utf-8', { fatal: true })

/**
 * The envelopes of the request and callback topics, over HTTP: decoded by the same code, kept as the same text. The answer comes
 * when the log has the message; what cannot be decoded is told to the caller, and nothing is written.
 */
export function intake(app: Api, parts: ApiParts): void {
  app.removeContentTypeParser('application/json')
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, async (_: unknown, body: Buffer) => textOf(body))
  // The text goes to the topic's own decoder; the schema is for the document.
  const validatorCompiler = () => (value: unknown) => ({ value })
  const options = (summary: string, body: z.ZodType) => ({
    validatorCompiler,
    schema: { tags: ['intake'], summary, body, response: { ...errorAnswers, 202: taken } },
  })
  app.post('/v1/batches', options('Ask for a batch: the envelope of the request topic', requestMessage), async (request, reply) => {
    const { address, id, body, traceparent } = requestIn(request.body as string, originOf(request), parts)
    await assertAssignment(body, parts)
    const position = await parts.quire.create(address, body, sending(id, request.headers['traceparent'] ?? traceparent))
    parts.log.info({ address, messageId: id, by: request.actor }, 'a batch was asked for')
    const batch = batchOf(address)
    return reply.code(202).send({ ...answerOf(id, position), ...(batch === undefined ? {} : { batch }) })
  })
  app.post('/v1/callbacks', options('Hand in a verdict: the envelope of the callback topic', callbackMessage), async (request, reply) => {
    const { hash, id, body, traceparent } = callbackIn(request.body as string, originOf(request))
    const sent = sending(id, request.headers['traceparent'] ?? traceparent)
    const position = await parts.quire.send(hashAddress('batch', hash), body, sent)
    return reply.code(202).send(answerOf(id, position))
  })
}

function sending(id: string, traceparent: unknown) {
  return withTrace({ id, timeoutMs: sendTimeoutMs }, traceparent)
}

function answerOf(messageId: string, { partition, offset }: Position) {
  return { messageId, position: { partition, offset } }
}

function originOf(request: Parameters<typeof idempotencyKey>[0]): MessageOrigin | undefined {
  const key = idempotencyKey(request)
  return key === undefined ? undefined : { idempotencyKey: key }
}

function textOf(body: Buffer): string {
  try {
    return utf8.decode(body)
  } catch {
    throw new ApiError(400, 'not-json', 'the body is not UTF-8; send one envelope as UTF-8 JSON')
  }
}

function requestIn(text: string, origin: MessageOrigin | undefined, { batchSettings }: ApiParts) {
  const decoded = decodeRequest(text ?? '', origin, batchSettings)
  switch (decoded.kind) {
    case 'message':
      return decoded
    case 'refused':
      throw new ApiError(400, 'VALIDATION_ERROR', decoded.message, decoded.field)
    case 'undecodable':
      throw complaintAbout(decoded)
  }
}

/**
 * A request that does not fit its assignment is refused at once where the database can be asked; else the batch itself fails by
 * it, as one of the topic does then.
 */
async function assertAssignment(input: BatchInput, parts: ApiParts): Promise<void> {
  if (input.assignmentId === null || parts.quire.status.getSnapshot().context.database.state !== 'up') {
    return
  }
  const refusal = await whileUp(parts, () => assignmentRefusal(input, parts.quire.rows))
  if (refusal !== undefined) {
    throw new ApiError(400, 'VALIDATION_ERROR', `${refusal.field}: ${refusal.message}`, refusal.field)
  }
}

/** On the topic a malformed callback is an error outcome, for nobody could be told; here the caller is, and may correct it. */
function callbackIn(text: string, origin: MessageOrigin | undefined) {
  const decoded = decodeCallback(text ?? '', origin)
  if (decoded.kind === 'ignored') {
    throw new ApiError(404, decoded.cause, decoded.message, decoded.field)
  }
  if (decoded.kind === 'undecodable') {
    throw complaintAbout(decoded)
  }
  const complaint = complaintIn(text)
  if (complaint !== undefined) {
    throw new ApiError(400, 'VALIDATION_ERROR', `${sentenceOf(complaint)}; correct it and send the callback again`, complaint.field)
  }
  return decoded
}

function complaintIn(text: string): Complaint | undefined {
  const json = parsed(text)
  const read = 'value' in json ? envelopeOf(json.value) : { complaint: { field: '', problem: json.message } }
  if ('complaint' in read) {
    return read.complaint
  }
  const data = callbackData.safeParse(read.envelope.data)
  if (data.success) {
    return undefined
  }
  const { field, problem } = complaintOf(data.error)
  return { field: field === '' ? 'data' : `data.${field}`, problem }
}

function complaintAbout({ cause, message, field }: Undecodable): ApiError {
  return new ApiError(400, cause, message, field)
}
