import { useEffect, useMemo, useState } from 'preact/hooks'
import { type BatchItem, listBatches, type Page, pageSize, type Shown } from '../service/batch-api.ts'
import { follow } from '../service/stream.ts'
import { throttled } from '../throttled.ts'
import { merged } from './merged.ts'

/** Shortest time between two looks for what has changed, ms. */
const lookEveryMs = 500

export interface Batches {
  readonly items: readonly BatchItem[]
  /** True once everything that fits the filter is loaded. */
  readonly isWhole: boolean
  readonly isLoading: boolean
  readonly loadMore: () => void
}

/** Batches in order of their ids, loaded page by page as they are looked at, and kept up to date by the stream. */
export function useBatches(shown: Shown, onConnection: (isConnected: boolean) => void): Batches {
  const [state, setState] = useState({ items: [] as readonly BatchItem[], isWhole: false, isLoading: true })
  const loader = useMemo(() => loaderOf(shown, setState), [shown])
  useEffect(() => {
    loader.loadMore()
    const unfollow = follow(null, {
      onTransition: loader.changed,
      onConnected() {
        onConnection(true)
        loader.changedAll()
      },
      onLost: () => onConnection(false),
    })
    return () => {
      unfollow()
      loader.end()
    }
  }, [loader])
  return { ...state, loadMore: loader.loadMore }
}

type Show = (state: { readonly items: readonly BatchItem[]; readonly isWhole: boolean; readonly isLoading: boolean }) => void

function loaderOf(shown: Shown, show: Show) {
  let items: readonly BatchItem[] = []
  let isWhole = false
  let isLoading = false
  const dirty = new Set<string>()
  const take = (after: string | null, page: Page<BatchItem>): void => {
    items = merged(items, after, page)
    isWhole ||= page.next === null
    show({ items, isWhole, isLoading })
  }
  /** Reads the page around the first batch that has changed; the rest of the page is clean with it. */
  const refresh = throttled(lookEveryMs, async () => {
    const [first] = [...dirty].sort()
    if (first === undefined) {
      return
    }
    const at = items.findIndex(({ batch }) => batch >= first)
    const after = items[Math.max(-1, (at < 0 ? items.length : at) - 1)]?.batch ?? null
    const page = await listBatches(shown, after).catch(() => null)
    if (page === null) {
      return
    }
    take(after, page)
    for (const batch of [...dirty].filter((each) => page.next === null || each <= page.next)) {
      dirty.delete(batch)
    }
    if (dirty.size > 0) {
      refresh.ask()
    }
  })
  const changed = (batch: string): void => {
    const last = items.at(-1)?.batch
    if (isWhole || last === undefined || batch <= last) {
      dirty.add(batch)
      refresh.ask()
    }
  }
  return {
    changed,
    changedAll: () => items.filter((_, index) => index % pageSize === 0).forEach(({ batch }) => changed(batch)),
    loadMore() {
      if (isLoading || isWhole) {
        return
      }
      isLoading = true
      const after = items.at(-1)?.batch ?? null
      void listBatches(shown, after)
        .then((page) => {
          isLoading = false
          take(after, page)
        })
        .catch(() => void (isLoading = false))
    },
    end: refresh.end,
  }
}
