import elk, { type ElkExtendedEdge, type ElkNode, type LayoutOptions } from 'elkjs/lib/elk.bundled.js'
import { type Card, cardOf, isRow, type Pill, pillOf } from './card.ts'
import type { Chart, ChartState, ChartTransition } from './chart-of.ts'

export interface Point {
  readonly x: number
  readonly y: number
}

export interface Box extends Point {
  readonly width: number
  readonly height: number
}

/** A state's card in its place. */
export interface PlacedCard extends Card {
  readonly box: Box
}

/** One way that one or several transitions take, with their pills on it. */
export interface Way {
  readonly points: readonly Point[]
  readonly pills: readonly (Pill & { readonly box: Box })[]
}

/** Everything in its place, px from the top left corner. */
export interface Layout {
  readonly width: number
  readonly height: number
  readonly cards: readonly PlacedCard[]
  readonly ways: readonly Way[]
  /** From the dot to the state entered first. */
  readonly starts: readonly { readonly parent: string; readonly dot: Point; readonly points: readonly Point[] }[]
}

/** Transitions from one state to another: they share a way. */
interface Bundle {
  readonly id: string
  readonly source: string
  readonly target: string
  readonly pills: readonly Pill[]
  /** True when the source holds the target: drawn from a pill inside, 'wherever it is in there'. */
  readonly isInward: boolean
}

const pillGap = 5
const dotSize = 12
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

/** Places the chart with ELK. The same chart gives the same numbers. */
export async function layoutOf(chart: Chart): Promise<Layout> {
  const plan: Plan = {
    chart,
    cards: new Map(chart.states.map((state) => [state.id, cardOf(chart, state)])),
    bundles: bundlesOf(chart),
    widen: new Map(),
  }
  const first = await placedBy(plan)
  const widen = new Map(flat(first).map((node) => [node.id, missingWidth(node, plan)]))
  return read(await placedBy({ ...plan, widen }), plan)
}

interface Plan {
  readonly chart: Chart
  readonly cards: ReadonlyMap<string, Card>
  readonly bundles: readonly Bundle[]
  /** Room that states need beside their children for their own texts, px: ELK keeps no least width of a nested state. */
  readonly widen: ReadonlyMap<string, number>
}

async function placedBy(plan: Plan): Promise<ElkNode> {
  return await new elk.default().layout({
    id: 'page',
    layoutOptions: { ...options, 'elk.padding': `[top=${margin},left=${margin},bottom=${margin},right=${margin}]` },
    children: [nodeOf(plan.chart.states[0] as ChartState, plan)],
    edges: edgesIn(null, plan),
  })
}

function missingWidth({ id, width = 0 }: ElkNode, { cards }: Plan): number {
  return Math.max(0, (cards.get(id)?.width ?? 0) - width)
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

function startsOf(chart: Chart): { readonly state: string; readonly initial: string }[] {
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

function read(placed: ElkNode, { chart, cards, bundles }: Plan): Layout {
  const boxes = new Map(flat(placed).map((node) => [node.id, boxOf(node)]))
  const edges = new Map(flat(placed).flatMap((node) => (node.edges ?? []).map((edge) => [edge.id, edge])))
  const boxAt = (id: string): Box => boxes.get(id) as Box
  const page = boxOf(placed)
  return {
    width: page.width,
    height: page.height,
    cards: chart.states.map(({ id }) => ({ ...(cards.get(id) as Card), box: boxAt(id) })),
    ways: bundles.map((bundle) => {
      const edge = edges.get(bundle.id) as ElkExtendedEdge
      const label = bundle.isInward ? boxAt(`from ${bundle.id}`) : boxOf(edge.labels?.[0] ?? {})
      return { points: pointsOf(edge), pills: stackedIn(label, bundle.pills) }
    }),
    starts: startsOf(chart).map(({ state }) => {
      const dot = boxAt(`start ${state}`)
      const points = pointsOf(edges.get(`start of ${state}`) as ElkExtendedEdge)
      return straightened({ parent: state, dot: { x: dot.x + dotSize / 2, y: dot.y + dotSize / 2 }, points })
    }),
  }
}

/** A dot that stands a little beside the end of its arrow is moved above it. */
function straightened(start: Layout['starts'][number]): Layout['starts'][number] {
  const from = start.points[0]
  const to = start.points.at(-1)
  if (from === undefined || to === undefined || Math.abs(from.x - to.x) > 16) {
    return start
  }
  return { ...start, dot: { x: to.x, y: start.dot.y }, points: [{ x: to.x, y: from.y }, to] }
}

function flat(node: ElkNode): ElkNode[] {
  return [node, ...(node.children ?? []).flatMap(flat)]
}

/** Half a pixel is exact enough for a picture, and the same on every machine. */
function rounded(value: number | undefined): number {
  return Math.round((value ?? 0) * 2) / 2
}

function boxOf({
  x,
  y,
  width,
  height,
}: {
  readonly x?: number
  readonly y?: number
  readonly width?: number
  readonly height?: number
}): Box {
  return { x: rounded(x), y: rounded(y), width: rounded(width), height: rounded(height) }
}

function pointsOf(edge: ElkExtendedEdge): Point[] {
  return (edge.sections ?? [])
    .flatMap(({ startPoint, bendPoints = [], endPoint }) => [startPoint, ...bendPoints, endPoint])
    .map(({ x, y }) => ({ x: rounded(x), y: rounded(y) }))
}

/** Pills below each other, in the middle of the place kept for them. */
function stackedIn(place: Box, pills: readonly Pill[]): Way['pills'] {
  let y = place.y
  return pills.map((pill) => {
    const box = { x: rounded(place.x + (place.width - pill.width) / 2), y, width: pill.width, height: pill.height }
    y += pill.height + pillGap
    return { ...pill, box }
  })
}
