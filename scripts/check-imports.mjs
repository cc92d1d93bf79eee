// The import rules hold, every source file was seen, and the check itself can fail: a planted forbidden import is found.
// (With a TypeScript it does not know, dependency-cruiser reads nothing and passes.)
import { cpSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const cruiser = join(root, 'node_modules', 'dependency-cruiser', 'bin', 'dependency-cruise.mjs')

/** @param {string} folder a checkout */
function cruise(folder) {
  const options = { cwd: folder, encoding: 'utf8', maxBuffer: 100_000_000 }
  const report = (() => {
    try {
      return execFileSync(process.execPath, [cruiser, 'src', '--config', '.dependency-cruiser.cjs', '--output-type', 'json'], options)
    } catch (error) {
      return error.stdout
    }
  })()
  return JSON.parse(report)
}

/** @param {string} folder */
function sources(folder) {
  return readdirSync(folder, { recursive: true }).filter((name) => String(name).endsWith('.ts')).length
}

const report = cruise(root)
const seen = report.modules.filter((module) => module.source.startsWith('src/')).length
const files = sources(join(root, 'src'))
const problems = report.summary.violations.map((violation) => `${violation.rule.name}: ${violation.from} -> ${violation.to}`)
if (seen !== files) {
  problems.push(`dependency-cruiser saw ${seen} of ${files} source files`)
}

const copy = mkdtempSync(join(tmpdir(), 'quire-imports-'))
try {
  for (const name of ['src', '.dependency-cruiser.cjs', 'tsconfig.json', 'package.json']) {
    cpSync(join(root, name), join(copy, name), { recursive: true })
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
  writeFileSync(
    join(copy, 'src/runtime/planted.ts'),
    `import { batchActor } from '../batch/batch.actor.ts'\nexport const planted = batchActor\n`,
  )
  writeFileSync(join(copy, 'src/judging/planted.ts'), `import pg from 'pg'\nexport const planted = pg\n`)
  const found = cruise(copy)
    .summary.violations.filter((violation) => violation.from.includes('planted.ts'))
    .map((violation) => violation.rule.name)
  for (const rule of ['runtime-imports-its-machines-only', 'database-clients-only-in-persistence', 'judging-imports-no-package']) {
    if (!found.includes(rule)) {
      problems.push(`a planted import against ${rule} was not found`)
    }
  }
} finally {
  rmSync(copy, { recursive: true, force: true })
}

console.log(problems.length === 0 ? `imports: ${seen} modules keep the rules; planted violations are found` : problems.join('\n'))
process.exitCode = problems.length === 0 ? 0 : 1
