import type { Block, Row } from './card.ts'
import type { ChartState, ChartTransition } from './chart-of.ts'
import type { Mark } from './coverage.ts'
import type { Layout, PlacedCard, Point, Way } from './layout.ts'
import { style } from './style.ts'

/**
 * The picture as text. Cards carry `data-state`, rows and ways `data-transition`: the ids of the chart, so that a page or a
 * report may colour them. `marks` are signs on transitions, by id.
 */
export function svgOf(layout: Layout, title: string, marks: ReadonlyMap<string, Mark> = new Map()): string {
  const { width, height, cards, ways, starts } = layout
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" class="chart" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<style>${style}</style>`,
    markers,
    ...cards.map((card) => cardSvg(card, marks)),
    ...starts.map(startSvg),
    ...ways.flatMap((way) => lineSvg(way, cards, marks)),
    ...ways.flatMap((way) => pillSvg(way, marks)),
    '</svg>',
  ]
  return `${parts.join('\n')}\n`
}

const arrow = 'viewBox="0 0 8 8" refX="7" refY="4" markerWidth="12" markerHeight="12" markerUnits="userSpaceOnUse" orient="auto"'
const markers = `<defs>${['plain', 'success', 'failure', 'start']
  .map((tone) => `<marker id="arrow-${tone}" class="tip ${tone}" ${arrow}><path d="M0,0.6 L8,4 L0,7.4 z"/></marker>`)
  .join('')}</defs>`

function cardSvg({ state, box, head, rows }: PlacedCard, marks: Marks): string {
  const { x, y, width, height } = box
  const kind = [state.type, toneOf(state), state.parent === null ? 'root' : ''].filter((name) => name !== '').join(' ')
  const frame = `<rect class="frame" width="${width}" height="${height}" rx="9"/>`
  const inner = state.type === 'final' ? `<rect class="inner" x="3.5" y="3.5" width="${width - 7}" height="${height - 7}" rx="6"/>` : ''
  const [first] = rows
  const rule = first === undefined ? '' : `<path class="rule" d="M13,${first.y - 4} H${width - 13}"/>`
  return [
    `<g class="state ${kind}" data-state="${escaped(state.id)}" transform="translate(${x},${y})">`,
    hint(state.description),
    frame,
    inner,
    `<g transform="translate(13,11)">${textSvg(head)}</g>`,
    rule,
    ...rows.map((row) => rowSvg(row, marks)),
    '</g>',
  ]
    .filter((part) => part !== '')
    .join('\n')
}

function rowSvg(row: Row, marks: Marks): string {
  const { transition, x, y, width, height } = row
  const mark = marks.get(transition.id)
  const place = `<rect class="hot" x="-5" y="-1" width="${tidy(width + 10)}" height="${height + 3}" rx="5"/>`
  return `<g class="row on-${transition.kind}${toneClass(mark)}" ${idOf(transition)} transform="translate(${x},${y})">${hint(transition.description, mark)}${place}${textSvg(row)}${badge(mark, -13, 9)}</g>`
}

/** The tone of a state is one of its tags. */
function toneOf({ tags }: ChartState): string {
  return tags.find((tag) => tones.has(tag)) ?? ''
}

const tones: ReadonlySet<string> = new Set(['busy', 'waiting', 'ready', 'trouble', 'success', 'failure'])

function startSvg({ dot, points }: Layout['starts'][number]): string {
  return `<g class="start"><circle cx="${dot.x}" cy="${dot.y}" r="5"/><path class="line" d="${pathOf(points)}" marker-end="url(#arrow-start)"/></g>`
}

/** Transitions that share a way draw it once each, so that each can be coloured whole; all lines lie beneath all pills. */
function lineSvg({ points, pills }: Way, cards: readonly PlacedCard[], marks: Marks): string[] {
  const line = pathOf(points)
  const kinds = new Set(pills.map(({ transition }) => transition.kind))
  const [kind] = kinds
  const pattern = kinds.size === 1 ? `on-${kind}` : 'on-several'
  return pills.map(({ transition }) => {
    const tone = wayTone(transition, cards)
    return `<g class="way ${pattern} ${tone}${toneClass(marks.get(transition.id))}" ${idOf(transition)}><path class="line" d="${line}" marker-end="url(#arrow-${tone})"/></g>`
  })
}

