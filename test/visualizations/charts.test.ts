import { readFileSync } from 'node:fs'
import { type AnyStateMachine, createMachine } from 'xstate'
import { describe, expect, it } from 'vitest'
import { type Chart, chartOf } from '../../visualizations/build/chart-of.ts'
import { type Box, type Layout, layoutOf } from '../../visualizations/build/layout.ts'
import { mermaidOf } from '../../visualizations/build/mermaid.ts'
import { machines, outputs } from '../../visualizations/build/outputs.ts'
import { svgOf } from '../../visualizations/build/svg.ts'

const found = await machines()

describe('the files of visualizations/', () => {
  it('are what the machines give, twice the same to the byte', async () => {
    const files = await outputs()
    expect([...files].filter(([path, text]) => readFileSync(path, 'utf8') !== text).map(([path]) => path)).toEqual([])
    expect([...(await outputs())]).toEqual([...files])
  })

  it('hold a picture, a text and the JSON of every machine, and the overview shows them with a sentence on every state', async () => {
    const files = await outputs()
    const overview = files.get('visualizations/README.md') ?? ''
    for (const [name, machine] of found) {
      for (const file of [`${name}.svg`, `${name}.mmd`, `${name}.json`]) {
        expect([...files.keys()]).toContain(`visualizations/${file}`)
        expect(overview).toContain(`(${file})`)
      }
      for (const { key, parent, description } of chartOf(machine).states) {
        expect(overview).toContain(parent === null ? description : `**${key}**: ${description}`)
      }
    }
  })
})

describe.each([...found])('the chart of %s', (_, machine) => {
  it('is the same when the machine is made of its JSON, as the editor makes it', () => {
    const imported = createMachine(JSON.parse(JSON.stringify(machine.config)) as never) as AnyStateMachine
    expect(chartOf(imported)).toEqual(chartOf(machine))
  })

  it('draws every state and every transition under its id', async () => {
    const chart = chartOf(machine)
    const svg = svgOf(await layoutOf(chart), 'x')
    const drawn = (name: string): Set<string> =>
      new Set([...svg.matchAll(new RegExp(`data-${name}="([^"]+)"`, 'g'))].map((match) => match[1] ?? ''))
    expect(drawn('state')).toEqual(new Set(chart.states.map(({ id }) => id)))
    expect(drawn('transition')).toEqual(new Set(chart.transitions.map(({ id }) => id)))
  })

  it('has no card or pill on another, and no text that leaves its place', async () => {
    expect(collisions(await layoutOf(chartOf(machine)))).toEqual([])
  })

  it('changes with every transition that is lost', async () => {
    const chart = chartOf(machine)
    const without = (lost: string): Chart => ({ ...chart, transitions: chart.transitions.filter(({ id }) => id !== lost) })
    expect(chart.transitions.filter(({ id }) => mermaidOf(without(id)) === mermaidOf(chart))).toEqual([])
    const lost: Chart = { ...chart, transitions: chart.transitions.slice(1) }
    expect(svgOf(await layoutOf(lost), 'x')).not.toBe(svgOf(await layoutOf(chart), 'x'))
  })
})

interface Named extends Box {
  readonly name: string
}

/** Everything in the picture that lies where it must not. */
function collisions({ cards, ways, width, height }: Layout): string[] {
  const isLeaf = (id: string): boolean => !cards.some(({ state }) => state.parent === id)
  const leaves: Named[] = cards.filter(({ state }) => isLeaf(state.id)).map(({ state, box }) => ({ name: state.id, ...box }))
  const heads: Named[] = cards
    .filter(({ state }) => !isLeaf(state.id))
    .map((card) => ({ name: `head of ${card.state.id}`, x: card.box.x, y: card.box.y, width: card.box.width, height: card.height }))
  const pills: Named[] = ways.flatMap(({ pills: some }) => some.map(({ transition, box }) => ({ name: transition.id, ...box })))
  const solid = [...leaves, ...pills]
  const overlapping = solid.flatMap((one, index) =>
    solid.slice(index + 1).flatMap((other) => (overlaps(one, other) ? [`${one.name} on ${other.name}`] : [])),
  )
  const onHeads = heads.flatMap((head) => solid.flatMap((one) => (overlaps(head, one) ? [`${one.name} on ${head.name}`] : [])))
  const outside = cards.flatMap(({ state, box, width: needed }) =>
    needed > box.width + 0.5 ? [`${state.id} is narrower than its texts`] : [],
  )
  const off = solid.flatMap((one) =>
    one.x < 0 || one.y < 0 || one.x + one.width > width || one.y + one.height > height ? [`${one.name} off the page`] : [],
  )
  const long = [
    ...cards.flatMap(({ head, rows, width: most }) => [head, ...rows].map((block) => ({ block, most }))),
    ...ways.flatMap(({ pills: some }) => some.map((block) => ({ block, most: block.width }))),
  ].flatMap(({ block, most }) =>
    block.lines.filter((line) => line.x + line.width > most).map(({ runs }) => `'${runs.map(({ text }) => text).join(' ')}' is too long`),
  )
  return [...overlapping, ...onHeads, ...outside, ...off, ...long]
}

function overlaps(one: Box, other: Box): boolean {
  return one.x < other.x + other.width && other.x < one.x + one.width && one.y < other.y + other.height && other.y < one.y + one.height
}
