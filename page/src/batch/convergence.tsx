import { useEffect, useRef } from 'preact/hooks'
import uPlot from 'uplot'
import type { FitPoint } from './fit.ts'
import type { RankedEssay } from './story.ts'

interface Props {
  readonly points: readonly FitPoint[]
  readonly essays: readonly string[]
  readonly ranking: readonly RankedEssay[]
}

/** Lines at most: the best and the last, with the rest between them left out. */
const mostLines = 8
const height = 260

/** Scores with their intervals as verdicts came in. */
export function Convergence({ points, essays, ranking }: Props) {
  const frame = useRef<HTMLDivElement>(null)
  const shown = spread(ranking.map(({ id }) => id))
  const names = shown.join('\n')
  useEffect(() => {
    const place = frame.current
    if (place === null || shown.length === 0) {
      return undefined
    }
    const plot = new uPlot(optionsOf(shown, place.clientWidth), dataOf(points, shown, essays), place)
    const observer = new ResizeObserver(() => plot.setSize({ width: place.clientWidth, height }))
    observer.observe(place)
    return () => {
      observer.disconnect()
      plot.destroy()
    }
  }, [points.length, points.at(-1)?.count, names])
  const last = points.at(-1)
  return (
    <section class="panel" aria-label="Convergence of the scores">
      <h3>
        Convergence <small>score ± 1 standard error, by verdicts</small>
      </h3>
      {shown.length === 0 ? (
        <p class="soft">It begins with the first verdict.</p>
      ) : (
        <>
          <div
            ref={frame}
            role="img"
            aria-label={`Scores of ${shown.length} essays over ${last?.count ?? 0} verdicts; the ranking has the numbers`}
          />
          <ul class="keys">
            {shown.map((id, index) => (
              <li key={id} class={`key line-${index}`}>
                {id}
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  )
}

/** Some names of many, evenly from the first to the last. */
function spread(names: readonly string[]): string[] {
  if (names.length <= mostLines) {
    return [...names]
  }
  return Array.from({ length: mostLines }, (_, index) => names[Math.round((index * (names.length - 1)) / (mostLines - 1))] as string)
}

/** x, then three series an essay: score, upper end, lower end. */
function dataOf(points: readonly FitPoint[], shown: readonly string[], essays: readonly string[]): uPlot.AlignedData {
  const series = shown.flatMap((id) => {
    const item = essays.indexOf(id)
    const score = points.map(({ theta }) => theta[item] ?? null)
    const se = points.map((point) => point.se[item] ?? 0)
    return [score, score.map((value, at) => (value ?? 0) + (se[at] ?? 0)), score.map((value, at) => (value ?? 0) - (se[at] ?? 0))]
  })
  return [points.map(({ count }) => count), ...series]
}

function optionsOf(shown: readonly string[], width: number): uPlot.Options {
  const look = getComputedStyle(document.documentElement)
  const colour = (name: string): string => look.getPropertyValue(name).trim()
  const axis = { stroke: colour('--soft'), grid: { stroke: colour('--hair'), width: 1 }, ticks: { stroke: colour('--hair') } }
  return {
    width,
    height,
    legend: { show: false },
    cursor: { points: { show: false }, drag: { x: false, y: false } },
    scales: { x: { time: false } },
    axes: [
      { ...axis, label: 'verdicts', labelSize: 20 },
      { ...axis, size: 44 },
    ],
    series: [
      {},
      ...shown.flatMap((_, index) => {
        const stroke = colour(`--line-${index}`)
        const edge = { stroke: 'transparent', width: 0, points: { show: false } }
        return [{ stroke, width: 2, points: { show: true, size: 4, fill: stroke } }, edge, edge]
      }),
    ],
    bands: shown.map((_, index) => ({ series: [3 * index + 2, 3 * index + 3], fill: `${colour(`--line-${index}`)}17` })),
  }
}
