import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { BatchEnd } from '../../machines/batch.machine.ts'
import { LabelValues } from './label-values.ts'

/** Buckets in seconds. */
const latency = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120]
const duration = [1, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200]
const finalization = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60]

export const callbackStatuses = ['success', 'error', 'duplicate', 'late', 'uncorrelated'] as const
export const workflowDecisions = [
  'WAIT_FOR_CALLBACKS',
  'FINALIZE_SCORING',
  'FINALIZE_FAILURE',
  'REQUEST_MORE_COMPARISONS',
  'NO_OP',
] as const

/** All that the types name: one that is added there must be added here. */
const endStatuses: Readonly<Record<BatchEnd['status'], true>> = {
  COMPLETE_STABLE: true,
  COMPLETE_MAX_COMPARISONS: true,
  COMPLETE_INSUFFICIENT_ESSAYS: true,
  COMPLETE_FORCED_RECOVERY: true,
  CANCELLED: true,
  ERROR_PROCESSING: true,
  ERROR_ESSAY_PROCESSING: true,
}
const triggers: Readonly<Record<BatchEnd['trigger'], true>> = {
  callback: true,
  deadline: true,
  task: true,
  recovery: true,
  monitor: true,
  operator: true,
}

export type BatchMetrics = ReturnType<typeof batchMetrics>

/** The metrics of batches (domain 13): names of the platform's dashboards, and labels that cannot grow. */
export function batchMetrics(registry: Registry) {
  // Of this service alone: what the models of another one are called must not use up the names that are told apart here.
  const models = new LabelValues([], 50)
  return { ...callbackCounters(registry), ...endCounters(registry), ...histograms(registry), failedPool: failedPool(registry), models }
}

function counters(registry: Registry) {
  return <L extends string>(name: string, help: string, labelNames: readonly L[] = []): Counter<L> =>
    new Counter({ name, help, labelNames: [...labelNames], registers: [registry] })
}

function callbackCounters(registry: Registry) {
  const counter = counters(registry)
  const callbacks = counter('cj_callbacks_processed_total', 'Callbacks stepped, by what became of them.', ['status'])
  const decisions = counter('cj_workflow_decisions_total', 'Decisions after outcomes.', ['decision'])
  for (const status of callbackStatuses) {
    callbacks.inc({ status }, 0)
  }
  for (const decision of workflowDecisions) {
    decisions.inc({ decision }, 0)
  }
  return {
    callbacks,
    decisions,
    comparisons: counter('cj_comparisons_total', 'Comparisons: accepted by the provider, decided, failed.', ['status']),
    failedComparisons: counter('cj_failed_comparisons_total', 'Attempts that ended with an error, by its code.', ['failure_reason']),
    successfulRetries: counter('cj_successful_retries_total', 'Verdicts of a later attempt.'),
    retryWaves: counter('cj_retry_batches_submitted_total', 'Waves of retries.'),
    posts: counter('cj_llm_requests_total', 'Posts the provider accepted.', ['batching_mode']),
    started: counter('cj_llm_batches_started_total', 'Batches born.', ['batching_mode']),
    missingTexts: counter('quire_missing_brief_texts_total', 'Prompts and rubrics that a batch goes on without, by the reason.', [
      'text',
      'reason',
    ]),
    apiCalls: counter('cj_assessment_llm_api_calls_total', 'Verdicts by who gave them.', ['provider', 'model', 'status']),
    duplicateCallbacks: counter('quire_duplicate_callbacks_total', 'Callbacks of a comparison that had its outcome.'),
    lateCallbacks: counter('quire_late_callbacks_total', 'Callbacks after the end of their batch.'),
    uncorrelatedCallbacks: counter('quire_uncorrelated_callbacks_total', 'Callbacks that belong to no comparison of their batch.'),
  }
}

function endCounters(registry: Registry) {
  const counter = counters(registry)
  const completions = counter('quire_completions_total', 'Batches that ended, by how and by what. The monitor has no share in health.', [
    'status',
    'trigger',
  ])
  // A series that begins with 1 shows no increase, so the first of its kind would raise no alarm.
  for (const status of Object.keys(endStatuses)) {
    for (const trigger of Object.keys(triggers)) {
      completions.inc({ status, trigger }, 0)
    }
  }
  return {
    completions,
    stuckRecovered: counter('cj_stuck_batches_recovered_total', 'Batches that recovery or the monitor finished.'),
    stuckFailed: counter('cj_stuck_batches_failed_total', 'Batches that recovery or the monitor ended as failed.'),
    permanentlyFailed: counter('cj_permanently_failed_comparisons_total', 'Comparisons without a verdict at the end of their batch.'),
    seInflated: counter('cj_bt_se_inflated_batches_total', 'Batches whose standard errors are large.'),
    sparse: counter('cj_bt_sparse_coverage_batches_total', 'Batches with less than one comparison an essay.'),
  }
}

function failedPool(registry: Registry): Gauge {
  const help = 'Failed attempts that wait for their retry, of batches this process has followed since it started.'
  return new Gauge({ name: 'cj_failed_pool_size', help, registers: [registry] })
}

function histograms(registry: Registry) {
  const histogram = (name: string, help: string, buckets: number[]): Histogram =>
    new Histogram({ name, help, buckets, registers: [registry] })
  const share = Array.from({ length: 10 }, (_, index) => (index + 1) * 10)
  return {
    callbackLatency: histogram('cj_callback_latency_seconds', 'From the time a callback names to its turn.', latency),
    callbackProcessing: histogram(
      'cj_callback_processing_duration_seconds',
      'From the turn of a callback to its commit, as the journal shows it.',
      finalization,
    ),
    queueLatency: histogram('kafka_message_queue_latency_seconds', 'From the time a request or a callback names to its turn.', latency),
    duration: histogram('cj_batch_processing_duration_seconds', 'From the birth of a batch to its end.', duration),
    assessmentDuration: histogram('huleedu_cj_assessment_duration_seconds', 'From the birth of a batch to its end.', duration),
    comparisonsMade: histogram('huleedu_cj_comparisons_made', 'Attempts of a batch at its end.', [1, 6, 12, 24, 60, 120, 288, 600, 1_200]),
    progress: histogram('cj_batch_progress_percentage', 'Settled share of the work cap at each decision, percent.', share),
    iterations: histogram('cj_iterations_per_batch', 'Waves of a batch at its end.', [1, 2, 3, 5, 10, 20, 50, 100]),
    scoreChange: histogram(
      'cj_score_stability_changes',
      'Largest change of a score between scorings, logits.',
      [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2],
    ),
    finalization: histogram('quire_last_callback_to_finalize_seconds', 'From the last callback of a batch to its end.', finalization),
  }
}
