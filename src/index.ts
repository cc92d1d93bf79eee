export { type BatchActorOptions, batchActor } from './batch/batch.actor.ts'
export { comparisonId } from './batch/comparison-id.ts'
export type { ComparisonRequest, Content, ContentScope, Judge, JudgeScope } from './batch/judge.ts'
export type { JudgingBrief } from './batch/judging-brief.ts'
export { batchAddress, batchInput, type BatchRequest, BatchRequestError } from './batch/request.ts'
export { type BatchSettings, batchSettings } from './batch/settings.ts'
export type { HealthReport } from './host/health.ts'
export { openTelemetry } from './host/open-telemetry.ts'
export { readSettings } from './host/read-settings.ts'
export { type BatchService, type BatchServiceOptions, createBatchService } from './host/service.ts'
export type { ServiceSettings } from './host/settings.ts'
export type { KafkaOptions } from './kafka/options.ts'
export { contentService, type ContentServiceOptions } from './batch/tasks/content-service.ts'
export { providerJudge, type ProviderJudgeOptions } from './batch/tasks/provider-judge.ts'
export type { LlmOverrides } from './machines/batch.machine.ts'
export { createQuire, type Quire, type QuireOptions } from './quire.ts'
export type { ActorState, WaitCondition } from './runtime/actor-state.ts'
export { addressOf } from './runtime/address-of.ts'
export {
  type ActorDefinition,
  defineActor,
  type Effect,
  type EffectScope,
  type Json,
  type RowChange,
  type RowFilter,
  type StoredRow,
  type TableDefinition,
  type TaskDefinition,
  type TaskResult,
  type TaskScope,
  type TenantRow,
} from './runtime/define-actor.ts'
export { type ErrorCode, errorCatalogue, isQuireError, QuireError } from './runtime/errors.ts'
export type { Explanation } from './runtime/explain.ts'
export type { OutboundEvent } from './runtime/local-publisher.ts'
export type { Position } from './runtime/message.ts'
export type { PgPool } from './persistence/dialect.ts'
export type { RuntimeOptions } from './runtime/options.ts'
export type { ActorFilter, ActorSummary, Clock, Ids, Logger, Random } from './runtime/ports.ts'
export type { Counters, Status, StatusStore } from './runtime/status.ts'
export type { TenantRows } from './runtime/tenant-rows.ts'
export { isTaskDelay, TaskDelay } from './runtime/task-delay.ts'
export type { Span, SpanStart, Traceparent, Tracing } from './runtime/tracing.ts'
export type { Transition } from './runtime/watch.ts'
