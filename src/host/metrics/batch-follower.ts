import { jsonIn } from '../../batch/http/json-text.ts'
import type { BatchProgress } from '../../batch/progress.ts'
import { inboundEnvelope } from '../../batch/wire/envelope.ts'
import { momentOf } from '../../batch/wire/formats.ts'
import type { BatchEnd, BatchInput, BatchScores } from '../../machines/batch.machine.ts'
import type { Quire } from '../../quire.ts'
import { isQuireError, messageOf } from '../../runtime/errors.ts'
import type { Clock, Logger } from '../../runtime/ports.ts'
import { pause } from '../../runtime/time-limit.ts'
import type { Transition } from '../../runtime/watch.ts'
import type { BatchMetrics } from './batch-metrics.ts'
import { countTransition, setPool, type Track } from './count-transition.ts'

export interface FollowerParts {
  readonly quire: Pick<Quire, 'watch' | 'journal' | 'inspect' | 'status'>
  readonly metrics: BatchMetrics
  readonly clock: Clock
  readonly log: Logger
}

/** Batches of which something is remembered at most; a forgotten one is read again. */
const mostTracks = 10_000

/** After a failure, ms. */
const pauseMs = 1_000

/**
 * Counts what was committed, from the journal: of the partitions this process owns, so that the nodes of a service add up.
 * It begins at the journal's end when the service starts, and ends with `signal`.
 */
export async function followBatches(parts: FollowerParts, signal: AbortSignal): Promise<void> {
  const tracks = new Map<string, Track>()
  while (!signal.aborted) {
    try {
      for await (const transition of parts.quire.watch('batch/*', { signal })) {
        if (parts.quire.status.getSnapshot().context.partitions.includes(transition.position.partition)) {
          await observe(transition, tracks, parts)
        } else {
          // Another process steps it now, and follows it.
          forget(transition.address, tracks, parts)
        }
      }
      return
    } catch (error) {
      if (isQuireError(error, 'stopped') || signal.aborted) {
        return
      }
      parts.log.warn({ error: messageOf(error) }, 'the journal could not be followed; the metrics of batches go on from now')
      await pause(parts.clock, pauseMs, signal)
    }
  }
}

async function observe(transition: Transition, tracks: Map<string, Track>, parts: FollowerParts): Promise<void> {
  const { address } = transition
  const track = await trackOf(transition, tracks, parts)
  observeProcessing(transition, parts)
  const end = countTransition(transition, track, parts.metrics)
  if (end !== undefined) {
    forget(address, tracks, parts)
    await countEnd(transition, end, track, parts)
  }
}

function forget(address: string, tracks: Map<string, Track>, { metrics }: FollowerParts): void {
  const track = tracks.get(address)
  if (track !== undefined) {
    setPool(track, 0, metrics)
    tracks.delete(address)
  }
}

/** A turn has the database's time, this process its own. */
function observeProcessing({ event, at }: Transition, { clock, metrics, quire }: FollowerParts): void {
  if ((event as { readonly type?: string } | null)?.type === 'VERDICT') {
    const { skewMs } = quire.status.getSnapshot().context
    metrics.callbackProcessing.observe(Math.max(0, clock.now() + skewMs - at) / 1_000)
  }
}

/** Of a batch that was born before this process came, the birth is read. */
async function trackOf(transition: Transition, tracks: Map<string, Track>, parts: FollowerParts): Promise<Track> {
  const { address, kind, ignored } = transition
  const known = tracks.get(address)
  if (known !== undefined) {
    return known
  }
  const isBirth = kind === 'create' && ignored === null
  const birth = isBirth ? transition : ((await parts.quire.journal(address, { limit: 1 }))[0] ?? transition)
  const track: Track = { bornAt: birth.at, mode: modeOf(birth), lastVerdictAt: undefined, waves: 0, pool: 0 }
  if (isBirth) {
    parts.metrics.started.inc({ batching_mode: track.mode })
    observeQueue(birth, parts.metrics)
    parts.log.info({ address }, 'a batch was born')
  }
  if (tracks.size >= mostTracks) {
    forget(tracks.keys().next().value as string, tracks, parts)
  }
  tracks.set(address, track)
  return track
}

const sentEnvelope = inboundEnvelope.pick({ event_timestamp: true })

/** The envelope of a request, where it came in one, says when it was sent. */
function observeQueue({ at, event }: Transition, metrics: BatchMetrics): void {
  const { originalRequest } = (event ?? {}) as Partial<BatchInput>
  const { event_timestamp: time } = sentEnvelope.safeParse(jsonIn(originalRequest ?? '')).data ?? {}
  const sentAt = time == null ? undefined : momentOf(time)
  if (sentAt !== undefined && at >= sentAt) {
    metrics.queueLatency.observe((at - sentAt) / 1_000)
  }
}

function modeOf({ event }: Transition): string {
  const { options } = (event ?? {}) as Partial<BatchInput>
  return options?.batchingMode ?? 'unknown'
}

async function countEnd({ address, at }: Transition, end: BatchEnd, track: Track, parts: FollowerParts): Promise<void> {
  const { metrics, log, quire } = parts
  const found = await quire.inspect(address)
  const { counters, settled } = found.progress as BatchProgress
  const seconds = Math.max(0, at - track.bornAt) / 1_000
  metrics.completions.inc({ status: end.status, trigger: end.trigger })
  metrics.duration.observe(seconds)
  metrics.assessmentDuration.observe(seconds)
  metrics.comparisonsMade.observe(counters.submitted)
  metrics.permanentlyFailed.inc(Math.max(0, settled - counters.completed))
  if (track.waves > 0) {
    metrics.iterations.observe(track.waves)
  }
  if (track.lastVerdictAt !== undefined) {
    metrics.finalization.observe(Math.max(0, at - track.lastVerdictAt) / 1_000)
  }
  countRecovery(end, metrics)
  countFlags((found.output as { readonly scores: BatchScores | null } | null)?.scores?.flags ?? [], metrics)
  log.info({ address, status: end.status, trigger: end.trigger, reason: end.reason, counters, seconds }, 'a batch ended')
}

function countRecovery({ trigger, errorCode }: BatchEnd, metrics: BatchMetrics): void {
  if (trigger === 'recovery' || trigger === 'monitor') {
    const counter = errorCode === null ? metrics.stuckRecovered : metrics.stuckFailed
    counter.inc()
  }
}

function countFlags(flags: readonly string[], metrics: BatchMetrics): void {
  metrics.seInflated.inc(flags.includes('bt_se_inflated') ? 1 : 0)
  metrics.sparse.inc(flags.includes('comparison_coverage_sparse') ? 1 : 0)
}
