import { useEffect, useMemo, useState } from 'preact/hooks'
import type { Judgement } from '../../../src/judging/index.ts'
import type { FitPoint, FitRequest } from './fit.ts'
import type { Story } from './story.ts'

/** Points of the convergence at most. */
const mostPoints = 60

/** Scores as they came to be, one point a verdict or, of many, 60 points spread over them, in order of their counts. */
export function useFits(story: Story): readonly FitPoint[] {
  const judgements = useMemo(() => judgementsIn(story), [story])
  const [points, setPoints] = useState<ReadonlyMap<number, FitPoint>>(new Map())
  const counts = useMemo(() => countsTo(judgements.length), [judgements.length])
  const missing = counts.filter((count) => !points.has(count))
  useEffect(() => {
    if (missing.length === 0 || story.essays.length < 2) {
      return undefined
    }
    const worker = new Worker(new URL('./fit.worker.ts', import.meta.url), { type: 'module' })
    worker.addEventListener('message', ({ data }: MessageEvent<FitPoint>) => setPoints((before) => new Map(before).set(data.count, data)))
    worker.postMessage({ essays: story.essays.length, judgements, counts: missing } satisfies FitRequest)
    return () => worker.terminate()
  }, [counts.join(), story.essays.length])
  return counts.flatMap((count) => points.get(count) ?? [])
}

/** In the order in which they were committed. */
function judgementsIn({ comparisons, essays }: Story): Judgement[] {
  const item = new Map(essays.map((id, index) => [id, index]))
  return comparisons
    .flatMap(({ a, b, verdict }) => (verdict === null ? [] : [{ a: item.get(a) ?? 0, b: item.get(b) ?? 0, ...verdict }]))
    .sort((one, other) => one.seq - other.seq)
    .map(({ a, b, winner }) => ({ a, b, winner }))
}

function countsTo(last: number): number[] {
  const step = Math.max(1, Math.ceil(last / mostPoints))
  const counts = Array.from({ length: Math.floor(last / step) + 1 }, (_, index) => index * step)
  return counts.at(-1) === last ? counts : [...counts, last]
}
