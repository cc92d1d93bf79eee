import type { Pair } from '../judging/pairing/choose-pairs.ts'
import type { JudgingBrief } from './judging-brief.ts'

/** One comparison as a judge gets it. Essay texts are untrusted. */
export interface ComparisonRequest {
  /** Id of this attempt; the verdict is joined by it alone. */
  readonly id: string
  readonly batchId: string
  readonly slot: number
  readonly attempt: number
  readonly essayA: { readonly id: string; readonly text: string }
  readonly essayB: { readonly id: string; readonly text: string }
  /** What the batch tells its judge of every comparison. */
  readonly brief: JudgingBrief
}

export interface JudgeScope {
  readonly signal: AbortSignal
  /** The same for every call of this attempt. */
  readonly idempotencyKey: string
  /** W3C trace context of this call, for the service that is asked; null where there is no trace. */
  readonly traceparent: string | null
  /** Of a judge in this process: hands its answer in (the data of an LLMComparisonResultV1); resolves when it is durable. */
  readonly answer: (data: object) => Promise<void>
}

/**
 * Who decides comparisons. `submit` resolves when the comparison was accepted and its verdict will come as a message, or,
 * for a judge in this process, when its answer was handed in (rules 57). It throws an error, with a `code` of domain 4.7
 * where it knows one, when the comparison was not accepted.
 */
export interface Judge {
  submit(comparison: ComparisonRequest, scope: JudgeScope): Promise<void>
  /** Submissions under way in the process; default QUIRE_LLM_POST_CONCURRENCY. */
  readonly concurrency?: number
  /** Aborts a submission that takes longer, ms. Default 75,000. */
  readonly timeoutMs?: number
  /** Of recorded judgements: the pairs they are of, slot by slot, items by the order of their ids. Nothing else is asked. */
  readonly recorded?: readonly Pair[]
}

/** Where texts come from. `fetch` throws an error with code `RESOURCE_NOT_FOUND` for a text that does not exist. */
export interface Content {
  fetch(storageId: string, scope: ContentScope): Promise<string>
  /** Takes a prompt, a rubric or an anchor; gives its storage id. Absent: Quire keeps such texts itself. */
  store?(text: string, scope: { readonly signal: AbortSignal }): Promise<string>
}

export interface ContentScope {
  readonly signal: AbortSignal
  /** W3C trace context of this call; null where there is no trace. */
  readonly traceparent: string | null
  /** The batch the text is for: how long a service is waited for is counted by batch. */
  readonly batchId: string
}
