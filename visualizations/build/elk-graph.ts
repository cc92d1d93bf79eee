import type { ElkExtendedEdge, ElkNode, LayoutOptions } from 'elkjs/lib/elk.bundled.js'
import { type Card, cardOf, isRow, type Pill, pillOf } from './card.ts'
import type { Chart, ChartState, ChartTransition } from './chart-of.ts'

/** Transitions from one state to another: they share a way. */
export interface Bundle {
  readonly id: string
  readonly source: string
  readonly target: string
  readonly pills: readonly Pill[]
  /** True when the source holds the target: drawn from a pill inside, 'wherever it is in there'. */
  readonly isInward: boolean
}

export const pillGap = 5
export const dotSize = 12
const margin = 12

const options: LayoutOptions = {
  'elk.algorithm': 'layered',
  'elk.direction': 'DOWN',
  'elk.hierarchyHandling': 'INCLUDE_CHILDREN',
  'elk.edgeRouting': 'ORTHOGONAL',
  'elk.layered.cycleBreaking.strategy': 'DEPTH_FIRST',
  'elk.json.edgeCoords': 'ROOT',
  'elk.json.shapeCoords': 'ROOT',
  'elk.layered.nodePlacement.strategy': 'NETWORK_SIMPLEX',
  'elk.layered.nodePlacement.favorStraightEdges': 'true',
  'elk.layered.spacing.nodeNodeBetweenLayers': '26',
  'elk.layered.spacing.edgeNodeBetweenLayers': '20',
  'elk.layered.spacing.edgeEdgeBetweenLayers': '14',
  'elk.spacing.nodeNode': '30',
  'elk.spacing.edgeNode': '22',
  'elk.spacing.edgeEdge': '16',
  'elk.spacing.edgeLabel': '0',
  'elk.layered.thoroughness': '30',
}

/** Regions of a parallel state are packed like tiles: nothing leads from one to another. */
const tiles: LayoutOptions = {
  'elk.algorithm': 'rectpacking',
  'elk.json.edgeCoords': 'ROOT',
  'elk.json.shapeCoords': 'ROOT',
  'elk.aspectRatio': '1.2',
  'elk.spacing.nodeNode': '20',
  'elk.rectpacking.packing.compaction.rowHeightReevaluation': 'true',
}

/** What ELK is asked to place. */
export interface Plan {
  readonly chart: Chart
  readonly cards: ReadonlyMap<string, Card>
  readonly bundles: readonly Bundle[]
  /** Room that states need beside their children for their own texts, px: ELK keeps no least width of a nested state. */
  readonly widen: ReadonlyMap<string, number>
}

export function planOf(chart: Chart): Plan {
  const cards = new Map(chart.states.map((state) => [state.id, cardOf(chart, state)]))
  return { chart, cards, bundles: bundlesOf(chart), widen: new Map() }
}

/** The page with the chart on it. */
export function graphOf(plan: Plan): ElkNode {
  return {
    id: 'page',
    layoutOptions: { ...options, 'elk.padding': `[top=${margin},left=${margin},bottom=${margin},right=${margin}]` },
    children: [nodeOf(plan.chart.states[0] as ChartState, plan)],
    edges: edgesIn(null, plan),
  }
}

function bundlesOf(chart: Chart): Bundle[] {
  const groups = new Map<string, ChartTransition[]>()
  for (const transition of chart.transitions.filter((one) => !isRow(one))) {
    const way = `${transition.source}>${transition.targets.join()}`
    groups.set(way, [...(groups.get(way) ?? []), transition])
  }
  return [...groups].map(([id, transitions]) => {
    const { source, targets } = transitions[0] as ChartTransition
    const target = targets[0] as string
    return { id, source, target, pills: transitions.map(pillOf), isInward: target.startsWith(`${source}.`) }
  })
}

export function startsOf(chart: Chart): { readonly state: string; readonly initial: string }[] {
  return chart.states.flatMap(({ id, initial }) => (initial === null ? [] : [{ state: id, initial }]))
}

function nodeOf(state: ChartState, plan: Plan): ElkNode {
  const { chart, cards, bundles } = plan
  const { width, height } = cards.get(state.id) as Card
  const children = chart.states.filter(({ parent }) => parent === state.id)
  if (children.length === 0) {
    return { id: state.id, width, height }
  }
  const inward = bundles.filter(({ isInward, source }) => isInward && source === state.id)
  const side = 20 + (plan.widen.get(state.id) ?? 0) / 2
  return {
    id: state.id,
    layoutOptions: { ...(isTiled(state) ? tiles : options), 'elk.padding': `[top=${height + 8},left=${side},bottom=20,right=${side}]` },
    children: [
      ...(state.initial === null ? [] : [{ id: `start ${state.id}`, width: dotSize, height: dotSize }]),
      ...inward.map((bundle) => ({ id: `from ${bundle.id}`, ...stackSize(bundle) })),
      ...children.map((child) => nodeOf(child, plan)),
    ],
    edges: edgesIn(state.id, plan),
  }
}

function isTiled({ type }: ChartState): boolean {
  return type === 'parallel'
}

/** Edges belong to the region they lie in, else to the page: a region is laid out by itself. */
function edgesIn(home: string | null, plan: Plan): ElkExtendedEdge[] {
  const regions = plan.chart.states.filter(({ parent }) => plan.chart.states.some(({ id, type }) => id === parent && type === 'parallel'))
  const homeOf = (...ids: readonly string[]): string | null =>
    regions.findLast(({ id }) => ids.every((one) => one === id || one.startsWith(`${id}.`)))?.id ?? null
  return [
    ...plan.bundles.filter(({ source, target }) => homeOf(source, target) === home).map(edgeOf),
    ...startsOf(plan.chart)
      .filter(({ state }) => homeOf(state) === home)
      .map(({ state, initial }) => startEdge(state, initial)),
  ]
}

function stackSize({ pills }: Bundle): { readonly width: number; readonly height: number } {
  return {
    width: Math.max(...pills.map(({ width }) => width)),
    height: pills.reduce((sum, { height }) => sum + height, 0) + pillGap * (pills.length - 1),
  }
}

function edgeOf(bundle: Bundle): ElkExtendedEdge {
  const { id, source, target, isInward } = bundle
  if (isInward) {
    return { id, sources: [`from ${id}`], targets: [target] }
  }
  const label = { id: `label ${id}`, text: ' ', ...stackSize(bundle), layoutOptions: { 'elk.edgeLabels.inline': 'true' } }
  return { id, sources: [source], targets: [target], labels: [label] }
}

function startEdge(state: string, initial: string): ElkExtendedEdge {
  return { id: `start of ${state}`, sources: [`start ${state}`], targets: [initial] }
}
