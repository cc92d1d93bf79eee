import { describe, expect, it } from 'vitest'
import { type DecodedRequest, decodeRequest } from '../../src/batch/inbound/decode-request.ts'
import type { MessageOrigin, Undecodable } from '../../src/batch/inbound/record.ts'
import type { RefusedRequest } from '../../src/batch/inbound/refused-request.ts'
import { failedMessage } from '../../src/batch/wire/completion.ts'
import { readHints } from '../../src/batch/wire/hints.ts'
import { requestMessage } from '../../src/batch/wire/request.ts'
import { recorded, type RecordedEnvelope, recordText } from './records.ts'

const origin = { topic: 'huleedu.els.cj_assessment.requested.v1', partition: 3, offset: '41', timestamp: 1_772_439_301_000 }
const batchId = 'a5a50000-0000-4000-8000-000000000001'

function decoded(envelope: object | string, from: MessageOrigin = origin, settings = {}): DecodedRequest {
  return kindOf(
    'message',
    decodeRequest(typeof envelope === 'string' ? envelope : JSON.stringify(envelope), from, settings),
  ) as DecodedRequest
}

function refused(envelope: object, settings = {}): RefusedRequest {
  return kindOf('refused', decodeRequest(JSON.stringify(envelope), origin, settings)) as RefusedRequest
}

function undecodable(text: string): Undecodable {
  return kindOf('undecodable', decodeRequest(text, origin)) as Undecodable
}

function kindOf<T extends { readonly kind: string }>(kind: string, value: T): T {
  expect(value, JSON.stringify(value).slice(0, 500)).toMatchObject({ kind })
  return value
}

/** The recorded request with some of its data replaced; `undefined` leaves a field out. */
function withData(change: Record<string, unknown>, name = 'request-minimal'): RecordedEnvelope {
  const envelope = recorded(name)
  return { ...envelope, data: { ...envelope.data, ...change } }
}

