import type { JournalEntry } from '../service/batch-api.ts'
import { VirtualList } from '../virtual-list.tsx'
import { clockTime, spoken, toneOf } from '../words.ts'
import { type Decision, decisionOf } from './decision.ts'
import { typeOf } from './story.ts'

interface Props {
  readonly entries: readonly JournalEntry[]
  readonly at: number
  readonly onStep: (step: number) => void
}

/** Everything that happened, and the numbers of the chosen step's decision. */
export function Journal({ entries, at, onStep }: Props) {
  const entry = entries[at]
  return (
    <section class="panel journal" aria-label="Journal">
      <h3>
        Journal <small>{entries.length} steps</small>
      </h3>
      <div class="journal-parts">
        <VirtualList
          items={entries}
          rowHeight={34}
          label="Steps"
          keyOf={({ seq }) => seq}
          current={at}
          row={(item, index) => (
            <button type="button" class="step" aria-current={index === at ? 'step' : undefined} onClick={() => onStep(index)}>
              <time dateTime={item.at}>{clockTime(item.at)}</time>
              <span class="what">{wordsOf(item)}</span>
              <span class={`mark ${toneOf(item.state)}`}>{spoken(item.state)}</span>
            </button>
          )}
        />
        {entry !== undefined && <Step entry={entry} />}
      </div>
    </section>
  )
}

function wordsOf(entry: JournalEntry): string {
  const decision = decisionOf(entry)
  const verdict = verdictOf(entry)
  const words = verdict ?? typeOf(entry).replace(/^xstate\.(done|error)\.actor\./, '$1 ')
  return `${entry.ignored === null ? '' : 'ignored: '}${words}${decision === null ? '' : ` → ${decision.code}`}`
}

/** `hazel beat oak` */
function verdictOf({ event }: JournalEntry): string | null {
  const details = event?.['details'] as { readonly essayA?: string | null; readonly essayB?: string | null } | undefined
  const winner = event?.['winner']
  if (event?.['type'] !== 'VERDICT' || typeof details?.essayA !== 'string' || typeof details.essayB !== 'string' || winner === null) {
    return null
  }
  return winner === 'a' ? `${details.essayA} beat ${details.essayB}` : `${details.essayB} beat ${details.essayA}`
}

function Step({ entry }: { readonly entry: JournalEntry }) {
  const decision = decisionOf(entry)
  return (
    <div class="step-view" tabIndex={0} role="group" aria-label="The chosen step">
      <h4>
        #{entry.seq} {typeOf(entry)}
      </h4>
      <ul class="transitions">
        {entry.transitions.map((id) => (
          <li key={id}>{id}</li>
        ))}
      </ul>
      {decision !== null && <DecisionNumbers decision={decision} />}
      <details>
        <summary>All of it</summary>
        <pre tabIndex={0}>{JSON.stringify({ event: entry.event, notes: entry.notes, ignored: entry.ignored }, null, 2)}</pre>
      </details>
    </div>
  )
}

function DecisionNumbers({ decision }: { readonly decision: Decision }) {
  return (
    <>
      <p>
        Row {decision.row}, {decision.action}: {decision.reason}
      </p>
      <dl class="numbers">
        {decision.numbers.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </>
  )
}
