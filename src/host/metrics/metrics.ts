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

function ownRegistry(): Registry {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  return registry
}
