// The import rules hold, every source file was seen, and the check can fail: it finds each import planted in planted-imports/,
// and nothing else there. (With a TypeScript it does not know, dependency-cruiser reads no file and passes.)
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const planted = fileURLToPath(new URL('planted-imports', import.meta.url))
const cruiser = join(root, 'node_modules', 'dependency-cruiser', 'bin', 'dependency-cruise.mjs')

/** Where source lies: of the service, and of its live page. */
const places = ['src', 'page/src']

/** @param {string} folder one that holds the places */
function cruise(folder) {
  const args = [cruiser, ...places, '--config', join(root, '.dependency-cruiser.cjs'), '--output-type', 'json']
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8', maxBuffer: 100_000_000 })
  if (!stdout.startsWith('{')) {
    throw new Error(`dependency-cruiser gave no report of ${folder}: ${stderr}`)
  }
  return JSON.parse(stdout)
}

/** @param {string} folder one that holds the places */
function sourcesOf(folder) {
  return places.flatMap((place) =>
    readdirSync(join(folder, place), { recursive: true, encoding: 'utf8' })
      .filter((name) => /(?<!\.d)\.tsx?$/.test(name))
      .map((name) => `${place}/${name.replaceAll('\\', '/')}`),
  )
}

/** Source files that dependency-cruiser did not read. */
function unseen(report, folder) {
  const seen = new Set(report.modules.map((module) => module.source))
  return sourcesOf(folder).filter((source) => !seen.has(source))
}

/** What is forbidden in a planted file, by its first line: `// forbidden: RULE ...` or `// allowed`. */
function expectedOf(source) {
  const [first] = readFileSync(join(planted, source), 'utf8').split('\n')
  const rules = /^\/\/ (?:allowed|forbidden: (.+))$/.exec(first)
  if (rules === null) {
    throw new Error(`${source} does not say in its first line what is forbidden in it`)
  }
  return (rules[1] ?? '').split(' ').filter((rule) => rule !== '')
}

function checkSource() {
  const report = cruise(root)
  const violations = report.summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} -> ${to}`)
  const missed = unseen(report, root).map((source) => `not seen by dependency-cruiser: ${source}`)
  return { problems: [...violations, ...missed], seen: sourcesOf(root).length }
}

function checkPlanted() {
  const report = cruise(planted)
  const found = new Set(report.summary.violations.map(({ rule, from }) => `${rule.name} in ${from}`))
  const expected = new Set(sourcesOf(planted).flatMap((source) => expectedOf(source).map((rule) => `${rule} in ${source}`)))
  const rules = report.summary.ruleSetUsed.forbidden.map((rule) => rule.name)
  const tried = new Set([...expected].map((violation) => violation.split(' in ')[0]))
  return {
    problems: [
      ...[...expected].filter((violation) => !found.has(violation)).map((violation) => `planted, but not found: ${violation}`),
      ...[...found].filter((violation) => !expected.has(violation)).map((violation) => `found, though it is allowed: ${violation}`),
      ...rules.filter((rule) => !tried.has(rule)).map((rule) => `nothing is planted against the rule ${rule}`),
    ],
    found: found.size,
  }
}

const source = checkSource()
const counter = checkPlanted()
const problems = [...source.problems, ...counter.problems]
if (source.seen === 0) {
  problems.push('no source file was found')
}
console.log(
  problems.length === 0
    ? `imports: ${source.seen} modules keep the rules; ${counter.found} planted violations are found`
    : problems.join('\n'),
)
process.exitCode = problems.length === 0 ? 0 : 1
