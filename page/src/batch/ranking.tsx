import type { FitPoint } from './fit.ts'
import type { RankedEssay, Story } from './story.ts'

/** The final ranking where it stands, else the one the verdicts so far give. */
export function rankingNow({ ranking, essays }: Story, points: readonly FitPoint[]): readonly RankedEssay[] {
  const last = points.at(-1)
  if (ranking !== null || last === undefined || last.count === 0) {
    return ranking ?? []
  }
  return essays
    .map((id, index) => ({ id, score: last.theta[index] ?? 0, se: last.se[index] ?? 0 }))
    .sort((one, other) => other.score - one.score)
    .map((essay, index) => ({ ...essay, rank: index + 1 }))
}

interface Props {
  readonly ranking: readonly RankedEssay[]
  readonly story: Story
}

/** Ranks with scores and the interval score +- 1 standard error. */
export function Ranking({ ranking, story }: Props) {
  return (
    <section class="panel" aria-label="Ranking">
      <h3>
        Ranking <small>{story.ranking === null ? 'so far' : 'final'}, score ± 1 standard error, logits</small>
      </h3>
      {ranking.length === 0 ? (
        <p class="soft">It begins with the first verdict.</p>
      ) : (
        <div class="scroll" tabIndex={0} role="group" aria-label="Ranking table">
          <Table ranking={ranking} story={story} />
        </div>
      )}
    </section>
  )
}

function Table({ ranking, story }: Props) {
  const low = Math.min(...ranking.map(({ score, se }) => score - se))
  const high = Math.max(...ranking.map(({ score, se }) => score + se))
  const place = (value: number): number => 4 + ((value - low) / Math.max(high - low, 1e-9)) * 192
  const records = recordsOf(story)
  return (
    <table class="ranking">
      <thead>
        <tr>
          <th scope="col">#</th>
          <th scope="col">Essay</th>
          <th scope="col">Score</th>
          <th scope="col">± se</th>
          <th scope="col">Won</th>
          <th scope="col">Interval</th>
        </tr>
      </thead>
      <tbody>
        {ranking.map(({ id, rank, score, se }) => (
          <tr key={id}>
            <td>{rank}</td>
            <th scope="row">{id}</th>
            <td>{score.toFixed(2)}</td>
            <td>{se.toFixed(2)}</td>
            <td>
              {records.get(id)?.won ?? 0}/{records.get(id)?.of ?? 0}
            </td>
            <td class="plot">
              <Interval low={place(score - se)} middle={place(score)} high={place(score + se)} zero={place(0)} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

interface IntervalProps {
  readonly low: number
  readonly middle: number
  readonly high: number
  readonly zero: number
}

function Interval({ low, middle, high, zero }: IntervalProps) {
  return (
    <svg viewBox="0 0 200 18" preserveAspectRatio="none" aria-hidden="true">
      <line class="zero" x1={zero} x2={zero} y1="0" y2="18" />
      <line class="range" x1={low} x2={high} y1="9" y2="9" />
      <line class="range" x1={low} x2={low} y1="5" y2="13" />
      <line class="range" x1={high} x2={high} y1="5" y2="13" />
      <line class="dot" x1={middle} x2={middle} y1="9" y2="9" />
    </svg>
  )
}

function recordsOf({ comparisons }: Story): Map<string, { won: number; of: number }> {
  const records = new Map<string, { won: number; of: number }>()
  const count = (id: string, won: boolean): void => {
    const before = records.get(id) ?? { won: 0, of: 0 }
    records.set(id, { won: before.won + (won ? 1 : 0), of: before.of + 1 })
  }
  for (const { a, b, verdict } of comparisons) {
    if (verdict !== null) {
      count(a, verdict.winner === 'a')
      count(b, verdict.winner === 'b')
    }
  }
  return records
}
