const brand = Symbol.for('quire.port-failure')

export type PortServer = 'database' | 'broker'

/**
 * Why a call of a server failed (`reason` is for people and for `status`):
 * - `transient`: it passes by itself.
 * - `blocked`: the server refuses every such call until a person mends it; then this one passes, too.
 * - `permanent`: this very call is refused for good.
 *
 * Known by its brand, not by `instanceof`, so that two copies of the package agree.
 */
export class PortFailure extends Error {
  readonly server: PortServer
  readonly kind: 'transient' | 'blocked' | 'permanent'
  readonly reason: string
  constructor(server: PortServer, kind: 'transient' | 'blocked' | 'permanent', reason: string, cause?: unknown) {
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
