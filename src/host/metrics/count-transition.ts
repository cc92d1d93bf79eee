import type { Decision } from '../../judging/decide.ts'
import { isRetryableCode } from '../../judging/failed-pool.ts'
import type { BatchEnd, VerdictEvent } from '../../machines/batch.machine.ts'
import type { Transition } from '../../runtime/watch.ts'
import type { BatchMetrics, callbackStatuses, workflowDecisions } from './batch-metrics.ts'
import { LabelValues } from './label-values.ts'

/** What is remembered of a batch that goes on. */
export interface Track {
  readonly bornAt: number
  readonly mode: string
  lastVerdictAt: number | undefined
  waves: number
  /** Failed attempts that wait for their retry. */
  pool: number
}

/** Codes of domain 4.7 that a comparison fails with; others count as `other`. */
const failureReasons = new LabelValues([
  ...[
    'TIMEOUT',
    'CONNECTION_ERROR',
    'SERVICE_UNAVAILABLE',
    'RATE_LIMIT',
    'QUOTA_EXCEEDED',
    'EXTERNAL_SERVICE_ERROR',
    'CIRCUIT_BREAKER_OPEN',
  ],
  ...['AUTHENTICATION_ERROR', 'AUTHORIZATION_ERROR', 'INVALID_API_KEY', 'INVALID_REQUEST', 'INVALID_RESPONSE', 'PARSING_ERROR'],
  ...['REQUEST_QUEUED', 'PROCESSING_ERROR', 'VALIDATION_ERROR', 'CONFIGURATION_ERROR', 'UNKNOWN_ERROR', 'LLM_PROVIDER_UNAVAILABLE'],
  ...['LLM_PROVIDER_RATE_LIMIT', 'LLM_PROVIDER_TIMEOUT', 'LLM_PROVIDER_API_ERROR', 'LLM_INVALID_PROMPT', 'LLM_CONTENT_TOO_LONG'],
  ...['LLM_QUEUE_FULL', 'LLM_PARSING_ERROR', 'LLM_INVALID_RESPONSE', 'LLM_COST_LIMIT_EXCEEDED', 'LLM_INTERNAL_ERROR'],
])
const missingReasons = new LabelValues(['RESOURCE_NOT_FOUND', 'EMPTY_TEXT', 'CONTENT_SERVICE_ERROR', 'CONNECTION_ERROR', 'TIMEOUT'])
const providers = new LabelValues(['anthropic', 'openai', 'google', 'openrouter', 'mock'])

type DecisionLabel = (typeof workflowDecisions)[number]

const decisionLabels: Readonly<Record<Decision['action'], DecisionLabel>> = {
  wait: 'WAIT_FOR_CALLBACKS',
  retry: 'REQUEST_MORE_COMPARISONS',
  submit: 'REQUEST_MORE_COMPARISONS',
  finish: 'FINALIZE_SCORING',
  fail: 'FINALIZE_FAILURE',
}

type Note = { readonly decision?: Decision; readonly end?: BatchEnd; readonly uncorrelated?: string; readonly ignored?: string }

/** Counts one committed transition. Returns how the batch ended, when this was its end. */
export function countTransition(transition: Transition, track: Track, metrics: BatchMetrics): BatchEnd | undefined {
  const notes = transition.notes as readonly Note[]
  const event = transition.event as { readonly type?: string } | null
  if (event?.type === 'VERDICT') {
    countVerdict(event as VerdictEvent, transition, notes, track, metrics)
  } else if (event?.type === 'SUBMITTED' && transition.ignored === null) {
    metrics.comparisons.inc({ status: 'submitted' })
    metrics.posts.inc({ batching_mode: track.mode })
  } else if (event?.type === 'SUBMIT_FAILED' && transition.ignored === null) {
    countFailure(errorCodeOf(event), track, metrics)
  } else if (event?.type === 'PROMPT_FAILED' || event?.type === 'RUBRIC_FAILED') {
    const text = event.type === 'PROMPT_FAILED' ? 'prompt' : 'rubric'
    metrics.missingTexts.inc({ text, reason: missingReasons.of(errorCodeOf(event) ?? 'CONTENT_SERVICE_ERROR') })
  }
  for (const { decision } of notes) {
    if (decision !== undefined) {
      countDecision(decision, track, metrics)
    }
  }
  return notes.find(({ end }) => end != null)?.end
}

function errorCodeOf(event: object): string | undefined {
  return Reflect.get(Object(Reflect.get(event, 'error')), 'code') as string | undefined
}

function countVerdict(event: VerdictEvent, transition: Transition, notes: readonly Note[], track: Track, metrics: BatchMetrics): void {
  const status = statusOf(event, transition, notes)
  metrics.callbacks.inc({ status })
  const { sentAt } = event.details
  if (typeof sentAt === 'number' && transition.at >= sentAt) {
    metrics.callbackLatency.observe((transition.at - sentAt) / 1_000)
    metrics.queueLatency.observe((transition.at - sentAt) / 1_000)
  }
  switch (status) {
    case 'duplicate':
      metrics.duplicateCallbacks.inc()
      return
    case 'late':
      metrics.lateCallbacks.inc()
      return
    case 'uncorrelated':
      metrics.uncorrelatedCallbacks.inc()
      return
    case 'error':
      countFailure(event.errorCode, track, metrics)
      break
    case 'success':
      metrics.comparisons.inc({ status: 'completed' })
      metrics.successfulRetries.inc(event.attempt > 1 ? 1 : 0)
  }
  track.lastVerdictAt = transition.at
  const { provider, model } = event.details
  metrics.apiCalls.inc({ provider: providers.of(text(provider)), model: metrics.models.of(text(model)), status })
  if (notes.every(({ decision }) => decision === undefined)) {
    metrics.decisions.inc({ decision: 'WAIT_FOR_CALLBACKS' })
  }
}

function statusOf(event: VerdictEvent, { ignored }: Transition, notes: readonly Note[]): (typeof callbackStatuses)[number] {
  if (ignored !== null) {
    return 'late'
  }
  if (notes.some((note) => note.uncorrelated !== undefined)) {
    return 'uncorrelated'
  }
  if (notes.some((note) => note.ignored !== undefined)) {
    return 'duplicate'
  }
  return event.winner === null ? 'error' : 'success'
}

function countFailure(code: string | null | undefined, track: Track, metrics: BatchMetrics): void {
  metrics.comparisons.inc({ status: 'failed' })
  metrics.failedComparisons.inc({ failure_reason: failureReasons.of(code) })
  // Whether retries are left is known at the next decision, which brings the number itself.
  if (isRetryableCode(code ?? '')) {
    setPool(track, track.pool + 1, metrics)
  }
}

/** The gauge is the sum over all batches that are followed. */
export function setPool(track: Track, size: number, metrics: BatchMetrics): void {
  metrics.failedPool.inc(size - track.pool)
  track.pool = size
}

function countDecision({ action, numbers, retry }: Decision, track: Track, metrics: BatchMetrics): void {
  metrics.decisions.inc({ decision: decisionLabels[action] })
  metrics.retryWaves.inc(action === 'retry' ? 1 : 0)
  track.waves = numbers.waves
  setPool(track, Math.max(0, numbers.retryable - retry.length), metrics)
  if (numbers.workCap > 0) {
    metrics.progress.observe((100 * numbers.settled) / numbers.workCap)
  }
  const change = numbers.stability?.maxChange
  if (typeof change === 'number') {
    metrics.scoreChange.observe(change)
  }
}

function text(value: string | number | null | undefined): string | null {
  return typeof value === 'string' ? value : null
}
