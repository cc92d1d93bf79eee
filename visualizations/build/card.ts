import type { Chart, ChartState, ChartTransition } from './chart-of.ts'
import { type Line, type Run, typeset } from './typeset.ts'

/** Lines of a block with their baselines, and the block's size, px. */
export interface Block {
  readonly lines: readonly (Line & { readonly x: number; readonly y: number })[]
  readonly width: number
  readonly height: number
}

/** A transition that leaves its state neither by a way of its own nor for long: a row in the card. */
export interface Row extends Block {
  readonly transition: ChartTransition
  readonly x: number
  readonly y: number
}

/** All that stands in the card of a state, measured. */
export interface Card {
  readonly state: ChartState
  readonly head: Block
  readonly rows: readonly Row[]
  readonly width: number
  readonly height: number
}

/** What stands on the way of a transition. */
export interface Pill extends Block {
  readonly transition: ChartTransition
}

const padding = 13
const column = 296
const columnGap = 22
const rowGap = 5

/** True for a transition that is a row: it has no target, or comes back to its own state. */
export function isRow({ source, targets }: ChartTransition): boolean {
  return targets.every((target) => target === source)
}

/** The card of a state with the transitions that stay in it. Compound states have rows side by side: they are wide anyhow. */
export function cardOf(chart: Chart, state: ChartState): Card {
  const inner = chart.transitions.filter((transition) => transition.source === state.id && isRow(transition))
  const columns = Math.min(columnsOf(state), Math.max(1, inner.length))
  const head = headOf(state, columns * column + (columns - 1) * columnGap)
  const rows = placed(
    inner.map((transition) => ({ transition, ...rowOf(transition) })),
    columns,
    padding + head.height + (inner.length === 0 ? 0 : 9),
  )
  const right = Math.max(head.width, ...rows.map(({ x, width }) => x - padding + width))
  const bottom = Math.max(padding + head.height, ...rows.map(({ y, height }) => y + height))
  return { state, head, rows, width: Math.ceil(right + 2 * padding), height: Math.ceil(bottom + padding - 3) }
}

function columnsOf({ type, parent }: ChartState): number {
  const isLeaf = type === 'atomic' || type === 'final' || type === 'history'
  return isLeaf ? 1 : parent === null ? 3 : 2
}

function headOf(state: ChartState, most: number): Block {
  const named = (word: string, names: readonly string[], face: Run['face']): Line[] =>
    names.length === 0 ? [] : typeset([{ text: `${word} / ${names.join(', ')}`, face }], 12, most, 12)
  const title = typeset([{ text: state.key, face: 'title' }], 15, most)
  const description =
    state.description === null ? [] : typeset([{ text: state.description, face: 'text' }], 12, Math.min(most, most > column ? 560 : 280))
  return stacked([
    ...title,
    ...description,
    ...named('invoke', state.invokes, 'invoke'),
    ...named('entry', state.entry, 'action'),
    ...named('exit', state.exit, 'action'),
  ])
}

/** `↻` marks a row that leaves its state and enters it again. */
function rowOf(transition: ChartTransition): Block {
  const mark: Run = { text: transition.targets.length > 0 ? '↻' : '·', face: 'mark' }
  return stacked(typeset([mark, ...runsOf(transition)], 12, column, 14))
}

/** The pill of a transition: event, guard and actions, a line each where they fit. */
export function pillOf(transition: ChartTransition): Pill {
  const [event, ...rest] = runsOf(transition)
  const lines = [event, ...rest].flatMap((run) => (run === undefined ? [] : typeset([run], 12, 190, 10)))
  const block = stacked(lines)
  return {
    transition,
    lines: block.lines.map((line) => ({ ...line, x: line.x + 10, y: line.y + 5 })),
    width: Math.ceil(block.width + 20),
    height: Math.ceil(block.height + 11),
  }
}

function runsOf({ label, guard, actions }: ChartTransition): Run[] {
  const condition: Run[] = guard === null ? [] : [{ text: guard === 'else' ? 'else' : `if ${guard}`, face: 'guard' }]
  const doing: Run[] = actions.length === 0 ? [] : [{ text: `/ ${actions.join(', ')}`, face: 'action' }]
  return [{ text: label, face: 'event' }, ...condition, ...doing]
}

/** Lines below each other; `y` is the baseline. */
function stacked(lines: readonly Line[]): Block {
  let y = 0
  const put = lines.map((line) => {
    y += line.size <= 12 ? 16 : 19
    return { ...line, x: 0, y: y - 4 }
  })
  return { lines: put, width: Math.max(0, ...lines.map(({ width }) => width)), height: y }
}

/** Rows in columns that are about equally high, in their order. */
function placed(rows: readonly (Block & { readonly transition: ChartTransition })[], columns: number, top: number): Row[] {
  const whole = rows.reduce((sum, { height }) => sum + height + rowGap, 0)
  let at = 0
  let y = 0
  return rows.map((row) => {
    if (y > 0 && at < columns - 1 && y + row.height / 2 > whole / columns) {
      at += 1
      y = 0
    }
    const put = { ...row, x: padding + at * (column + columnGap), y: top + y }
    y += row.height + rowGap
    return put
  })
}
