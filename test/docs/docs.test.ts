import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { brokerFailure } from '../../src/kafka/errors.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const read = (path: string): string => readFileSync(join(root, path), 'utf8')

const pages = ['.', 'docs', 'examples']
  .flatMap((folder) => readdirSync(join(root, folder), { recursive: folder !== '.' }).map((name) => join(folder, String(name))))
  .filter((path) => path.endsWith('.md'))

/** The anchors a page's headings have. */
function anchorsOf(text: string): ReadonlySet<string> {
  const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) => heading ?? '')
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\w\- ]/g, '')
        .replaceAll(' ', '-'),
    ),
  )
}

/** Links of a page, out of its code, that lead nowhere inside the repository. */
function deadLinks(path: string, text: string): string[] {
  const links = [...text.replaceAll(/^```[\s\S]*?^```/gm, '').matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link ?? '')
  return links
    .filter((link) => !/^[a-z]+:/.test(link))
    .filter((link) => {
      const [file = '', anchor] = link.split('#')
      const target = file === '' ? path : relative(root, join(root, dirname(path), file))
      if (!existsSync(join(root, target))) {
        return true
      }
      return anchor !== undefined && !anchorsOf(read(target)).has(anchor)
    })
    .map((link) => `${path}: ${link}`)
}

describe('the documentation', () => {
  it('has no dead link, and every page of docs is reached from its index', () => {
    expect(pages.length).toBeGreaterThan(20)
    expect(pages.flatMap((path) => deadLinks(path, read(path)))).toEqual([])
    const index = read('docs/README.md') + read('docs/decisions/README.md')
    const lost = pages.filter(
      (path) => path.startsWith('docs/') && !path.endsWith('README.md') && !index.includes(path.split('/').at(-1) ?? ''),
    )
    expect(lost).toEqual([])
  })

  it('would find a dead link and a dead anchor', () => {
    expect(deadLinks('docs/README.md', '[a](nowhere.md) [b](errors.md#no-such-heading) [c](errors.md#errors)')).toEqual([
      'docs/README.md: nowhere.md',
      'docs/README.md: errors.md#no-such-heading',
    ])
  })

  it('names in the runbook every alarm, every reason of a server and every halt, with what to do', () => {
    const runbook = read('docs/operating.md')
    const alarms = [...read('ops/prometheus/alerts.yml').matchAll(/- alert: (\w+)/g)].map(([, name]) => name)
    expect(alarms.length).toBeGreaterThan(10)
    const sections = runbook.split(/^### /m)
    const halts = ['log-truncated', 'log-replaced', 'many-failures']
    const ofHalts = read('ops/prometheus/alerts.yml')
      .split('- alert: ')
      .find((text) => text.startsWith('QuirePartitionsHalted\n'))
    expect(halts.filter((halt) => ofHalts?.includes(halt) !== true)).toEqual([])
    for (const name of [...alarms, ...halts]) {
      expect(sections.find((section) => section.startsWith(`${name}\n`)) ?? `${name} is missing`).toMatch(/\*\*(Do|Cause and remedy)/)
    }
    const reasonsIn = (path: string): string[] => [
      ...new Set(
        [...read(path).matchAll(/^ {2}\[(?:'[^']*', '(?:transient|blocked|permanent)'|\/.*\/i?), '([^']+)'\],$/gm)].map(
          ([, reason]) => reason ?? '',
        ),
      ),
    ]
    const tables = { 'src/persistence/errors.ts': 'database', 'src/kafka/errors.ts': 'broker' }
    for (const [path, server] of Object.entries(tables)) {
      const rows = sections.find((section) => section.startsWith(`Reasons of the ${server}\n`)) ?? ''
      expect(reasonsIn(path).length).toBeGreaterThan(9)
      expect(reasonsIn(path).filter((reason) => !new RegExp(`^\\| \`${reason}\` +\\| (waiting|blocked) +\\| \\S`, 'm').test(rows))).toEqual(
        [],
      )
    }
    expect(brokerFailure(new Error('SASL')).message).toContain('authentication')
  })

  it('names only source files that exist', () => {
    const named = pages.flatMap((path) =>
      [...read(path).matchAll(/`((?:src|test|bench|ops|examples)\/[\w./-]+)`/g)].map(([, file]) => file ?? ''),
    )
    expect(named.length).toBeGreaterThan(20)
    expect(named.filter((file) => !existsSync(join(root, file)))).toEqual([])
  })
})
