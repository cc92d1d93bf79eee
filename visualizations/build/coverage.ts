import type { Chart, ChartTransition } from './chart-of.ts'

/** What tests saw of one machine, by transition id. Plain JSON. */
export interface Coverage {
  /** How often each transition was taken; those never taken are absent. */
  readonly taken: Readonly<Record<string, number>>
  /** How often each guard said yes and no, by the transition it guards. */
  readonly guards: Readonly<Record<string, { readonly yes: number; readonly no: number }>>
  /** What no test can see, each with the argument why; `guard` is the answer that never comes. */
  readonly unreachable: readonly { readonly id: string; readonly guard?: 'yes' | 'no'; readonly why: string }[]
}

/** Coverage against its chart. */
export interface CoverageReport {
  /** Reachable transitions, and how many of them were taken. */
  readonly transitions: { readonly seen: number; readonly of: number }
  /** Guards that can say both, and how many of them did. */
  readonly guards: { readonly seen: number; readonly of: number }
  /** A line for everything that was not seen though it can be, or was seen though it cannot be. */
  readonly problems: readonly string[]
}

/** A small sign on a transition of a picture. */
export interface Mark {
  readonly tone: 'seen' | 'missed' | 'unreachable'
  readonly badge: string
  readonly hint: string
}

export function reportOf(chart: Chart, coverage: Coverage): CoverageReport {
  const whole = new Set(coverage.unreachable.filter(({ guard }) => guard === undefined).map(({ id }) => id))
  const known = new Set(chart.transitions.map(({ id }) => id))
  const reachable = chart.transitions.filter(({ id }) => !whole.has(id))
  const missed = reachable.filter(({ id }) => coverage.taken[id] === undefined)
  const guarded = chart.transitions.filter(isGuarded).filter(({ id }) => !coverage.unreachable.some((one) => one.id === id))
  const oneWay = guarded.filter(({ id }) => !(coverage.guards[id]?.yes && coverage.guards[id].no))
  const wrong = coverage.unreachable.filter(({ id, guard }) =>
    guard === undefined ? coverage.taken[id] !== undefined : (coverage.guards[id]?.[guard] ?? 0) > 0,
  )
  return {
    transitions: { seen: reachable.length - missed.length, of: reachable.length },
    guards: { seen: guarded.length - oneWay.length, of: guarded.length },
    problems: [
      ...missed.map(({ id }) => `never taken: ${id}`),
      ...oneWay.map(({ id, guard }) => `guard '${guard}' never said ${coverage.guards[id]?.yes ? 'no' : 'yes'}: ${id}`),
      ...wrong.map(({ id, why }) => `was seen, though it is listed as unreachable (${why}): ${id}`),
      ...coverage.unreachable.filter(({ id }) => !known.has(id)).map(({ id }) => `listed as unreachable, but not in the chart: ${id}`),
      ...Object.keys(coverage.taken)
        .filter((id) => !known.has(id) && id !== 'initial')
        .map((id) => `taken, but not in the chart: ${id}`),
    ],
  }
}

export function reportLine(machine: string, { transitions, guards }: CoverageReport): string {
  return `${machine}: transitions ${transitions.seen}/${transitions.of}, guards both ways ${guards.seen}/${guards.of}`
}

/** The signs for a picture of the chart: how often each transition was taken, and what its guard said. */
export function marksOf(chart: Chart, coverage: Coverage): Map<string, Mark> {
  return new Map(chart.transitions.map((transition) => [transition.id, markOf(transition, coverage)]))
}

function markOf(transition: ChartTransition, { taken, guards, unreachable }: Coverage): Mark {
  const { id } = transition
  const impossible = unreachable.find((one) => one.id === id && one.guard === undefined)
  if (impossible !== undefined) {
    return { tone: 'unreachable', badge: '–', hint: `cannot be taken: ${impossible.why}` }
  }
  const times = taken[id] ?? 0
  const said = guards[id]
  const guard = isGuarded(transition) ? `; its guard said yes ${said?.yes ?? 0} times, no ${said?.no ?? 0} times` : ''
  return { tone: times > 0 ? 'seen' : 'missed', badge: short(times), hint: `taken ${times} times${guard}` }
}

function short(count: number): string {
  return count < 1_000 ? String(count) : `${Math.floor(count / 1_000)}k`
}

export function isGuarded({ guard }: ChartTransition): boolean {
  return guard !== null && guard !== 'else'
}
