import { describe, expect, it } from 'vitest'
import type { ZodType } from 'zod'
import { comparisonId } from '../../src/batch/comparison-id.ts'
import { verdictOf } from '../../src/batch/verdict.ts'
import { completedMessage, failedMessage } from '../../src/batch/wire/completion.ts'
import { resourceUseMessage } from '../../src/batch/wire/resource-use.ts'
import { resultMessage } from '../../src/batch/wire/result.ts'
import { cjBatchId, eventId } from '../../src/batch/wire-ids.ts'
import { StepBatch, type StepOptions } from '../support/step-batch.ts'
import { expected } from './records.ts'

const address = 'batch/b'
const jobId = cjBatchId(address)
const schemas: Readonly<Record<string, ZodType>> = {
  'huleedu.cj_assessment.completed.v1': completedMessage,
  'huleedu.cj_assessment.failed.v1': failedMessage,
  'huleedu.assessment.result.published.v1': resultMessage,
  'huleedu.resource.consumption.v1': resourceUseMessage,
}
const correlationId = '3d9a7a0e-9a5f-4f5c-8a53-6f6f7c1c2b10'

/** The events of a batch; each is exactly what its schema says. */
function eventsOf(batch: StepBatch) {
  expect(batch.isDone).toBe(true)
  return batch.published.map(({ output }) => {
    const payload = JSON.parse(output.payload) as { readonly event_id: string; readonly data: Record<string, unknown> }
    const schema = schemas[output.target] as ZodType
    expect(schema.safeParse(payload).error).toBeUndefined()
    expect(schema.safeParse({ ...payload, data: { ...payload.data, more: 1 } }).success).toBe(false)
    expect(output.id).toBe(payload.event_id)
    return { topic: output.target, key: output.key, ...payload }
  })
}

/** As the wire's example says it: times to the second, since the batch's own begin; its ids. */
function likeExample(data: Record<string, unknown>): unknown {
  return JSON.parse(
    JSON.stringify(data, (_, value: unknown) => {
      if (typeof value !== 'string' || !/^1970-/.test(value)) {
        return value === jobId ? '41' : value === 'b' ? 'b6a7d0f4-3c1e-4a38-9a37-0c1f3a7b7e55' : value
      }
      const since = Date.parse('2026-03-02T08:15:00Z') + Date.parse(value) - 1_000_000
      return `${new Date(since).toISOString().slice(0, 19)}Z`
    }),
  )
}

const request = {
  essays: [1, 2, 3, 4].map((number) => ({ id: `e-${number}`, storageId: `s${number}` })),
  userId: 'teacher-9',
  correlationId,
}

/** Answers all that is outstanding as a provider does; the lower essay wins. */
function answered(batch: StepBatch, lastAfterMs = 0): StepBatch {
  const open = batch.outstanding()
  for (const [index, slot] of open.entries()) {
    batch.elapse(index === open.length - 1 ? lastAfterMs : 0)
    const { a, b } = batch.slots()[slot] as { a: number; b: number }
    const answer = verdictOf({
      correlation_id: comparisonId(address, slot, 1),
      winner: a < b ? 'Essay A' : 'Essay B',
      justification: 'clearer',
      confidence: 4,
      provider: 'mock',
      model: 'mock-model-v1',
    })
    batch.send('event' in answer ? { ...answer.event } : { type: 'none' })
  }
  return batch
}

describe('the events of a batch that is completed', () => {
  const events = eventsOf(answered(new StepBatch({ request }), 12_400))

  it('are the thin one, the rich one and the use, with their keys, ids and the request’s correlation id', () => {
    expect(events.map(({ topic, key, event_id }) => [topic, key, event_id])).toEqual([
      ['huleedu.cj_assessment.completed.v1', 'b', eventId(address, 'completed')],
      ['huleedu.assessment.result.published.v1', jobId, eventId(address, 'result')],
      ['huleedu.resource.consumption.v1', 'b', eventId(address, 'resource')],
    ])
    expect(events.map((event) => Reflect.get(event, 'correlation_id'))).toEqual(new Array(3).fill(correlationId))
  })

  it('say what the wire’s examples say', () => {
    const [completed, result, use] = events.map(({ data }) => likeExample(data) as Record<string, unknown>)
    expect(completed).toEqual(expected('completed'))
    expect(use).toEqual(expected('resource-use'))
    const { essay_results: essays, assessment_metadata: metadata, ...rest } = result as Record<string, Record<string, unknown>[]>
    const {
      essay_results: exampleEssays,
      assessment_metadata: exampleMetadata,
      ...example
    } = expected('result') as Record<string, object[]>
    expect(rest).toEqual(example)
    expect(metadata).toMatchObject(exampleMetadata as object)
    const { bt_score: score, ...essay } = (exampleEssays as object[])[0] as { readonly bt_score: number }
    expect(essays).toHaveLength(4)
    expect(essays?.[0]).toMatchObject(essay)
    expect(essays?.[0]?.['bt_score']).toBeCloseTo(score, 6)
  })

  it('name no score in the thin one', () => {
    expect(JSON.stringify(events[0])).not.toMatch(/score|grade|rank/)
  })
})

