import type { TaskDefinition, TaskScope } from '../../runtime/define-actor.ts'
import { comparisonId } from '../comparison-id.ts'
import { verdictOf } from '../verdict.ts'
import type { ComparisonRequest, Judge } from '../judge.ts'
import { briefOf, briefTexts, type JudgingBrief } from '../judging-brief.ts'
import { isPermanentPost } from '../post-error.ts'
import { batchIdOf } from '../request.ts'
import type { BatchSettings } from '../settings.ts'
import { briefs, texts } from '../tables.ts'

/** Input of the task: the slot, its attempt, and essay id and storage id of both essays. */
export interface SubmitInput {
  readonly slot: number
  readonly attempt: number
  readonly a: readonly [essayId: string, storageId: string]
  readonly b: readonly [essayId: string, storageId: string]
}

/** Retries beyond the sixth wait no longer than this, ms: a setting of many retries must not wait for years. */
const longestWaitMs = 900_000

/** A post of 60 s at most (domain 4.6), and the probe that may follow it, ms. */
const submissionMs = 75_000

/** Posts one attempt of one comparison; a repeated call carries the same comparison id. Retry wave k starts 1 s x 4^(k-1) later (rules 24). */
export function submitComparisonTask(judge: Judge, settings: BatchSettings): TaskDefinition {
  return {
    done: 'SUBMITTED',
    failed: 'SUBMIT_FAILED',
    attempts: 3,
    concurrency: judge.concurrency ?? settings.llmPostConcurrency,
    concurrencyPerActor: settings.maxConcurrentComparisons,
    timeoutMs: judge.timeoutMs ?? submissionMs,
    isPermanent: isPermanentPost,
    delayMs: ({ attempt }: SubmitInput) => (attempt <= 1 ? 0 : Math.min(longestWaitMs, 1_000 * 4 ** (attempt - 2))),
    async run(input: SubmitInput, scope: TaskScope) {
      const comparison = await comparisonOf(input, scope)
      // The verdict of an earlier call may have come while the texts were read.
      scope.signal.throwIfAborted()
      await judge.submit(comparison, {
        signal: scope.signal,
        idempotencyKey: comparison.id,
        traceparent: scope.traceparent,
        answer: (data) => answer(comparison.id, data, scope),
      })
      return { output: null }
    },
  }
}

async function comparisonOf({ slot, attempt, a, b }: SubmitInput, scope: TaskScope): Promise<ComparisonRequest> {
  return {
    id: comparisonId(scope.address, slot, attempt),
    batchId: batchIdOf(scope.address),
    slot,
    attempt,
    essayA: { id: a[0], text: await textOf(a[1], scope) },
    essayB: { id: b[0], text: await textOf(b[1], scope) },
    brief: await briefIn(scope),
  }
}

/** A prompt or a rubric that could not be fetched is told to nobody. */
async function briefIn(scope: TaskScope): Promise<JudgingBrief> {
  const row = await scope.readRow(briefs.name, { address: scope.address })
  const { prompt, rubric } = briefTexts(row)
  const textIf = async (storageId: string | null): Promise<string | null> =>
    storageId === null ? null : ((await storedText(storageId, scope)) ?? null)
  return briefOf(row, { prompt: await textIf(prompt), rubric: await textIf(rubric) })
}

async function textOf(storageId: string, scope: TaskScope): Promise<string> {
  const text = await storedText(storageId, scope)
  if (text === undefined) {
    throw new Error(`the text ${storageId} of ${scope.address} is not stored`)
  }
  return text
}

async function storedText(storageId: string, scope: TaskScope): Promise<string | undefined> {
  const row = await scope.readRow(texts.name, { address: scope.address, storage_id: storageId })
  return row === undefined ? undefined : String(row['body'])
}

/** The answer of a judge in this process takes the way of every verdict: the mailbox, under the comparison's id. */
async function answer(id: string, data: object, scope: TaskScope): Promise<void> {
  const decoded = verdictOf({ ...data, correlation_id: id })
  if ('problem' in decoded) {
    throw new Error(decoded.problem)
  }
  await scope.send(scope.address, decoded.event, { id })
}
