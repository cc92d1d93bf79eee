import helmet from '@fastify/helmet'
import rateLimit from '@fastify/rate-limit'
import swagger from '@fastify/swagger'
import Fastify, { type FastifyReply, type FastifyRequest, type preHandlerAsyncHookHandler } from 'fastify'
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod'
import { batchAddress } from '../../batch/request.ts'
import type { Api, ApiParts } from './api.ts'
import { ApiError, apiErrorOf, bodyOf, retryAfterSeconds, unavailable } from './api-error.ts'
import { anchors } from './anchors.ts'
import { assignments } from './assignments.ts'
import { type AccessOptions, authenticate } from './authentication.ts'
import { batchActs } from './batch-acts.ts'
import { batchReads } from './batch-reads.ts'
import { deadLetters } from './dead-letters.ts'
import { document } from './document.ts'
import { forgetRoute } from './forget-route.ts'
import { healthRoutes } from './health-routes.ts'
import { instructionTexts } from './instruction-texts.ts'
import { intake } from './intake.ts'
import { pageRoute } from './page-route.ts'
import { streamRoute } from './stream-route.ts'

export interface HttpOptions extends AccessOptions {
  readonly bodyLimitBytes: number
  /** Requests of one address in a minute; 0 = no limit. */
  readonly ratePerMinute: number
  /** Addresses or nets whose X-Forwarded-For is believed; absent: the peer is who asks. */
  readonly trustedProxies?: readonly string[] | undefined
}

/** Headers of a request together, bytes; a bearer token and a trace need less than a tenth. */
const mostHeaderBytes = 16_384

/** The service's HTTP interface, not listening yet. */
export async function createApi(parts: ApiParts, options: HttpOptions): Promise<Api> {
  const app = Fastify({
    bodyLimit: options.bodyLimitBytes,
    requestTimeout: 30_000,
    connectionTimeout: 60_000,
    forceCloseConnections: 'idle',
    http: { maxHeaderSize: mostHeaderBytes },
    routerOptions: { maxParamLength: 2_048 },
    trustProxy: options.trustedProxies === undefined ? false : [...options.trustedProxies],
    genReqId: () => parts.ids.next(),
    frameworkErrors: (error, request, reply) => void answer(error, request, reply, parts),
    return503OnClosing: true,
  }).withTypeProvider<ZodTypeProvider>()
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  app.removeContentTypeParser('text/plain')
  app.decorateRequest('actor', '')
  app.setErrorHandler((error, request, reply) => answer(error, request, reply, parts))
  observe(app, parts)
  const limited = await protect(app, options)
  app.setNotFoundHandler({ preHandler: limited }, ({ method }, reply) => reply.code(404).send(bodyOf(notFound(method))))
  await app.register(swagger, document())
  await app.register(async (open: Api) => {
    healthRoutes(open, parts)
    pageRoute(open, options)
  })
  await app.register(async (inside: Api) => {
    // Before the token is looked at: whoever guesses one is limited too.
    inside.addHook('onRequest', limited)
    inside.addHook('onRequest', async (request, reply) => {
      reply.header('cache-control', 'no-store')
      authenticate(request, options)
      if (parts.isDraining() && request.method !== 'GET') {
        throw unavailable('the service is stopping; another process takes it, or this one after its start')
      }
    })
    for (const routes of [batchReads, batchActs, forgetRoute, deadLetters, assignments, instructionTexts, anchors, streamRoute]) {
      routes(inside, parts)
    }
    await inside.register(async (raw: Api) => intake(raw, parts))
    inside.get('/openapi.json', { schema: { hide: true } }, () => app.swagger())
  })
  return app
}

const notFound = (method: string): ApiError => new ApiError(404, 'not-found', `nothing answers ${method} at this path; see /openapi.json`)

/** Returns the limit as a hook, for what the plugin leaves out: it adds itself to routes alone, after their other hooks. */
async function protect(app: Api, { ratePerMinute }: HttpOptions): Promise<preHandlerAsyncHookHandler> {
  await app.register(helmet, {
    contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } },
    frameguard: { action: 'deny' },
    // The service speaks plain HTTP; whoever ends the TLS before it says how long that holds.
    strictTransportSecurity: false,
  })
  if (ratePerMinute === 0) {
    return async () => {}
  }
  await app.register(rateLimit, { max: ratePerMinute, timeWindow: 60_000 })
  return app.rateLimit() as preHandlerAsyncHookHandler
}

/** Tells a caller what went wrong, and the log what nobody expected. */
function answer(error: unknown, request: FastifyRequest, reply: FastifyReply, { log }: ApiParts): FastifyReply {
  const told = apiErrorOf(error)
  if (told.status >= 500 && told.status !== 503) {
    const { id: requestId, method, routeOptions } = request
    log.error({ error, requestId, method, route: routeOptions.url, ...batchIn(request) }, 'a request failed')
  }
  if (told.status === 503) {
    reply.header('retry-after', String(retryAfterSeconds))
  }
  return reply.code(told.status).type('application/json; charset=utf-8').send(bodyOf(told))
}

/** Counts and logs every answer; paths are not logged whole, for their queries may hold anything. */
function observe(app: Api, { metrics, log }: ApiParts): void {
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'unknown'
    metrics.http.inc({ method: request.method, route, status: String(reply.statusCode) })
    const fields = { requestId: request.id, method: request.method, route, status: reply.statusCode, ms: Math.round(reply.elapsedTime) }
    log.debug({ ...fields, ...batchIn(request) }, 'request')
  })
}

/** The address of the batch a path names: the log makes its ids of it. */
function batchIn({ params }: FastifyRequest): { readonly address?: string } {
  const { batch } = (params ?? {}) as { readonly batch?: string }
  return batch === undefined ? {} : { address: batchAddress(batch) }
}