function pillSvg({ pills }: Way, marks: Marks): string[] {
  return pills.map(({ transition, box, lines, width, height }) => {
    const frame = `<rect class="pill" width="${width}" height="${height}" rx="${Math.min(12, height / 2)}"/>`
    const place = `transform="translate(${box.x},${box.y})"`
    const mark = marks.get(transition.id)
    const kind = `label on-${transition.kind}${toneClass(mark)}`
    return `<g class="${kind}" ${idOf(transition)} ${place}>${hint(transition.description, mark)}${frame}${textSvg({ lines, width, height })}${badge(mark, width - 4, 3)}</g>`
  })
}

/** A line tells where it leads to. */
function wayTone({ targets }: ChartTransition, cards: readonly PlacedCard[]): 'plain' | 'success' | 'failure' {
  const target = cards.find(({ state }) => state.id === targets[0])
  const tone = target === undefined ? '' : toneOf(target.state)
  return tone === 'success' || tone === 'ready' ? 'success' : tone === 'failure' || tone === 'trouble' ? 'failure' : 'plain'
}

function idOf({ id }: ChartTransition): string {
  return `data-transition="${escaped(id)}"`
}

function hint(description: string | null, mark?: Mark): string {
  const text = [description ?? '', mark === undefined ? '' : `(${mark.hint})`].join(' ').trim()
  return text === '' ? '' : `<title>${escaped(text)}</title>`
}

type Marks = ReadonlyMap<string, Mark>

function toneClass(mark: Mark | undefined): string {
  return mark === undefined ? '' : ` ${mark.tone}`
}

/** A small sign with its middle at a point. */
function badge(mark: Mark | undefined, x: number, y: number): string {
  if (mark === undefined) {
    return ''
  }
  const width = 6 * mark.badge.length + 9
  return `<g class="badge" transform="translate(${tidy(x)},${y})"><rect x="${-width / 2}" y="-7" width="${width}" height="14" rx="7"/><text text-anchor="middle" y="3.2" font-size="9">${escaped(mark.badge)}</text></g>`
}

/** Each run is pinned to its measured width, whatever font draws it. */
function textSvg({ lines }: Block): string {
  return lines
    .flatMap((line) =>
      line.runs.map(({ text, face, x, width }) => {
        const size = face === 'title' ? ` font-size="${line.size}"` : ''
        return `<text class="${face}" x="${tidy(line.x + x)}" y="${line.y}"${size} textLength="${width}" lengthAdjust="spacingAndGlyphs">${escaped(text)}</text>`
      }),
    )
    .join('')
}

function tidy(value: number): number {
  return Math.round(value * 10) / 10
}

const bend = 7

/** A way of right angles with rounded corners. */
function pathOf(points: readonly Point[]): string {
  const [first, ...rest] = points
  if (first === undefined) {
    return ''
  }
  const steps = rest.map((point, index) => {
    const next = rest[index + 1]
    if (next === undefined) {
      return `L${point.x},${point.y}`
    }
    const before = towards(point, index === 0 ? first : (rest[index - 1] as Point))
    const after = towards(point, next)
    return `L${before.x},${before.y} Q${point.x},${point.y} ${after.x},${after.y}`
  })
  return `M${first.x},${first.y} ${steps.join(' ')}`
}

/** The point on the way from a corner to its neighbour where the curve begins. */
function towards(corner: Point, neighbour: Point): Point {
  const distance = Math.abs(neighbour.x - corner.x) + Math.abs(neighbour.y - corner.y)
  const share = distance === 0 ? 0 : Math.min(bend, distance / 2) / distance
  return { x: tidy(corner.x + (neighbour.x - corner.x) * share), y: tidy(corner.y + (neighbour.y - corner.y) * share) }
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
