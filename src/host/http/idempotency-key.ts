import type { FastifyRequest } from 'fastify'
import { ApiError } from './api-error.ts'

/** The caller's key of this call; the same key counts once. @throws ApiError 400 for one no mailbox takes */
export function idempotencyKey({ headers }: Pick<FastifyRequest, 'headers'>): string | undefined {
  const key = headers['idempotency-key']
  if (key !== undefined && (typeof key !== 'string' || !/^[\x20-\x7e]{1,256}$/.test(key))) {
    throw new ApiError(400, 'invalid-request', 'Idempotency-Key: give 1 to 256 printable ASCII characters', 'Idempotency-Key')
  }
  return key
}
