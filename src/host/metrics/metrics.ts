import { collectDefaultMetrics, Counter, Registry } from 'prom-client'
import { type BatchMetrics, batchMetrics } from './batch-metrics.ts'
import { type MetricsSource, registerRuntimeMetrics } from './runtime-metrics.ts'

/** The metrics of one service, in a registry of its own: several services may share a process. */
export interface Metrics {
  readonly registry: Registry
  readonly batches: BatchMetrics
  readonly http: Counter<'method' | 'route' | 'status'>
}

/** @param given the host's, which has its own metrics of the process; one that holds another service's is refused by prom-client */
export function createMetrics(source: MetricsSource, given?: Registry): Metrics {
  const registry = given ?? ownRegistry()
  registerRuntimeMetrics(registry, source)
  const http = new Counter({
    name: 'cj_assessment_http_requests_total',
    help: 'Answers over HTTP, by route pattern.',
    labelNames: ['method', 'route', 'status'],
    registers: [registry],
  })
  return { registry, batches: batchMetrics(registry), http }
}

let ofProcess: Registry | undefined

/** prom-client's observers of the process cannot be ended, so all services of it, also later ones, have theirs from one set. */
function ownRegistry(): Registry {
  if (ofProcess === undefined) {
    ofProcess = new Registry()
    collectDefaultMetrics({ register: ofProcess })
  }
  return Registry.merge([ofProcess])
}
