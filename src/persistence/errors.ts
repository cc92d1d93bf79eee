import { isQuireError, messageOf, QuireError } from '../runtime/errors.ts'
import { isPortFailure, PortFailure } from '../runtime/port-failure.ts'

/** SQLSTATE (or its class) and errno -> what it means. The longest matching prefix decides. */
const meanings: readonly (readonly [prefix: string, kind: PortFailure['kind'], reason: string])[] = [
  ['57P01', 'transient', 'shutting down'],
  ['57P02', 'transient', 'shutting down'],
  ['57P03', 'transient', 'in recovery or starting up'],
  ['57014', 'transient', 'statement timeout'],
  ['25006', 'transient', 'read-only'],
  ['40', 'transient', 'conflicting transactions'],
  ['55P03', 'transient', 'lock not available'],
  ['08', 'transient', 'connection lost'],
  ['53100', 'transient', 'disk full'],
  ['53', 'transient', 'out of resources'],
  ['58', 'transient', 'system error of the database'],
  ['28', 'blocked', 'authentication'],
  ['3D000', 'blocked', 'wrong database'],
  ['42501', 'blocked', 'missing privilege'],
  ['22', 'permanent', 'a value the database refuses'],
  ['23', 'permanent', 'a constraint of the database'],
  ['54', 'permanent', 'a limit of the database'],
  ['ECONNREFUSED', 'transient', 'refused'],
  ['ECONNRESET', 'transient', 'connection lost'],
  ['EPIPE', 'transient', 'connection lost'],
  ['ETIMEDOUT', 'transient', 'timeout'],
  ['ENOTFOUND', 'transient', 'host not found'],
  ['EAI_AGAIN', 'transient', 'host not found'],
  ['EHOSTUNREACH', 'transient', 'host unreachable'],
  ['ENETUNREACH', 'transient', 'network unreachable'],
  ['ENOENT', 'transient', 'refused'],
  ['ENOSPC', 'transient', 'disk full'],
]

/** What pg says without a code when a connection ends under a query. */
const lostConnection =
  /connection terminated|connection ended|query read timeout|client has encountered a connection error|timeout exceeded when trying to connect|not queryable|pool after calling end|PGlite is clos/i

/** Any error of a driver as a `PortFailure`; errors of our own pass unchanged. Unknown ones are permanent: no waiting mends a bug. */
export function storeFailure(error: unknown): PortFailure | QuireError {
  if (isPortFailure(error, 'database') || isQuireError(error)) {
    return error
  }
  const code = codeOf(error)
  const meaning = meanings.filter(([prefix]) => code.startsWith(prefix)).sort((one, other) => other[0].length - one[0].length)[0]
  if (meaning !== undefined) {
    return new PortFailure('database', meaning[1], meaning[2], error)
  }
  return lostConnection.test(messageOf(error))
    ? new PortFailure('database', 'transient', 'connection lost', error)
    : new PortFailure('database', 'permanent', messageOf(error), error)
}

/** The SQLSTATE or errno of an error, of the first of an AggregateError; else an empty text. */
export function codeOf(error: unknown): string {
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error
  const code: unknown = typeof first === 'object' && first !== null ? Reflect.get(first, 'code') : undefined
  return typeof code === 'string' ? code : ''
}

/** Runs a database call; whatever it throws is classified. */
export async function classified<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    throw storeFailure(error)
  }
}
