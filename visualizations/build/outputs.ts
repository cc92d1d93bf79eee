import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { AnyStateMachine } from 'xstate'
import { chartOf } from './chart-of.ts'
import { type Coverage, marksOf } from './coverage.ts'
import { layoutOf } from './layout.ts'
import { mermaidOf } from './mermaid.ts'
import { readmeOf, type Shown } from './readme.ts'
import { svgOf } from './svg.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const machinesFolder = join(root, 'src/machines')

/** Machines of `src/machines`, by the name of their file. */
export async function machines(): Promise<Map<string, AnyStateMachine>> {
  const files = readdirSync(machinesFolder)
    .filter((file) => file.endsWith('.machine.ts'))
    .sort()
  const found = files.map(async (file) => {
    const exported: Record<string, unknown> = await import(pathToFileURL(join(machinesFolder, file)).href)
    const machine = Object.values(exported).find(isMachine)
    if (machine === undefined) {
      throw new Error(`${file} exports no machine`)
    }
    return [file.replace('.machine.ts', ''), machine] as const
  })
  return new Map(await Promise.all(found))
}

function isMachine(value: unknown): value is AnyStateMachine {
  return typeof value === 'object' && value !== null && '__xstatenode' in value
}

/** Every derived file of `visualizations/`: its path from the working directory, and its text. */
export async function outputs(): Promise<Map<string, string>> {
  const files = new Map<string, string>()
  const put = (name: string, text: string): void => void files.set(relative(process.cwd(), join(root, 'visualizations', name)), text)
  const shown: Shown[] = []
  for (const [name, machine] of await machines()) {
    const chart = chartOf(machine)
    const layout = await layoutOf(chart)
    const title = `State chart of ${name}`
    put(`${name}.svg`, svgOf(layout, title))
    put(`${name}.mmd`, mermaidOf(chart))
    put(`${name}.json`, `${JSON.stringify(machine.config, null, 2)}\n`)
    const coverage = coverageOf(name)
    if (coverage !== undefined) {
      put(`coverage/${name}.svg`, svgOf(layout, `Coverage of ${name}`, marksOf(chart, coverage)))
    }
    shown.push({ name, chart, coverage })
  }
  put('README.md', readmeOf(shown))
  return files
}

/** What the tests saw last (test/model/coverage.test.ts writes it); nothing before they ran. */
function coverageOf(name: string): Coverage | undefined {
  try {
    return JSON.parse(readFileSync(join(root, `visualizations/coverage/${name}.json`), 'utf8')) as Coverage
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      return undefined
    }
    throw error
  }
}
