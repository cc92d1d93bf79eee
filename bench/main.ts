import { decisionBench } from './decision.ts'
import { latencyBench } from './kafka/latency.ts'
import { takeoverBench } from './kafka/takeover.ts'
import { throughputBench } from './kafka/throughput.ts'
import { restartBench } from './restart.ts'
import { turnBench } from './turn.ts'

/** `npm run bench -- turn|restart|decision|latency|throughput|takeover [--json]`: figures as ratios within one run, never as tests. */
const benches: Readonly<Record<string, () => Promise<object>>> = {
  turn: turnBench,
  restart: restartBench,
  decision: decisionBench,
  latency: latencyBench,
  throughput: throughputBench,
  takeover: takeoverBench,
}
const name = process.argv[2] ?? ''
const bench = benches[name]
if (bench === undefined) {
  console.error(`unknown benchmark '${name}'; there are: ${Object.keys(benches).join(', ')}`)
  process.exitCode = 2
} else {
  const result = await bench()
  console.log(process.argv.includes('--json') ? JSON.stringify(result) : result)
}
