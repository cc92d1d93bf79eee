import { isRow } from './card.ts'
import type { Chart, ChartState, ChartTransition } from './chart-of.ts'

/** The chart as a Mermaid `stateDiagram-v2`, for readers that draw it themselves (GitHub, GitLab, editors). */
export function mermaidOf(chart: Chart): string {
  const [root] = chart.states as [ChartState]
  // Mermaid separates regions only inside braces.
  const lines = root.type === 'parallel' ? stateLines(root, chart, 1) : insideOf(root, chart, 1)
  return `${['stateDiagram-v2', ...lines].join('\n')}\n`
}

/** What stands between the braces of a state: its first state, its states, and what leads between them. */
function insideOf(state: ChartState, chart: Chart, depth: number): string[] {
  const pad = '  '.repeat(depth)
  const children = chart.states.filter(({ parent }) => parent === state.id)
  const separator = state.type === 'parallel' ? [`${pad}--`] : []
  return [
    ...(state.initial === null ? [] : [`${pad}[*] --> ${idOf(state.initial)}`]),
    ...children.flatMap((child, index) => [...(index === 0 ? [] : separator), ...stateLines(child, chart, depth)]),
    ...inwardLines(state, chart, pad),
  ]
}

function stateLines(state: ChartState, chart: Chart, depth: number): string[] {
  const pad = '  '.repeat(depth)
  const id = idOf(state.id)
  const own = chart.transitions.filter(({ source }) => source === state.id)
  const outward = own.filter((transition) => !isRow(transition) && !isInward(transition))
  const isLeaf = !chart.states.some(({ parent }) => parent === state.id)
  const texts = [...(state.description === null ? [] : [escaped(state.description)]), ...own.filter(isRow).map(rowText)]
  return [
    ...(isLeaf
      ? [`${pad}state "${escaped(state.key)}" as ${id}`, ...texts.map((text) => `${pad}${id} : ${text}`)]
      : [
          `${pad}state "${escaped(state.key)}" as ${id} {`,
          ...insideOf(state, chart, depth + 1),
          `${pad}}`,
          ...(texts.length === 0 ? [] : [`${pad}note right of ${id}`, ...texts.map((text) => `${pad}  ${text}`), `${pad}end note`]),
        ]),
    ...outward.map((transition) => `${pad}${id} --> ${idOf(transition.targets[0] as string)} : ${textOf(transition)}`),
    ...(state.type === 'final' ? [`${pad}${id} --> [*]`] : []),
  ]
}

/** Mermaid cannot draw an arrow from a state to one inside it: a box says 'anywhere in it'. */
function inwardLines(state: ChartState, chart: Chart, pad: string): string[] {
  const inward = chart.transitions.filter((transition) => transition.source === state.id && isInward(transition))
  const rows =
    state.parent === null && state.type !== 'parallel'
      ? chart.transitions.filter((transition) => transition.source === state.id && isRow(transition))
      : []
  if (inward.length === 0 && rows.length === 0) {
    return []
  }
  const from = `${idOf(state.id)}_anywhere`
  return [
    `${pad}state "anywhere in ${escaped(state.key)}" as ${from}`,
    ...rows.map((transition) => `${pad}${from} : ${rowText(transition)}`),
    ...inward.map((transition) => `${pad}${from} --> ${idOf(transition.targets[0] as string)} : ${textOf(transition)}`),
  ]
}

function isInward({ source, targets }: ChartTransition): boolean {
  return targets.some((target) => target.startsWith(`${source}.`))
}

function rowText(transition: ChartTransition): string {
  return `${transition.targets.length > 0 ? '↻ ' : ''}${textOf(transition)}`
}

function textOf({ label, guard, actions }: ChartTransition): string {
  const condition = guard === null ? '' : ` [${guard}]`
  return escaped(`${label}${condition}${actions.length === 0 ? '' : ` / ${actions.join(', ')}`}`)
}

function idOf(stateId: string): string {
  return stateId.replaceAll(/[^A-Za-z0-9]/g, '_')
}

/** Mermaid ends statements at these, and shows its own codes for them undecoded inside nested states; so they are replaced. */
const replaced: Readonly<Record<string, string>> = { ';': ',', ':': ' –', '"': "'", '#': 'no. ', '<': '‹', '>': '›', '{': '(', '}': ')' }

function escaped(text: string): string {
  return text.replaceAll(/[#;:"{}<>]/g, (character) => replaced[character] ?? '')
}
