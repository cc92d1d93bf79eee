import type { BatchItem, Page } from '../service/batch-api.ts'

/** The loaded batches with a page read anew: what stood in its range and is not in it any more is gone. */
export function merged(items: readonly BatchItem[], after: string | null, page: Page<BatchItem>): readonly BatchItem[] {
  const end = page.next === null ? null : (page.items.at(-1)?.batch ?? after)
  const before = after === null ? [] : items.filter(({ batch }) => batch <= after)
  const behind = end === null ? [] : items.filter(({ batch }) => batch > end)
  return [...before, ...page.items, ...behind]
}
