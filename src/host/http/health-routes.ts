import { z } from 'zod'
import type { Api, ApiParts } from './api.ts'

const dependency = z.object({ state: z.string(), reason: z.string().nullable() })

const report = z.object({
  service: z.string(),
  version: z.string(),
  environment: z.string(),
  status: z.enum(['healthy', 'degraded', 'unhealthy']),
  message: z.string(),
  live: z.boolean(),
  ready: z.boolean(),
  checks: z.record(z.string(), z.string()),
  dependencies: z.record(z.string(), dependency),
})

const open = { security: [], tags: ['health'] }
const unlimited = { rateLimit: false as const }

/** Open to probes, without a token and without a limit: they say nothing of any batch. */
export function healthRoutes(app: Api, { health, metrics }: ApiParts): void {
  app.get(
    '/healthz',
    {
      config: unlimited,
      schema: { ...open, summary: 'All of it; 503 when the process must be replaced', response: { 200: report, 503: report } },
    },
    async (_, reply) => {
      const found = await health.report()
      return reply.code(found.live ? 200 : 503).send(found)
    },
  )
  app.get(
    '/healthz/live',
    {
      config: unlimited,
      schema: { ...open, summary: 'The loop turns, also while servers are away', response: { 200: report, 503: report } },
    },
    async (_, reply) => {
      const found = health.alive()
      return reply.code(found.live ? 200 : 503).send(found)
    },
  )
  app.get(
    '/healthz/ready',
    {
      config: unlimited,
      schema: { ...open, summary: 'Servers answer and this process works', response: { 200: report, 503: report } },
    },
    async (_, reply) => {
      const found = await health.report()
      return reply.code(found.ready ? 200 : 503).send(found)
    },
  )
  app.get('/metrics', { config: unlimited, schema: { ...open, summary: 'For Prometheus' } }, async (_, reply) => {
    const text = await metrics.registry.metrics()
    return reply.type(metrics.registry.contentType).send(text)
  })
}
