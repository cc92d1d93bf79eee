const brand = Symbol.for('quire.port-failure')

export type PortServer = 'database' | 'broker'

/**
 * Why a call of a server failed: `transient` passes by itself, `permanent` never does (`reason` is for people and for `status`).
 * Known by its brand, not by `instanceof`, so that two copies of the package agree.
 */
export class PortFailure extends Error {
  readonly server: PortServer
  readonly kind: 'transient' | 'permanent'
  readonly reason: string
  constructor(server: PortServer, kind: 'transient' | 'permanent', reason: string, cause?: unknown) {
    super(reason, { cause })
    this.name = 'PortFailure'
    this.server = server
    this.kind = kind
    this.reason = reason
    Object.defineProperty(this, brand, { value: true })
  }
}

export function isPortFailure(value: unknown, server?: PortServer, kind?: PortFailure['kind']): value is PortFailure {
  return (
    typeof value === 'object' &&
    value !== null &&
    Reflect.has(value, brand) &&
    (server === undefined || Reflect.get(value, 'server') === server) &&
    (kind === undefined || Reflect.get(value, 'kind') === kind)
  )
}
