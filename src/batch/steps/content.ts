import { workCap } from '../../judging/work-cap.ts'
import type { BatchContext, BatchEvent } from '../../machines/batch.machine.ts'

/** Only these drop an essay (rules 24): whatever else goes wrong is not the essay's fault. */
const missing: ReadonlySet<string> = new Set(['RESOURCE_NOT_FOUND', 'EMPTY_TEXT'])

/** A text arrived, does not exist, or could not be had. */
export function recordContent(context: BatchContext, event: BatchEvent): Partial<BatchContext> {
  if (event.type !== 'CONTENT_FETCHED' && event.type !== 'CONTENT_FAILED') {
    return {}
  }
  const index = Number(event.taskId.slice(1))
  const decides = { lastActivityAt: event.at, trigger: 'task' } as const
  const mark = (state: 'o' | 'x'): string => context.content.slice(0, index) + state + context.content.slice(index + 1)
  if (event.type === 'CONTENT_FETCHED') {
    return { content: mark('o'), ...decides }
  }
  return missing.has(event.error.code ?? '')
    ? { content: mark('x'), ...decides }
    : { contentProblem: `the text of ${nameOf(context, index)} could not be fetched: ${event.error.message}`, ...decides }
}

function nameOf({ essays, assigned }: BatchContext, index: number): string {
  const anchor = assigned?.anchors[index - essays.length]
  return anchor === undefined ? `essay ${essays[index]?.[0]}` : `anchor ${anchor[0]}`
}

/** The items of the net: essays whose text is there, sorted by id. Anchors are compared with students, so one student alone is alone. */
export function prepareNet(context: BatchContext): Partial<BatchContext> {
  const { essays, content, assigned } = context
  const students = essays.filter((_, index) => content[index] === 'o')
  const anchors = (assigned?.anchors ?? []).filter((_, index) => content[essays.length + index] === 'o')
  const items = students.length < 2 ? students : [...students, ...anchors]
  const usable = items.map(([id, storageId]) => [id, storageId] as const).sort(([one], [other]) => (one < other ? -1 : 1))
  return {
    items: usable.map(([id]) => id),
    storage: usable.map(([, storageId]) => storageId),
    workCap: workCap(usable.length, context.policy),
  }
}

/** Ids of essays without a usable text. */
export function droppedEssays(context: BatchContext): string[] {
  return context.essays.filter((_, index) => context.content[index] !== 'o').map(([id]) => id)
}
