import type { BatchInput } from '../../machines/batch.machine.ts'
import { isAddress } from '../../runtime/message.ts'
import { repairStrings } from '../../runtime/strict-json.ts'
import { withTrace } from '../../runtime/tracing.ts'
import { assertEssayCount, batchAddress, batchInput, type BatchRequest, BatchRequestError } from '../request.ts'
import { type BatchSettings, batchSettings } from '../settings.ts'
import { type Complaint, complaintOf } from '../wire/complaint.ts'
import type { InboundEnvelope } from '../wire/envelope.ts'
import { momentOf } from '../wire/formats.ts'
import { readHints } from '../wire/hints.ts'
import { type RequestData, requestData } from '../wire/request.ts'
import { eventId } from '../wire-ids.ts'
import { refusedRequest, type RefusedRequest } from './refused-request.ts'
import { envelopeOf, invalidEnvelope, type MessageOrigin, messageId, noMessageId, parsed, type Undecodable, undecodable } from './record.ts'

/** The birth of a batch. */
export interface DecodedRequest {
  readonly kind: 'message'
  readonly address: string
  readonly id: string
  readonly messageKind: 'create'
  readonly body: BatchInput
  /** Of the envelope's metadata. */
  readonly traceparent?: string
}

/**
 * Reads a record of the request topic, or the same envelope from elsewhere. Never throws.
 * @param overrides settings that differ from the defaults; budget, policy and seed are frozen into the birth
 * @param maxBodyBytes what the log takes of a birth; default: whoever sends it finds out
 */
export function decodeRequest(
  text: string,
  origin: MessageOrigin | undefined,
  overrides: Partial<BatchSettings> = {},
  maxBodyBytes = Number.POSITIVE_INFINITY,
): DecodedRequest | RefusedRequest | Undecodable {
  const json = parsed(text)
  if (!('value' in json)) {
    return json
  }
  const read = envelopeOf(json.value)
  if ('complaint' in read) {
    return invalidEnvelope(read.complaint)
  }
  const { envelope } = read
  const id = messageId(envelope.event_id, origin)
  if (id === undefined) {
    return noMessageId
  }
  const batchId = batchIdIn(envelope.data)
  if (batchId === undefined) {
    return undecodable(
      'entity-id-missing',
      'data.entity_id is missing or unusable; give the batch id, at most 200 characters',
      'data.entity_id',
    )
  }
  const address = batchAddress(batchId)
  const correlationId = envelope.correlation_id?.toLowerCase() ?? eventId(address, 'correlation')
  const made = inputOf(envelope, { batchId, correlationId, originalRequest: text }, overrides)
  const known = { text, address, id, batchId, correlationId, at: timeOf(envelope, origin) }
  if ('complaint' in made) {
    return refusedRequest(known, made.complaint)
  }
  return isTooLarge(made.input, text, maxBodyBytes)
    ? refusedRequest(known, tooLarge)
    : withTrace({ kind: 'message', address, id, messageKind: 'create', body: made.input }, envelope.metadata?.['traceparent'])
}

/** The birth holds the request as it came and what is read from it: less than three times its text, which is quicker to measure. */
function isTooLarge(input: BatchInput, text: string, maxBodyBytes: number): boolean {
  return text.length * 3 > maxBodyBytes && Buffer.byteLength(JSON.stringify(input)) > maxBodyBytes
}

const tooLarge: Complaint = {
  field: 'essays_for_cj',
  problem: 'is too large to be kept with its request; ask for fewer essays at once, or use shorter ids',
}

/** A batch id that can be addressed, in the form it is stored in. */
function batchIdIn(data: InboundEnvelope['data']): string | undefined {
  const { entity_id: given } = data
  const id = typeof given === 'string' ? repairStrings(given) : ''
  return id !== '' && isAddress(batchAddress(id)) ? id : undefined
}

type Known = Pick<BatchRequest, 'batchId' | 'originalRequest'> & { readonly correlationId: string }

function inputOf(
  envelope: InboundEnvelope,
  known: Known,
  overrides: Partial<BatchSettings>,
): { readonly input: BatchInput } | { readonly complaint: Complaint } {
  try {
    // First: a million wrong essays would be a million complaints.
    assertEssayCount(lengthOf(envelope.data['essays_for_cj']), overrides.maxEssays ?? batchSettings.maxEssays)
    const data = requestData.safeParse(envelope.data)
    if (!data.success) {
      return { complaint: complaintOf(data.error) }
    }
    return { input: batchInput({ ...requestOf(data.data, envelope.metadata), ...known }, overrides) }
  } catch (error) {
    if (error instanceof BatchRequestError) {
      return { complaint: { field: wireField(error.field), problem: error.message.slice(error.field.length + 2) } }
    }
    throw error
  }
}

function lengthOf(value: unknown): number {
  return Array.isArray(value) ? value.length : 0
}

/** A request in the words of the embedder's API. */
function requestOf(data: RequestData, metadata: unknown): Omit<BatchRequest, keyof Known> {
  const { maxComparisons, batchingMode, batchConfig } = readHints(metadata)
  return {
    essays: data.essays_for_cj.map((essay) => ({ id: essay.essay_id, storageId: essay.text_storage_id })),
    userId: data.user_id,
    orgId: data.org_id ?? null,
    language: data.language,
    courseCode: data.course_code,
    assignmentId: data.assignment_id ?? null,
    promptStorageId: data.student_prompt_ref?.references['student_prompt_text']?.storage_id ?? null,
    llm: llmOf(data.llm_config_overrides ?? {}),
    batchConfig,
    ...(maxComparisons === undefined ? {} : { maxComparisons }),
    ...(batchingMode === undefined ? {} : { batchingMode }),
  }
}

/** Null and absent are the same; 0 is a temperature. */
function llmOf(overrides: NonNullable<RequestData['llm_config_overrides']>): NonNullable<BatchRequest['llm']> {
  return {
    provider: overrides.provider_override ?? undefined,
    model: overrides.model_override ?? undefined,
    temperature: overrides.temperature_override ?? undefined,
    maxTokens: overrides.max_tokens_override ?? undefined,
    systemPrompt: overrides.system_prompt_override ?? undefined,
    judgeRubric: overrides.judge_rubric_override ?? undefined,
    reasoningEffort: overrides.reasoning_effort ?? undefined,
    outputVerbosity: overrides.output_verbosity ?? undefined,
  }
}

const wireNames: Readonly<Record<string, string>> = {
  batchId: 'entity_id',
  essays: 'essays_for_cj',
  id: 'essay_id',
  storageId: 'text_storage_id',
  userId: 'user_id',
  orgId: 'org_id',
  courseCode: 'course_code',
  assignmentId: 'assignment_id',
  promptStorageId: 'student_prompt_ref.references.student_prompt_text.storage_id',
  'llm.provider': 'llm_config_overrides.provider_override',
  'llm.model': 'llm_config_overrides.model_override',
}

/** The field of the wire that a field of the API came from. */
function wireField(field: string): string {
  const [first = '', ...rest] = field.split('.')
  return wireNames[field] ?? [first, ...rest].map((name) => wireNames[name] ?? name).join('.')
}

/** A time that is the same when the record is read again: the record's own, else the sender's. */
function timeOf(envelope: InboundEnvelope, origin: MessageOrigin | undefined): number {
  const ofRecord = origin !== undefined && 'topic' in origin ? origin.timestamp : undefined
  return ofRecord ?? (envelope.event_timestamp == null ? undefined : momentOf(envelope.event_timestamp)) ?? 0
}