describe('a request', () => {
  it.each(['request-minimal', 'request-full', 'request-assignment-swedish', 'request-one-essay', 'domain-request'])(
    '%s is read, and is what the schema says',
    (name) => {
      expect(requestMessage.safeParse(recorded(name)).success).toBe(true)
      const { address, id, messageKind, body } = decoded(recordText(`recorded/${name}`))
      const { data, event_id, correlation_id } = recorded(name)
      expect({ address, id, messageKind }).toEqual({ address: `batch/${String(data['entity_id'])}`, id: event_id, messageKind: 'create' })
      expect(body).toMatchObject({ bosBatchId: data['entity_id'], correlationId: correlation_id, userId: data['user_id'] })
      expect(body.originalRequest).toBe(recordText(`recorded/${name}`))
      expect(body.essays).toHaveLength((data['essays_for_cj'] as object[]).length)
    },
  )

  it('tells the trace context of its metadata, if it is one', () => {
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
    expect(recorded('request-full').metadata).toMatchObject({ traceparent })
    expect(decoded(recorded('request-full')).traceparent).toBe(traceparent)
    for (const metadata of [null, {}, { traceparent: 7 }, { traceparent: traceparent.toUpperCase() }, { traceparent: `${traceparent} ` }]) {
      expect(decoded({ ...recorded('request-minimal'), metadata })).not.toHaveProperty('traceparent')
    }
  })

  it('carries all that later steps need', () => {
    const { body } = decoded(recorded('request-full'), origin, { maxPairwiseComparisons: 350 })
    expect(body).toMatchObject({
      bosBatchId: batchId,
      correlationId: 'a5a50000-0000-4000-8000-000000000002',
      userId: 'teacher-17',
      orgId: 'org-3',
      language: 'en',
      courseCode: 'ENG5',
      assignmentId: null,
      policy: { totalBudget: 60, explicitBudget: true, singleSubmission: false },
    })
    expect(body.essays[5]).toEqual(['essay-6', 'text-6'])
    expect(body.options).toEqual({
      promptStorageId: 'prompt-1',
      llm: { provider: 'mock', model: 'mock-model-v1', temperature: 0, maxTokens: 400, judgeRubric: 'Prefer the clearer argument.' },
      batchingMode: 'serial_bundle',
      requestedComparisons: 60,
      budgetSource: 'runner_override',
      batchConfig: {},
    })
  })

  it('without a budget has the service’s own, as a ceiling', () => {
    const { body } = decoded(recorded('request-minimal'))
    expect(body.policy).toMatchObject({ totalBudget: 120, explicitBudget: false })
    expect(body.options).toMatchObject({ requestedComparisons: null, budgetSource: 'service_default', promptStorageId: null, llm: {} })
  })

  it('that asks for more than the operator’s ceiling gets the ceiling', () => {
    const envelope = { ...recorded('request-minimal'), metadata: { max_comparisons: 552 } }
    expect(decoded(envelope, origin, { maxPairwiseComparisons: 288 }).body.policy.totalBudget).toBe(288)
    const wider = { maxPairwiseComparisons: 288, maxComparisonsCeiling: 600 }
    expect(decoded(envelope, origin, wider).body.policy).toMatchObject({ totalBudget: 552, explicitBudget: true })
  })

  it('with an assignment leaves the prompt of the event aside', () => {
    const prompt = { references: { student_prompt_text: { storage_id: 'p', path: '' } } }
    expect(decoded(withData({ student_prompt_ref: prompt })).body.options.promptStorageId).toBe('p')
    expect(decoded(withData({ student_prompt_ref: prompt, assignment_id: 'a' })).body.options.promptStorageId).toBeNull()
  })

  it('for whole batches at the provider is one submission, where the provider has such an interface', () => {
    const hinted = { ...recorded('request-minimal'), metadata: { llm_batching_mode_hint: 'Provider_Batch_API' } }
    expect(decoded(hinted).body).toMatchObject({ options: { batchingMode: 'provider_batch_api' }, policy: { singleSubmission: true } })
    const mock = { ...hinted, data: { ...hinted.data, llm_config_overrides: { provider_override: 'mock' } } }
    expect(decoded(mock).body).toMatchObject({ options: { batchingMode: 'serial_bundle' }, policy: { singleSubmission: false } })
  })

  it('that names no batching mode has that of the settings, by the same rule', () => {
    const settings = { batchingMode: 'provider_batch_api' }
    expect(decoded(recorded('request-minimal'), origin, settings).body).toMatchObject({ policy: { singleSubmission: true } })
    expect(decoded(recorded('request-minimal'), origin, { ...settings, defaultProvider: 'google' }).body).toMatchObject({
      options: { batchingMode: 'serial_bundle' },
      policy: { singleSubmission: false },
    })
    const hinted = { ...recorded('request-minimal'), metadata: { llm_batching_mode_hint: 'per_request' } }
    expect(decoded(hinted, origin, settings).body).toMatchObject({ options: { batchingMode: 'per_request' } })
  })

  it('may hold fields of tomorrow everywhere', () => {
    const envelope = recorded('request-full')
    const [essay] = envelope.data['essays_for_cj'] as object[]
    const data = { ...envelope.data, tomorrow: {}, essays_for_cj: [{ ...essay, colour: 1 }], llm_config_overrides: { seed: 4 } }
    expect(decoded({ ...envelope, tomorrow: [1], data, metadata: { traceparent: 'x', max_comparisons: 60 } }).body.essays).toHaveLength(1)
  })

  it('is the same message however often its record is read, and another for another record', () => {
    const { event_id: _, ...anonymous } = recorded('request-minimal')
    const first = decoded(anonymous)
    expect(decoded(anonymous)).toEqual(first)
    expect(decoded(anonymous, { ...origin, offset: 42 }).id).not.toBe(first.id)
    expect(decoded(anonymous, { idempotencyKey: 'key-1' }).id).toBe('key-1')
    expect(decoded({ ...anonymous, event_id: 'A5A50000-0000-4000-8000-00000000000A' }).id).toBe('a5a50000-0000-4000-8000-00000000000a')
  })

  it('without a correlation id gets one that is the same for a second request of the batch', () => {
    const { correlation_id: _, ...envelope } = recorded('request-minimal')
    const { correlationId } = decoded(envelope).body
    expect(correlationId).toMatch(/^[0-9a-f-]{36}$/)
    expect(decoded({ ...envelope, event_id: null }).body.correlationId).toBe(correlationId)
  })

  it('is made storable where its texts are not', () => {
    const essays = [{ essay_id: 'e\u0000', text_storage_id: '\ud800' }]
    const { address, body } = decoded(withData({ entity_id: 'b\u0000\udc00', essays_for_cj: essays }))
    expect(address).toBe('batch/b\ufffd\ufffd')
    expect(body.essays).toEqual([['e\ufffd', '\ufffd']])
  })
})

describe('hints of the metadata', () => {
  it.each([true, '60', 0, -1, 60.5, null, [60], {}])('max_comparisons %j is ignored', (value) => {
    expect(readHints({ max_comparisons: value })).toEqual({ batchConfig: {} })
  })

  it.each([
    ['PER_REQUEST', 'per_request'],
    ['serial_bundle', 'serial_bundle'],
    ['batch', undefined],
    [7, undefined],
  ])('the mode %j is read as %j', (hint, mode) => {
    expect(readHints({ llm_batching_mode_hint: hint }).batchingMode).toBe(mode)
  })

  it('the hint wins over the override, and an unknown hint does not', () => {
    const overrides = { llm_batching_mode_override: 'per_request' }
    expect(readHints({ batch_config_overrides: overrides, llm_batching_mode_hint: 'serial_bundle' }).batchingMode).toBe('serial_bundle')
    expect(readHints({ batch_config_overrides: overrides, llm_batching_mode_hint: 'other' }).batchingMode).toBe('per_request')
  })

  it('of a batch’s configuration are kept one by one, within their ranges', () => {
    const given = { batch_size: 200, max_concurrent_batches: 6, partial_completion_threshold: 0.5 }
    expect(readHints({ batch_config_overrides: given }).batchConfig).toEqual({ batchSize: 200, partialCompletionThreshold: 0.5 })
    expect(readHints({ batch_config_overrides: { batch_size: 9 } }).batchConfig).toEqual({})
    expect(readHints({ batch_config_overrides: 'small' }).batchConfig).toEqual({})
  })

  it.each([null, undefined, 7, []])('%j holds none', (metadata) => {
    expect(readHints(metadata)).toEqual({ batchConfig: {} })
  })
})

