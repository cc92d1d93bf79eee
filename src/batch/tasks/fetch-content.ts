import { createHash } from 'node:crypto'
import type { TaskDefinition, TaskScope } from '../../runtime/define-actor.ts'
import { repairStrings } from '../../runtime/strict-json.ts'
import { fetchText } from '../assignments/kept-text.ts'
import type { Content } from '../judge.ts'
import { batchIdOf } from '../request.ts'
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

/** With waits of up to 30 s: a content service may be away for about a quarter of an hour (rules 24). */
const mostCalls = 35

/** Fetches one essay. The text itself becomes a row of `texts`; the machine is told its length and digest (rules 63). */
export function fetchContentTask(content: Content): TaskDefinition {
  return {
    done: 'CONTENT_FETCHED',
    failed: 'CONTENT_FAILED',
    attempts: mostCalls,
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
export function fetchPromptTask(content: Content): TaskDefinition {
  return { ...fetchContentTask(content), done: 'PROMPT_FETCHED', failed: 'PROMPT_FAILED' }
}

/** Fetches the rubric of the assignment likewise. */
export function fetchRubricTask(content: Content): TaskDefinition {
  return { ...fetchContentTask(content), done: 'RUBRIC_FETCHED', failed: 'RUBRIC_FAILED' }
}
