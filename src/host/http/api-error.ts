import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod'
import { type ErrorCode, isQuireError } from '../../runtime/errors.ts'
import { ActRefused } from '../act-refused.ts'

export interface ApiErrorBody {
  readonly error: { readonly code: string; readonly message: string; readonly field?: string }
}

/** An error a caller is told: status, a stable code, a sentence with the remedy, and the field where one is wrong. */
export class ApiError extends Error {
  readonly status: number
  readonly code: string
  readonly field: string | undefined
  constructor(status: number, code: string, message: string, field?: string) {
    super(message)
    this.name = 'ApiError'
    this.status = status
    this.code = code
    this.field = field === '' ? undefined : field
  }
}

/** Seconds a caller is asked to wait when a server is away. */
export const retryAfterSeconds = 5

export function unavailable(message: string): ApiError {
  return new ApiError(503, 'unavailable', message)
}

export function unknownBatch(batch: string): ApiError {
  return new ApiError(404, 'unknown-batch', `there is no batch '${batch.slice(0, 200)}'; GET /v1/batches lists those that are`)
}

const statuses: Partial<Record<ErrorCode, number>> = {
  'dead-letter-unknown': 404,
  'invalid-address': 404,
  'invalid-message': 400,
  'mailbox-unavailable': 503,
  'database-unavailable': 503,
  'not-running': 503,
  stopped: 503,
  timeout: 503,
}

const ofFramework: Readonly<Record<number, { readonly code: string; readonly message: string }>> = {
  400: { code: 'invalid-request', message: 'the request cannot be read; see /openapi.json' },
  413: { code: 'body-too-large', message: 'the body is larger than QUIRE_HTTP_BODY_LIMIT_BYTES allows' },
  414: { code: 'path-too-long', message: 'the path is too long' },
  415: { code: 'unsupported-media-type', message: 'send the body as application/json' },
  429: { code: 'rate-limited', message: 'too many requests; wait as Retry-After says' },
}

/** Whatever was thrown, as it may be shown outside: what is not expected says nothing of the inside. */
export function apiErrorOf(error: unknown): ApiError {
  if (error instanceof ApiError) {
    return error
  }
  if (error instanceof ActRefused) {
    return new ApiError(409, 'refused', error.message)
  }
  if (isQuireError(error, 'unknown-actor')) {
    return new ApiError(404, 'unknown-batch', error.message)
  }
  if (isQuireError(error, 'actor-gone')) {
    return new ApiError(410, 'gone', error.message)
  }
  if (isQuireError(error)) {
    const status = statuses[error.code]
    return status === undefined ? internal() : new ApiError(status, error.code, error.message)
  }
  if (hasZodFastifySchemaValidationErrors(error)) {
    const [issue] = error.validation
    const field = issue?.instancePath.replace(/^\//, '').replaceAll('/', '.') ?? ''
    return new ApiError(400, 'invalid-request', `${field === '' ? 'the request' : field}: ${issue?.message ?? 'is not valid'}`, field)
  }
  const status: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, 'statusCode') : undefined
  const known = typeof status === 'number' ? ofFramework[status] : undefined
  return known === undefined ? internal() : new ApiError(status as number, known.code, known.message)
}

export function bodyOf({ code, message, field }: ApiError): ApiErrorBody {
  return { error: { code, message, ...(field === undefined ? {} : { field }) } }
}

function internal(): ApiError {
  return new ApiError(500, 'internal', 'something unexpected happened; the log of the service says what, under this request id')
}