describe('the failed event', () => {
  it('of too few successes says what the wire’s example says, and its reason in both forms', () => {
    const batch = new StepBatch({ essays: 5, request: { correlationId, userId: 'teacher-9' } })
    for (const slot of batch.outstanding()) {
      batch.elapse(slot === 9 ? 12_000 : 0)
      batch.verdict(slot, slot < 2 ? 'best' : { error: 'INVALID_REQUEST' })
    }
    const [event, ...more] = eventsOf(batch)
    expect(more).toEqual([])
    const { system_metadata: said, ...rest } = likeExample(event?.data ?? {}) as {
      system_metadata: { error_info: Record<string, unknown> }
    }
    const { system_metadata: example, ...exampleRest } = expected('failed') as typeof rest & {
      system_metadata: { error_info: Record<string, unknown> }
    }
    expect(rest).toEqual(exampleRest)
    const { details, error_message: sentence, ...info } = said.error_info
    const { error_message: _, ...exampleInfo } = example.error_info
    expect({ ...said, error_info: info }).toEqual({ ...example, error_info: exampleInfo })
    expect(details).toBe(sentence)
    expect(sentence).toBe('8 comparisons failed; at best 0.20 could succeed, 0.80 is required')
  })
})

describe('the correlation id of a request', () => {
  it.each(['11111111-1111-1111-1111-111111111111', '3d9a7a0e-9a5f-ff5c-0a53-6f6f7c1c2b10', 'ABCDEF01-2345-6789-ABCD-EF0123456789'])(
    'stands on every event as it came, in lower case, whatever its version: %s',
    (id) => {
      const events = [
        ...eventsOf(answered(new StepBatch({ essays: 2, request: { correlationId: id } }))),
        ...eventsOf(new StepBatch({ request: { correlationId: id } }).send({ type: 'CANCEL' })),
      ]
      expect(events.map((event) => Reflect.get(event, 'correlation_id'))).toEqual(new Array(4).fill(id.toLowerCase()))
    },
  )
})

describe('every end', () => {
  const permanent = { error: 'AUTHENTICATION_ERROR' }
  const ends: readonly (readonly [name: string, topics: number, batch: () => StepBatch])[] = [
    ['one essay', 3, () => new StepBatch({ essays: 1 })],
    ['no essay', 1, () => new StepBatch({ essays: 0 })],
    [
      'a text that is missing',
      3,
      () => new StepBatch({ essays: 3, bare: true }).notFetched(0, 'EMPTY_TEXT').fetched(1).fetched(2).answerWave(),
    ],
    ['a text that could not be had', 1, () => new StepBatch({ essays: 2, bare: true }).notFetched(0, 'TIMEOUT')],
    ['a wrong key', 1, () => new StepBatch({ essays: 12 }).answerWave(permanent)],
    ['cancelled', 1, () => new StepBatch().verdict(0).send({ type: 'CANCEL' })],
    ['silence', 1, () => new StepBatch({ settings: { comparisonDeadlineSeconds: 0 } }).elapse(5 * 3_600_000)],
    [
      'forced',
      3,
      () =>
        new StepBatch({ essays: 5 })
          .verdict(0)
          .verdict(1)
          .verdict(2)
          .verdict(3)
          .verdict(4)
          .verdict(5)
          .verdict(6)
          .verdict(7)
          .send({ type: 'FORCE' }),
    ],
    ['cycle', 3, cycle],
    ['an own correlation id', 3, () => new StepBatch({ request: { correlationId: 'mine' } } satisfies StepOptions).answerWave()],
  ]

  it.each(ends)('(%s) is told exactly as the schemas say, in %i events', (_, topics, batch) => {
    expect(eventsOf(batch())).toHaveLength(topics)
  })
})

function cycle(): StepBatch {
  const batch = new StepBatch({ essays: 3 })
  for (const [number, { a, b }] of batch.slots().entries()) {
    batch.verdict(number, (a + 1) % 3 === b ? 'a' : 'b')
  }
  return batch
}

describe('the result', () => {
  const resultOf = (batch: StepBatch) => eventsOf(batch)[1]?.data as Record<string, Record<string, unknown>>

  it('names the most frequent model of the verdicts, not that of errors', () => {
    const batch = new StepBatch()
    const answers = [
      ['google', 'unknown'],
      ['mock', 'm'],
      ['openai', 'gpt 5'],
      ['mock', 'm'],
      ['openai', 'gpt 5'],
      ['openai', 'gpt 5'],
    ]
    for (const [slot, [provider, model]] of answers.entries()) {
      const outcome = slot === 0 ? { winner: null, errorCode: 'INVALID_REQUEST' } : { winner: 'a', errorCode: null }
      const comparison = comparisonId(address, slot, 1)
      batch.send({ type: 'VERDICT', comparison, slot, attempt: 1, ...outcome, details: { provider, model } })
    }
    expect(resultOf(batch)).toMatchObject({ model_provider: 'openai', model_used: 'gpt 5', assessment_metadata: { comparison_count: 5 } })
  })

  it('of a batch without a verdict names what it would have used; an override of 0 is a temperature', () => {
    const llm = { provider: 'anthropic', model: 'x', temperature: 0 }
    const data = resultOf(new StepBatch({ essays: 1, request: { llm } }))
    expect(data).toMatchObject({
      model_provider: 'anthropic',
      model_used: 'x',
      assessment_metadata: { llm_temperature: 0, comparison_count: 0 },
    })
    expect(resultOf(new StepBatch({ essays: 1 }))).toMatchObject({
      model_provider: 'openai',
      assessment_metadata: { llm_temperature: 0.1 },
    })
  })
})
