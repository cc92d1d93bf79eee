import { fork } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { SimulationResult } from './simulate.ts'

/** `npm run simulate -- --seeds N [--seed S] [--json]`: seeds S, S + 1, ...; a failing one is replayed by `--seeds 1 --seed`. */
const { values } = parseArgs({
  options: { seeds: { type: 'string', default: '100' }, seed: { type: 'string', default: '1' }, json: { type: 'boolean', default: false } },
})
const first = Number(values.seed)
const count = Number(values.seeds)
const threads = Math.min(availableParallelism(), Math.max(1, Math.ceil(count / 20)))
const started = performance.now()
const shares = await Promise.all(Array.from({ length: threads }, (_, thread) => runShare(thread)))
const results = shares.flat()
const failed = results.filter((result) => result.violations.length > 0)
for (const { seed, violations } of failed.slice(0, 10)) {
  console.error(`seed ${seed}: ${violations.join('; ')}\n  replay: npm run simulate -- --seeds 1 --seed ${seed}`)
}
const minutes = (performance.now() - started) / 60_000
const summary = {
  seeds: results.length,
  violations: failed.length,
  seedsPerMinute: Math.round(results.length / minutes),
  table: results.filter((result) => result.form === 'table').length,
  broker: results.filter((result) => result.form === 'broker').length,
  longOutages: results.filter((result) => result.longOutage !== null).length,
  crashes: results.reduce((sum, result) => sum + result.crashes, 0),
  posts: results.reduce((sum, result) => sum + result.posts, 0),
}
console.log(values.json ? JSON.stringify(summary) : summary)
process.exitCode = failed.length === 0 && results.length === count ? 0 : 1

function runShare(thread: number): Promise<SimulationResult[]> {
  const seeds = Array.from({ length: count }, (_, index) => first + index).filter((_, index) => index % threads === thread)
  return new Promise((resolve, reject) => {
    const worker = fork(fileURLToPath(new URL('./worker.ts', import.meta.url)), [], { execArgv: ['--import', 'tsx'] })
    worker.once('message', (results) => resolve(results as SimulationResult[]))
    worker.once('error', reject)
    worker.once('exit', (code) => code !== 0 && reject(new Error(`a simulation process ended with ${code}`)))
    worker.send(seeds)
  })
}
