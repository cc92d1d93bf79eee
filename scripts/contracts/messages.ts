import type { ZodType } from 'zod'
import { callbackMessage } from '../../src/batch/wire/callback.ts'
import { completedMessage, failedMessage } from '../../src/batch/wire/completion.ts'
import { providerAccepted, providerError } from '../../src/batch/wire/provider-answer.ts'
import { providerRequest } from '../../src/batch/wire/provider-request.ts'
import { requestMessage } from '../../src/batch/wire/request.ts'
import { resourceUseMessage } from '../../src/batch/wire/resource-use.ts'
import { resultMessage } from '../../src/batch/wire/result.ts'
import { callbackEventType, topics } from '../../src/batch/wire/topics.ts'

/** A message of a topic. */
export interface ContractMessage {
  /** Name of its schema file. */
  readonly name: string
  readonly title: string
  readonly topic: string
  /** What Quire does with it. */
  readonly action: 'receive' | 'send'
  readonly key: string
  readonly summary: string
  readonly schema: ZodType
}

const batchKey = 'The batch orchestrator’s batch id.'

export const messages: readonly ContractMessage[] = [
  {
    name: 'request',
    title: 'ELS_CJAssessmentRequestV1',
    topic: topics.request,
    action: 'receive',
    key: batchKey,
    summary: 'The essay lifecycle service asks for a batch. Twice the same: one batch.',
    schema: requestMessage,
  },
  {
    name: 'callback',
    title: callbackEventType,
    topic: topics.callback,
    action: 'receive',
    key: 'None: callbacks come on any partition, in any order.',
    summary: 'The LLM provider tells the outcome of one comparison, joined by correlation_id.',
    schema: callbackMessage,
  },
  {
    name: 'completed',
    title: 'CJAssessmentCompletedV1',
    topic: topics.completed,
    action: 'send',
    key: batchKey,
    summary: 'A batch is done, for the essay lifecycle service: states only, no score.',
    schema: completedMessage,
  },
  {
    name: 'failed',
    title: 'CJAssessmentFailedV1',
    topic: topics.failed,
    action: 'send',
    key: batchKey,
    summary: 'A batch failed or was cancelled, or a request was refused.',
    schema: failedMessage,
  },
  {
    name: 'result',
    title: 'AssessmentResultV1',
    topic: topics.result,
    action: 'send',
    key: 'The batch’s own id (cj_assessment_job_id).',
    summary: 'Ranking and scores, for the result aggregator.',
    schema: resultMessage,
  },
  {
    name: 'resource-use',
    title: 'ResourceConsumptionV1',
    topic: topics.resource,
    action: 'send',
    key: batchKey,
    summary: 'The comparisons a batch is billed for, once.',
    schema: resourceUseMessage,
  },
]

/** What goes over HTTP, to and from the LLM provider. */
export const bodies: readonly Pick<ContractMessage, 'name' | 'title' | 'schema'>[] = [
  { name: 'provider-request', title: 'Body of POST /comparison', schema: providerRequest },
  { name: 'provider-accepted', title: 'Body of the 202 that accepts a comparison', schema: providerAccepted },
  { name: 'provider-error', title: 'Body of every other answer', schema: providerError },
]
