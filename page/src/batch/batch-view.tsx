import type { ComponentChildren } from 'preact'
import { useMemo, useState } from 'preact/hooks'
import { useNow } from '../now.ts'
import { hrefOf } from '../route.ts'
import type { BatchDetail } from '../service/batch-api.ts'
import { causeOf, duration, spoken, toneOf } from '../words.ts'
import { Actions } from './actions.tsx'
import { Chart } from './chart.tsx'
import { Convergence } from './convergence.tsx'
import { Journal } from './journal.tsx'
import { Matrix } from './matrix.tsx'
import { Ranking, rankingNow } from './ranking.tsx'
import { storyOf } from './story.ts'
import { TimeTravel } from './time-travel.tsx'
import { useBatch } from './use-batch.ts'
import { useFits } from './use-fits.ts'

/** One batch: where it stands and why, its scores, and its journal; all of it at any step of its past. */
export function BatchView({ batch }: { readonly batch: string }) {
  const { detail, entries, deadLetters, problem, reload } = useBatch(batch)
  const [step, setStep] = useState<number | null>(null)
  const at = Math.min(step ?? entries.length - 1, entries.length - 1)
  const story = useMemo(() => storyOf(entries.slice(0, at + 1)), [entries, at])
  const points = useFits(story)
  const ranking = rankingNow(story, points)
  if (problem !== null) {
    return <p role="alert">{problem}</p>
  }
  if (detail === null) {
    return <p aria-busy="true">loading</p>
  }
  const isPast = step !== null && at < entries.length - 1
  return (
    <article class={isPast ? 'batch past' : 'batch'} aria-label={`Batch ${batch}`}>
      <Head detail={detail}>
        <Actions detail={detail} deadLetters={deadLetters} onDone={reload} />
      </Head>
      <TimeTravel entries={entries} at={at} isPast={isPast} onStep={setStep} />
      <div class="panels">
        <Chart story={story} />
        <div class="scores">
          <Ranking ranking={ranking} story={story} />
          <Convergence points={points} essays={story.essays} ranking={ranking} />
          <Matrix story={story} order={ranking.map(({ id }) => id)} />
        </div>
        <Journal entries={entries} at={at} onStep={setStep} />
      </div>
    </article>
  )
}

function Head({ detail, children }: { readonly detail: BatchDetail; readonly children: ComponentChildren }) {
  const { batch, state, status, progress, counters, why, end, createdAt, stateSince } = detail
  const now = useNow()
  const total = progress.workCap ?? progress.planned
  return (
    <header class="batch-head">
      <a class="back" href={hrefOf(null)}>
        All batches
      </a>
      <div class="title">
        <h2>
          {batch} <span class={`badge ${toneOf(state)}`}>{detail.paused ? 'paused' : spoken(state)}</span>
        </h2>
        {children}
      </div>
      <p class="why" role="status">
        {end === null ? `Waits for ${why.waitsFor}.` : `Ended ${spoken(end.status)}: ${end.reason}.`}
      </p>
      <progress max={Math.max(1, total)} value={progress.settled} aria-label="comparisons settled" />
      <dl class="facts">
        <Fact name="settled" value={`${progress.settled} of ${total}`} />
        <Fact name="essays" value={progress.essays} />
        <Fact name="outstanding" value={progress.outstanding} />
        <Fact name="errors" value={counters.failed} />
        <Fact name="status" value={spoken(status)} />
        <Fact name="age" value={duration(now - Date.parse(createdAt))} />
        <Fact name="in this state" value={duration(now - Date.parse(stateSince))} />
        {why.next.map((each) => (
          <Fact key={each.what} name={causeOf(each.what)} value={`in ${duration(Date.parse(each.at) - now)}`} />
        ))}
      </dl>
    </header>
  )
}

function Fact({ name, value }: { readonly name: string; readonly value: string | number }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  )
}
