import type { Chart, ChartState } from './chart-of.ts'
import { type Coverage, reportLine, reportOf } from './coverage.ts'

export interface Shown {
  readonly name: string
  readonly chart: Chart
  readonly coverage: Coverage | undefined
}

const intro = `<!-- Made by \`npm run charts\`; edit visualizations/build/readme.ts. -->

# The state machines

Pictures of the machines that run, drawn from them by \`npm run charts\`. \`npm run check\` fails while one is stale.`

const reading = `## How to read them

- A card is a state: its sentence, what it starts on entry, and below the line the transitions that stay in it. \`↻\` leaves the state
  and enters it again, so that its delays and tasks start anew; \`·\` does not leave it.
- A way leads to another state. Transitions between the same two states share it, each with a pill of its own: the event, \`if\` its guard,
  and \`/\` what is done. The branches of one event are tried in order; \`else\` is the last. Dashed ways are delays, dotted ones need no
  event, red ones lead to trouble, green ones to what was wanted.
- A pill without a tail at the top of a frame is taken from wherever the machine is inside that frame.
- In a picture that is opened by itself, pointing at anything shows its sentence. Light or dark is taken from the reader's system.`

const editor = `## Open the source in the Stately editor

Each machine is one self-contained file that the editor reads from source.

- **From the repository**: \`statelyai.json\` at the root names \`src/machines/**/*.machine.ts\`. Connect the repository in Stately Studio, or
  open a machine with the XState extension of VS Code ("Open Visual Editor" above \`createMachine\`).
- **By hand**: in the editor choose _Import_, then _Code_, and paste the text of the \`.machine.ts\` file; or paste the \`.json\` file that stands
  beside the picture here, which is the machine's config without its functions.

\`test/machines/editor.test.ts\` imports every file as the editor does (types stripped, only \`xstate\` bound) and keeps it literal;
\`test/visualizations/charts.test.ts\` makes a machine of the JSON and compares the charts.`

/** The overview of all charts, with a sentence on every state. */
export function readmeOf(shown: readonly Shown[]): string {
  return `${[intro, reading, editor, ...shown.map(section), coverageSection(shown)].join('\n\n')}\n`
}

function section({ name, chart }: Shown): string {
  const [root, ...states] = chart.states as [ChartState, ...ChartState[]]
  return `## ${name}

${root.description ?? ''}

![State chart of ${name}](${name}.svg)

[Source](../src/machines/${name}.machine.ts) · [Mermaid](${name}.mmd) · [JSON for the editor](${name}.json)

${states.map((state) => stateLine(state, root)).join('\n')}`
}

function stateLine({ id, description }: ChartState, root: ChartState): string {
  const path = id.slice(root.id.length + 1)
  return `${'  '.repeat(path.split('.').length - 1)}- **${path.split('.').at(-1)}**: ${description ?? ''}`
}

function coverageSection(shown: readonly Shown[]): string {
  const covered = shown.flatMap(({ name, chart, coverage }) => (coverage === undefined ? [] : [{ name, chart, coverage }]))
  const lines = covered.map(({ name, chart, coverage }) => {
    const unreachable = coverage.unreachable.map(
      ({ id, guard, why }) => `  - \`${id}\`${guard === undefined ? '' : ` (guard: ${guard})`}: ${why}`,
    )
    const head = `- [${reportLine(name, reportOf(chart, coverage))}](coverage/${name}.svg)`
    return [head, ...(unreachable.length === 0 ? [] : ['  Not reachable:', ...unreachable])].join('\n')
  })
  return `## What the tests take

Tours computed from the machines run through the real runtime, with a restart between steps. The pictures show how often each transition
was taken; red would be one that no test takes. \`npm test\` prints the same numbers and fails when one is missing.

${lines.join('\n')}`
}
