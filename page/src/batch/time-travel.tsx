import type { JournalEntry } from '../service/batch-api.ts'
import { clockTime, spoken, toneOf } from '../words.ts'
import { typeOf } from './story.ts'

interface Props {
  readonly entries: readonly JournalEntry[]
  readonly at: number
  readonly isPast: boolean
  /** null: go on live. */
  readonly onStep: (step: number | null) => void
}

/** A way along the journal: what is shown below is the batch as it stood after the chosen step. */
export function TimeTravel({ entries, at, isPast, onStep }: Props) {
  const entry = entries[at]
  if (entry === undefined) {
    return null
  }
  const told = `step ${at + 1} of ${entries.length}: ${typeOf(entry)}, ${spoken(entry.state)}`
  return (
    <section class="travel" aria-label="Time travel">
      <States entries={entries} />
      <input
        type="range"
        min={0}
        max={entries.length - 1}
        value={at}
        aria-label="Step of the journal"
        aria-valuetext={told}
        onInput={(event) => onStep(Number(event.currentTarget.value))}
      />
      <p>
        <span>{told}</span> <time dateTime={entry.at}>{clockTime(entry.at)}</time>
        {isPast && (
          <button type="button" onClick={() => onStep(null)}>
            Back to now
          </button>
        )}
      </p>
    </section>
  )
}

interface Stretch {
  readonly state: string
  readonly first: number
  readonly length: number
}

/** The states one after the other, as wide as they have steps. */
function States({ entries }: Pick<Props, 'entries'>) {
  return (
    <svg class="states" viewBox={`0 0 ${entries.length} 10`} preserveAspectRatio="none" aria-hidden="true">
      {stretchesOf(entries).map(({ state, first, length }) => (
        <rect key={first} class={toneOf(state)} x={first} width={length} height="10">
          <title>{spoken(state)}</title>
        </rect>
      ))}
    </svg>
  )
}

function stretchesOf(entries: readonly JournalEntry[]): Stretch[] {
  const stretches: Stretch[] = []
  entries.forEach(({ state }, index) => {
    const last = stretches.at(-1)
    if (last?.state === state) {
      stretches[stretches.length - 1] = { ...last, length: last.length + 1 }
    } else {
      stretches.push({ state, first: index, length: 1 })
    }
  })
  return stretches
}
