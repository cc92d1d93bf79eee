import elk, { type ElkExtendedEdge, type ElkNode } from 'elkjs/lib/elk.bundled.js'
import type { Card, Pill } from './card.ts'
import type { Chart } from './chart-of.ts'
import { dotSize, graphOf, pillGap, type Plan, planOf, startsOf } from './elk-graph.ts'

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

/** Places the chart with ELK. The same chart gives the same numbers. */
export async function layoutOf(chart: Chart): Promise<Layout> {
  const plan = planOf(chart)
  const first = await placed(plan)
  const widen = new Map(flat(first).map((node) => [node.id, missingWidth(node, plan)]))
  const second = { ...plan, widen }
  return read(await placed(second), second)
}

async function placed(plan: Plan): Promise<ElkNode> {
  return await new elk.default().layout(graphOf(plan))
}

function missingWidth({ id, width = 0 }: ElkNode, { cards }: Plan): number {
  return Math.max(0, (cards.get(id)?.width ?? 0) - width)
}

function read(page: ElkNode, { chart, cards, bundles }: Plan): Layout {
  const boxes = new Map(flat(page).map((node) => [node.id, boxOf(node)]))
  const edges = new Map(flat(page).flatMap((node) => (node.edges ?? []).map((edge) => [edge.id, edge])))
  const boxAt = (id: string): Box => boxes.get(id) as Box
  const { width, height } = boxOf(page)
  return {
    width,
    height,
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
