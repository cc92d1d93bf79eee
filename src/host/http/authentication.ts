import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { ApiError } from './api-error.ts'

export interface AccessOptions {
  /** Absent: open, for callers that name this machine as their host. */
  readonly token: string | undefined
  readonly tokenName: string
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Who acts: X-Quire-Actor, else the token's name. */
    actor: string
  }
}

/** Lets a request in, and notes who acts. @throws ApiError 401, 403, 400 */
export function authenticate(request: FastifyRequest, { token, tokenName }: AccessOptions): void {
  if (token === undefined) {
    assertLocal(request)
    assertOwnOrigin(request)
  } else if (!isToken(request.headers.authorization, token)) {
    throw new ApiError(401, 'unauthorized', 'send the header Authorization: Bearer TOKEN with the token of QUIRE_API_TOKEN')
  }
  request.actor = actorOf(request.headers['x-quire-actor'], tokenName)
}

/** Compared by digests of one length, so that the time tells nothing about how much of a guess is right. */
function isToken(header: string | undefined, token: string): boolean {
  const given = /^Bearer +(\S+)$/i.exec(header ?? '')?.[1]
  return timingSafeEqual(digest(given ?? ''), digest(token)) && given !== undefined
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

/** A page of the web that a name of its own leads to this machine must not get in where no token is asked for. */
function assertLocal({ headers }: FastifyRequest): void {
  const host = (headers.host ?? '').replace(/:\d+$/, '')
  if (!/^(localhost|\[::1\]|127(\.\d{1,3}){3})$/i.test(host)) {
    throw new ApiError(403, 'forbidden', 'without QUIRE_API_TOKEN only requests to localhost are answered; set a token')
  }
}

/**
 * An act needs no body, so a browser sends one from any page without asking first: where no token stops it, its origin must be the
 * service's own. Other clients name none.
 */
function assertOwnOrigin({ method, headers }: FastifyRequest): void {
  if (method === 'GET' || method === 'HEAD') {
    return
  }
  const { origin, host } = headers
  const site = headers['sec-fetch-site']
  const isForeign = origin !== undefined && (!URL.canParse(origin) || new URL(origin).host !== host)
  if (isForeign || site === 'cross-site' || site === 'same-site') {
    throw new ApiError(403, 'forbidden', 'without QUIRE_API_TOKEN a page of another origin changes nothing here; set a token')
  }
}

function actorOf(header: string | string[] | undefined, tokenName: string): string {
  if (header === undefined) {
    return tokenName
  }
  if (typeof header !== 'string' || !/^[\x20-\x7e]{1,100}$/.test(header.trim())) {
    throw new ApiError(400, 'invalid-request', 'X-Quire-Actor: give a name of 1 to 100 printable ASCII characters', 'X-Quire-Actor')
  }
  return header.trim()
}
