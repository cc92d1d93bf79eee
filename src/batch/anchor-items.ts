import type { BatchContext } from '../machines/batch.machine.ts'

/** Known grades by item id, of all anchors of the batch's assignment. */
export function anchorGrades({ assigned }: Pick<BatchContext, 'assigned'>): ReadonlyMap<string, string> {
  return new Map(assigned?.anchors.map(([id, , grade]) => [id, grade] as const) ?? [])
}

/** Items that are essays of students, in order. */
export function studentItems(context: BatchContext): string[] {
  const anchors = anchorGrades(context)
  return context.items.filter((id) => !anchors.has(id))
}
