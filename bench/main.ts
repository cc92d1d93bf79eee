import { decisionBench } from './decision.ts'
import { httpBench } from './http.ts'
import { latencyBench } from './kafka/latency.ts'
import { serveBench } from './kafka/serve.ts'
import { takeoverBench } from './kafka/takeover.ts'
import { throughputBench } from './kafka/throughput.ts'
import { restartBench } from './restart.ts'
import { soakBench } from './soak.ts'
import { turnBench } from './turn.ts'

/**
 * `npm run bench -- turn|restart|decision|latency|throughput|takeover|serve|http|soak [--json]`: figures, never tests. What a bench
 * promises and did not reach stands in its `short`; then the exit status is 1.
 */
const benches: Readonly<Record<string, () => Promise<object>>> = {
  turn: turnBench,
  restart: restartBench,
  decision: decisionBench,
  latency: latencyBench,
  throughput: throughputBench,
  takeover: takeoverBench,
  serve: serveBench,
  http: httpBench,
  soak: () => soakBench(secondsAsked(300)),
}
/** `--seconds N`, or as long as the bench takes by itself. */
function secondsAsked(otherwise: number): number {
  const at = process.argv.indexOf('--seconds')
  return at < 0 ? otherwise : Number(process.argv[at + 1])
}

const name = process.argv[2] ?? ''
const bench = benches[name]
if (bench === undefined) {
  console.error(`unknown benchmark '${name}'; there are: ${Object.keys(benches).join(', ')}`)
  process.exitCode = 2
} else {
  const result = await bench()
  console.log(process.argv.includes('--json') ? JSON.stringify(result) : result)
  const short: unknown = Reflect.get(result, 'short')
  process.exitCode = Array.isArray(short) && short.length > 0 ? 1 : 0
}
