import { createHash } from 'node:crypto'
import type { TaskDefinition, TaskScope } from '../../runtime/define-actor.ts'
import { repairStrings } from '../../runtime/strict-json.ts'
import { fetchText } from '../assignments/kept-text.ts'
import type { Content } from '../judge.ts'
import { batchIdOf } from '../request.ts'
import type { BatchSettings } from '../settings.ts'
import { texts } from '../tables.ts'

/** A text that is there but holds nothing. */
class EmptyText extends Error {
  readonly code = 'EMPTY_TEXT'
}

const permanent: ReadonlySet<unknown> = new Set(['RESOURCE_NOT_FOUND', 'EMPTY_TEXT'])

/** The text is not there, or the error says itself that another call cannot help. */
function isPermanent(error: unknown): boolean {
  return (
    typeof error === 'object' && error !== null && (permanent.has(Reflect.get(error, 'code')) || Reflect.get(error, 'permanent') === true)
  )
}

type Patience = Pick<BatchSettings, 'providerPatienceSeconds'>

/** Calls of an essay whatever the patience (domain 5). */
const fewestCalls = 3

/** Calls that fill the patience with a content service, with waits between them that double from 1 s to 30 s (rules 24). */
function callsWithin(patienceSeconds: number): number {
  let calls = 1
  for (let waited = 1, wait = 1; waited <= patienceSeconds; waited += wait) {
    calls += 1
    wait = Math.min(30, 2 * wait)
  }
  return Math.max(fewestCalls, calls)
}

/** Fetches one essay. The text itself becomes a row of `texts`; the machine is told its length and digest (rules 63). */
export function fetchContentTask(content: Content, settings: Patience): TaskDefinition {
  return {
    done: 'CONTENT_FETCHED',
    failed: 'CONTENT_FAILED',
    attempts: callsWithin(settings.providerPatienceSeconds),
    backOffMs: 1_000,
    maxBackOffMs: 30_000,
    concurrency: 8,
    isPermanent,
    async run({ storageId }: { readonly storageId: string }, scope: TaskScope) {
      const from = { signal: scope.signal, traceparent: scope.traceparent, batchId: batchIdOf(scope.address) }
      const text = repairStrings(await fetchText(storageId, scope.readRow, content, from))
      if (text.trim() === '') {
        throw new EmptyText(`the text ${storageId} is empty`)
      }
      return {
        output: { length: text.length, digest: createHash('sha256').update(text).digest('hex').slice(0, 16) },
        rows: [{ table: texts.name, key: { address: scope.address, storage_id: storageId }, values: { body: text } }],
      }
    },
  }
}

/** Fetches the students' prompt, with the same patience; it is a text like the essays. */
export function fetchPromptTask(content: Content, settings: Patience): TaskDefinition {
  return { ...fetchContentTask(content, settings), done: 'PROMPT_FETCHED', failed: 'PROMPT_FAILED' }
}

/** Fetches the rubric of the assignment likewise. */
export function fetchRubricTask(content: Content, settings: Patience): TaskDefinition {
  return { ...fetchContentTask(content, settings), done: 'RUBRIC_FETCHED', failed: 'RUBRIC_FAILED' }
}
