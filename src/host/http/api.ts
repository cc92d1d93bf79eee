import type { FastifyBaseLogger, FastifyInstance, RawReplyDefaultExpression, RawRequestDefaultExpression, RawServerDefault } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Content } from '../../batch/judge.ts'
import type { BatchSettings } from '../../batch/settings.ts'
import type { Quire } from '../../quire.ts'
import { isAddress } from '../../runtime/message.ts'
import { batchAddress } from '../../batch/request.ts'
import type { Clock, Ids, Logger } from '../../runtime/ports.ts'
import { atMost } from '../../runtime/time-limit.ts'
import type { Stored } from '../cli/stored.ts'
import type { Health } from '../health.ts'
import type { Metrics } from '../metrics/metrics.ts'
import { ApiError, unavailable, unknownBatch } from './api-error.ts'

/** The server with schemas of zod. */
export type Api = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  ZodTypeProvider
>

/** What routes work with. */
export interface ApiParts {
  readonly quire: Quire
  readonly stored: Stored
  readonly batchSettings: Partial<BatchSettings>
  /** Where prompts, rubrics and anchors are stored. */
  readonly content: Content
  readonly health: Health
  readonly metrics: Metrics
  readonly log: Logger
  readonly clock: Clock
  readonly ids: Ids
  /** Readers of the stream at a time. */
  readonly mostStreams: number
  /** Aborted when the service stops: streams end. */
  readonly stopping: AbortSignal
  /** True once nothing new is taken. */
  readonly isDraining: () => boolean
}

/** Longest wait for a server in the course of a request, ms. */
const patienceMs = 10_000

/** Runs what needs the database. While it is away a caller is told at once, and one who waits already is told in time: 503. */
export async function whileUp<T>({ quire, clock }: Pick<ApiParts, 'quire' | 'clock'>, work: () => Promise<T>): Promise<T> {
  const { database } = quire.status.getSnapshot().context
  if (database.state !== 'up') {
    throw unavailable(`the database is away (${database.reason ?? database.state}); nothing is lost, try again`)
  }
  return await atMost(clock, patienceMs, work(), () => {
    throw unavailable(`no answer within ${patienceMs / 1_000} s; try again`)
  })
}

export const batchParams = z.object({ batch: z.string().min(1).max(512) })

/** The address of the batch a path names. @throws ApiError 404 for a text that can be no batch's id */
export function addressIn({ batch }: z.output<typeof batchParams>): string {
  const address = batchAddress(batch)
  if (!isAddress(address) || !address.isWellFormed() || address.includes('\u0000')) {
    throw unknownBatch(batch)
  }
  return address
}

/** A cursor's text for the query string. */
export function cursorOf(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

/** @throws ApiError 400 when the text is no cursor of this list */
export function fromCursor<T>(text: string | undefined, schema: z.ZodType<T>): T | undefined {
  if (text === undefined) {
    return undefined
  }
  try {
    return schema.parse(JSON.parse(Buffer.from(text, 'base64url').toString('utf8')))
  } catch {
    throw new ApiError(400, 'invalid-request', 'after: is no cursor; take `next` of the page before', 'after')
  }
}

export const apiErrorSchema = z.object({
  error: z.object({ code: z.string(), message: z.string(), field: z.string().optional() }),
})

/** Error answers, for the document. */
export const errorAnswers = {
  400: apiErrorSchema.describe('Cannot be read; `field` names what is wrong.'),
  401: apiErrorSchema.describe('The token is missing or wrong.'),
  404: apiErrorSchema.describe('There is none.'),
  409: apiErrorSchema.describe('Its state does not allow it; the sentence has the numbers.'),
  410: apiErrorSchema.describe('It was archived or forgotten.'),
  413: apiErrorSchema.describe('The body is larger than QUIRE_HTTP_BODY_LIMIT_BYTES.'),
  415: apiErrorSchema.describe('The body is not application/json.'),
  429: apiErrorSchema.describe('Too many requests; Retry-After says when to try again.'),
  500: apiErrorSchema.describe('Something unexpected; the log has it under the request id.'),
  503: apiErrorSchema.describe('A server is away; Retry-After says when to try again.'),
}
