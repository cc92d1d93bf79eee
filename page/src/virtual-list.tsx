import type { ComponentChildren } from 'preact'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'

interface Props<T> {
  readonly items: readonly T[]
  readonly rowHeight: number
  readonly label: string
  readonly keyOf: (item: T) => string | number
  readonly row: (item: T, index: number) => ComponentChildren
  /** The row that is to be seen. */
  readonly current?: number
  /** Called when the end comes near. */
  readonly onEndNear?: () => void
}

/** Rows beyond the window on each side. */
const overscan = 8

/** A long list of rows of one height, of which only those in sight are in the document. Arrow keys move between their links. */
export function VirtualList<T>({ items, rowHeight, label, keyOf, row, current, onEndNear }: Props<T>) {
  const frame = useRef<HTMLDivElement>(null)
  const { top, height, onScroll } = useWindow(frame)
  const first = Math.max(0, Math.floor(top / rowHeight) - overscan)
  const last = Math.min(items.length, Math.ceil((top + height) / rowHeight) + overscan)
  useEffect(() => {
    if (last >= items.length - overscan) {
      onEndNear?.()
    }
  }, [last, items.length])
  useLayoutEffect(() => reveal(frame.current, current, rowHeight), [current])
  return (
    <div class="virtual" ref={frame} onScroll={onScroll} onKeyDown={(event) => moveFocus(event, frame.current)}>
      <ul aria-label={label} style={{ height: `${items.length * rowHeight}px` }}>
        {items.slice(first, last).map((item, index) => (
          <li
            key={keyOf(item)}
            aria-setsize={items.length}
            aria-posinset={first + index + 1}
            style={{ transform: `translateY(${(first + index) * rowHeight}px)`, height: `${rowHeight}px` }}
          >
            {row(item, first + index)}
          </li>
        ))}
      </ul>
    </div>
  )
}

function useWindow(frame: { readonly current: HTMLDivElement | null }) {
  const [seen, setSeen] = useState({ top: 0, height: 800 })
  const read = (): void => {
    const { scrollTop = 0, clientHeight = 0 } = frame.current ?? {}
    setSeen((before) => (before.top === scrollTop && before.height === clientHeight ? before : { top: scrollTop, height: clientHeight }))
  }
  useEffect(() => {
    const observer = new ResizeObserver(read)
    if (frame.current !== null) {
      observer.observe(frame.current)
    }
    return () => observer.disconnect()
  }, [])
  return { ...seen, onScroll: read }
}

function reveal(frame: HTMLDivElement | null, index: number | undefined, rowHeight: number): void {
  if (frame === null || index === undefined || index < 0) {
    return
  }
  const top = index * rowHeight
  if (top < frame.scrollTop || top + rowHeight > frame.scrollTop + frame.clientHeight) {
    frame.scrollTop = top - frame.clientHeight / 2
  }
}

function moveFocus(event: KeyboardEvent, frame: HTMLDivElement | null): void {
  const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
  const links = [...(frame?.querySelectorAll<HTMLElement>('li > a, li > button') ?? [])]
  const at = links.findIndex((link) => link === document.activeElement)
  const next = links[at + step]
  if (step !== 0 && at >= 0 && next !== undefined) {
    event.preventDefault()
    next.focus()
  }
}
