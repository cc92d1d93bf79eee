import type { BatchContext } from '../machines/batch.machine.ts'
import { isoTime } from './wire/formats.ts'
import { eventNames } from './wire/topics.ts'

/** What is said of a batch, and when. */
export interface Told {
  readonly context: BatchContext
  readonly address: string
  /** ms since the epoch. */
  readonly at: number
}

/** Whose processing began and ended when, ms since the epoch. */
export interface Processed {
  readonly batchId: string
  readonly since: number
  readonly at: number
}

/** The fields every event of a batch begins with. */
export function header<N extends string>(name: N, batchId: string, at: number) {
  return { event_name: name, entity_id: batchId, entity_type: 'batch' as const, parent_id: null, timestamp: isoTime(at) }
}

/** SystemProcessingMetadata of a thin event. */
export function systemMetadata<S extends 'completed' | 'failed', I>(stage: S, info: I, { batchId, since, at }: Processed) {
  const { event_name: event, ...entity } = header<(typeof eventNames)[S]>(eventNames[stage], batchId, at)
  return { ...entity, processing_stage: stage, started_at: isoTime(since), completed_at: isoTime(at), event, error_info: info }
}

/** Seconds since the batch was made, to two places. */
export function seconds(context: BatchContext, at: number): number {
  return Math.max(0, Math.round((at - context.createdAt) / 10) / 100)
}
