import { useState } from 'preact/hooks'
import { useNow } from '../now.ts'
import { hrefOf } from '../route.ts'
import type { BatchItem, Shown } from '../service/batch-api.ts'
import { VirtualList } from '../virtual-list.tsx'
import { duration, spoken, toneOf, waitsFor } from '../words.ts'
import { useBatches } from './use-batches.ts'

interface Props {
  readonly selected: string | null
  readonly onConnection: (isConnected: boolean) => void
}

const filters: readonly (readonly [Shown, string])[] = [
  ['all', 'All'],
  ['active', 'Under way'],
  ['done', 'Done'],
  ['error', 'Broken'],
  ['stuck', 'Stuck'],
]

/** All batches, with what each waits for. */
export function BatchList({ selected, onConnection }: Props) {
  const [shown, setShown] = useState<Shown>('all')
  const [part, setPart] = useState('')
  const { items, isWhole, isLoading, loadMore } = useBatches(shown, onConnection)
  const now = useNow()
  const found = part === '' ? items : items.filter(({ batch }) => batch.toLowerCase().includes(part.toLowerCase()))
  return (
    <nav class="list" aria-label="Batches">
      <form class="filters" onSubmit={(event) => open(event, part)}>
        <label>
          <span class="unseen">Find, or open by its whole id</span>
          <input type="search" placeholder="Id of a batch" value={part} onInput={(event) => setPart(event.currentTarget.value)} />
        </label>
        <label>
          <span class="unseen">Which batches</span>
          <select value={shown} onChange={(event) => setShown(event.currentTarget.value as Shown)}>
            {filters.map(([value, name]) => (
              <option key={value} value={value}>
                {name}
              </option>
            ))}
          </select>
        </label>
      </form>
      <p class="soft count" role="status">
        {countOf(found.length, isWhole, isLoading)}
      </p>
      <VirtualList
        items={found}
        rowHeight={86}
        label="Batches"
        keyOf={({ batch }) => batch}
        row={(item) => <Row item={item} isSelected={item.batch === selected} now={now} />}
        onEndNear={loadMore}
      />
    </nav>
  )
}

function countOf(count: number, isWhole: boolean, isLoading: boolean): string {
  if (isLoading && count === 0) {
    return 'loading'
  }
  return `${count.toLocaleString('en')}${isWhole ? '' : '+'} ${count === 1 && isWhole ? 'batch' : 'batches'}`
}

function open(event: SubmitEvent, batch: string): void {
  event.preventDefault()
  if (batch.trim() !== '') {
    location.hash = hrefOf(batch.trim())
  }
}

function Row({ item, isSelected, now }: { readonly item: BatchItem; readonly isSelected: boolean; readonly now: number }) {
  const { batch, state, progress, createdAt } = item
  const total = progress.workCap ?? progress.planned
  return (
    <a class="row" href={hrefOf(batch)} aria-current={isSelected ? 'true' : undefined}>
      <span class="row-head">
        <span class="name">{batch}</span>
        <span class={`badge ${toneOf(state)}`}>{item.paused ? 'paused' : spoken(state)}</span>
      </span>
      <progress max={Math.max(1, total)} value={progress.settled} aria-label="comparisons settled" />
      <span class="row-foot">
        <span class="waits">
          {progress.settled}/{total} · {waitsFor(item)}
        </span>
        <time dateTime={createdAt}>{duration(now - Date.parse(createdAt))}</time>
      </span>
    </a>
  )
}
