import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))

const lines = (count: number): string => Array.from({ length: count }, (_, line) => `export const v${line} = ${line}\n`).join('')
const systemFile = [
  "import { randomUUID } from 'node:crypto'",
  'export const now = (): number => Date.now()',
  'export const chance = (): number => Math.random()',
  'export const wait = (run: () => void): unknown => setTimeout(run, 1)',
  'export const id = (): string => randomUUID()',
].join('\n')

/** A file, its text, and the rules it breaks. */
const planted: readonly (readonly [path: string, text: string, ...rules: string[]])[] = [
  ['src/runtime/date-now.ts', 'export const now = (): number => Date.now()', 'no-restricted-properties'],
  ['src/runtime/performance-now.ts', 'export const now = (): number => performance.now()', 'no-restricted-properties'],
  ['src/batch/math-random.ts', 'export const chance = (): number => Math.random()', 'no-restricted-properties'],
  ['src/batch/global-uuid.ts', 'export const id = (): string => crypto.randomUUID()', 'no-restricted-properties'],
  ['src/batch/node-uuid.ts', "export { randomUUID } from 'node:crypto'", 'no-restricted-imports'],
  ['src/batch/uuid-of-chance.ts', "export { v4 } from 'uuid'", 'no-restricted-imports'],
  ['src/batch/uuid-of-a-name.ts', "export { v5 } from 'uuid'"],
  ['src/host/timeout.ts', 'export const wait = (run: () => void): unknown => setTimeout(run, 1)', 'no-restricted-globals'],
  ['src/runtime/interval.ts', 'export const again = (run: () => void): unknown => setInterval(run, 1)', 'no-restricted-globals'],
  ['src/runtime/immediate.ts', 'export const soon = (run: () => void): unknown => setImmediate(run)', 'no-restricted-globals'],
  ['src/runtime/system.ts', systemFile],
  ['src/testing/system.ts', systemFile, 'no-restricted-globals', 'no-restricted-imports', 'no-restricted-properties'],
  ['src/judging/any.ts', 'export const some = (value: any): number => value', 'no-explicit-any'],
  ['test/any.ts', 'export const some = (value: any): number => value', 'no-explicit-any'],
  ['src/judging/ignored.ts', '// @ts-ignore\nexport const some: number = "one"', 'ban-ts-comment'],
  ['src/judging/default.ts', 'const some = 1\nexport default some', 'no-default-export'],
  ['src/runtime/console.ts', 'export const say = (): void => console.log(1)', 'no-console'],
  ['src/runtime/200-lines.ts', lines(200)],
  ['src/runtime/201-lines.ts', lines(201), 'max-lines'],
  ['src/machines/chart.machine.ts', lines(300)],
  ['src/persistence/migrations/0009-long.ts', lines(300)],
  ['page/src/201-lines.ts', lines(201), 'max-lines'],
  ['page/src/batch/default.tsx', 'const some = 1\nexport default some', 'no-default-export'],
  ['src/runtime/long-function.ts', `export function long(): void {\n${'  void 0\n'.repeat(60)}}`, 'max-lines-per-function'],
]

it('the lint of src finds what is planted, and nothing else', () => {
  const expected = Object.fromEntries(planted.map(([path, , ...rules]) => [path, rules]))
  expect(brokenRules(planted.map(([path, text]) => [path, text]))).toEqual(expected)
})

/** The rules that each file breaks by the project's lint, sorted. */
function brokenRules(files: readonly (readonly [path: string, text: string])[]): Readonly<Record<string, string[]>> {
  const folder = mkdtempSync(join(tmpdir(), 'quire-lint-'))
  try {
    cpSync(join(root, '.oxlintrc.json'), join(folder, '.oxlintrc.json'))
    for (const [path, text] of files) {
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      writeFileSync(join(folder, path), text)
    }
    const args = [join(root, 'node_modules/oxlint/bin/oxlint'), '--format', 'json']
    const { stdout } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' })
    const { diagnostics } = JSON.parse(stdout) as { readonly diagnostics: readonly { readonly code: string; readonly filename: string }[] }
    const rulesOf = (path: string): string[] => diagnostics.filter(({ filename }) => filename === path).map(({ code }) => ruleName(code))
    return Object.fromEntries(files.map(([path]) => [path, [...new Set(rulesOf(path))].sort()]))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** `eslint(max-lines)` -> `max-lines` */
function ruleName(code: string): string {
  return /\((.+)\)/.exec(code)?.[1] ?? code
}