describe('a request that is wrong', () => {
  it.each([
    ['user_id', { user_id: undefined }],
    ['user_id', { user_id: '' }],
    ['course_code', { course_code: 'MA1' }],
    ['system_metadata', { system_metadata: undefined }],
    ['essays_for_cj', { essays_for_cj: {} }],
    ['essays_for_cj.0.text_storage_id', { essays_for_cj: [{ essay_id: 'e' }] }],
    ['essays_for_cj.0.essay_id', { essays_for_cj: [{ essay_id: 'e'.repeat(501), text_storage_id: 's' }] }],
    ['essays_for_cj', { essays_for_cj: [1, 2].map((text) => ({ essay_id: 'e', text_storage_id: `${text}` })) }],
    ['llm_config_overrides.temperature_override', { llm_config_overrides: { temperature_override: 2.1 } }],
    ['llm_config_overrides.reasoning_effort', { llm_config_overrides: { reasoning_effort: 'extreme' } }],
    ['assignment_id', { assignment_id: 'a'.repeat(101) }],
    ['event_name', { event_name: 'cj_assessment.completed' }],
    ['entity_id', { entity_id: 'x'.repeat(201) }],
  ])('is refused, naming %s, with the failed event that says so: %j', (field, change) => {
    const { id, cause, message, body, outputs, address } = refused(withData(change))
    expect({ id, cause, field: message.split(': ')[0] }).toEqual({
      id: 'a5a50000-0000-4000-8000-00000000000a',
      cause: 'VALIDATION_ERROR',
      field,
    })
    expect(body).toBe(JSON.stringify(withData(change)))
    const [output] = outputs
    expect(outputs).toHaveLength(1)
    expect(output).toMatchObject({ topic: 'huleedu.cj_assessment.failed.v1', key: address.slice('batch/'.length) })
    const event = failedMessage.parse(output?.payload)
    expect(event).toMatchObject({ event_id: output?.id, correlation_id: 'a5a50000-0000-4000-8000-000000000002' })
    expect(event.data).toMatchObject({ cj_assessment_job_id: 'INITIALIZATION_FAILED', timestamp: '2026-03-02T08:15:01.000Z' })
    expect(event.data.system_metadata.error_info).toMatchObject({
      error_code: 'VALIDATION_ERROR',
      error_message: message,
      context: { field },
    })
  })

  it('is refused the same way each time, and a second wrong request has an answer of its own', () => {
    const wrong = withData({ user_id: null })
    expect(refused(wrong)).toEqual(refused(wrong))
    const second = refused({ ...wrong, event_id: 'a5a50000-0000-4000-8000-0000000000ff' })
    expect(second.outputs[0]?.id).not.toBe(refused(wrong).outputs[0]?.id)
  })

  it('of too many essays names the setting', () => {
    expect(refused(recorded('request-minimal'), { maxEssays: 3 }).message).toMatch(
      /^essays_for_cj: there are 4, at most 3 .*QUIRE_MAX_ESSAYS/,
    )
  })

  it.each([
    ['not-json', '{"a":'],
    ['not-json', ''],
    ['envelope-invalid', '[]'],
    ['envelope-invalid', 'null'],
    ['envelope-invalid', JSON.stringify({ ...recorded('request-minimal'), data: 'x' })],
    ['envelope-invalid', JSON.stringify({ ...recorded('request-minimal'), event_id: 'x' })],
    ['envelope-invalid', JSON.stringify({ ...recorded('request-minimal'), event_type: undefined })],
    ['entity-id-missing', JSON.stringify(withData({ entity_id: null }))],
    ['entity-id-missing', JSON.stringify(withData({ entity_id: '' }))],
    ['entity-id-missing', JSON.stringify(withData({ entity_id: 'x'.repeat(1_000) }))],
  ])('beyond an answer is %s: %.60s', (cause, text) => {
    const result = undecodable(text)
    expect(result.cause).toBe(cause)
    expect(result.message).toMatch(/send|give/)
  })

  it('has no id without a record, an event_id and a key', () => {
    const text = JSON.stringify({ ...recorded('request-minimal'), event_id: null })
    for (const from of [undefined, { idempotencyKey: '' }, { idempotencyKey: 'x'.repeat(257) }]) {
      expect(decodeRequest(text, from)).toMatchObject({
        cause: 'message-id-missing',
        message: expect.stringContaining('Idempotency-Key') as string,
      })
    }
  })

  it('may be nested as deeply as it likes', () => {
    const deep = '['.repeat(100_000) + ']'.repeat(100_000)
    const text = JSON.stringify(withData({ tomorrow: 0 })).replace('"tomorrow":0', `"tomorrow":${deep}`)
    expect(JSON.parse(JSON.stringify(decoded(text).body))).toMatchObject({ bosBatchId: batchId })
  })
})
