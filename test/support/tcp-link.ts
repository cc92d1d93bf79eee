import { Socket } from 'node:net'
import { tcpFlow } from './tcp-flow.ts'

export interface TcpTarget {
  readonly host: string
  readonly port: number
}

export type TcpSide = 'client' | 'target'

/** What happens to a connection. */
export type TcpMode =
  | { readonly kind: 'pass' }
  /** Each piece arrives that much later, in both directions. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** Accepted, and silent: nothing is carried, closing neither. What was sent arrives when the mode changes. */
  | { readonly kind: 'blackhole' }
  /** Carried toward one side only; the other direction is silent. */
  | { readonly kind: 'half-open'; readonly toward: TcpSide }
  /** Both sides get a reset. */
  | { readonly kind: 'reset' }

/** A connection through the proxy: the client's, and one to the target that is made when the mode first lets something through. */
export interface TcpLink {
  apply(mode: TcpMode): void
  /** Closes one side; the other is not told and stays open and silent, until a mode is applied: then it gets a reset. */
  cut(told: TcpSide): void
  destroy(): void
}

export function tcpLink(client: Socket, target: TcpTarget, onEnd: () => void): TcpLink {
  const server = new Socket({ allowHalfOpen: true })
  const sides = { client, target: server }
  const flows = { target: tcpFlow(client, server), client: tcpFlow(server, client) }
  let connected = false
  let wasCut = false
  for (const socket of [client, server]) {
    socket.setNoDelay()
    socket.once('close', () => client.destroyed && (server.destroyed || !connected) && onEnd())
  }

  function open(towards: readonly TcpSide[], delayMs = 0): void {
    if (!connected) {
      connected = true
      server.connect(target)
    }
    for (const side of ['client', 'target'] as const) {
      towards.includes(side) ? flows[side].open(delayMs) : flows[side].hold()
    }
  }

  function silence(): void {
    flows.client.hold()
    flows.target.hold()
  }

  function reset(): void {
    client.resetAndDestroy()
    server.resetAndDestroy()
  }

  return {
    apply(mode) {
      if (wasCut || mode.kind === 'reset') {
        reset()
      } else if (mode.kind === 'blackhole') {
        silence()
      } else if (mode.kind === 'half-open') {
        open([mode.toward])
      } else {
        open(['client', 'target'], mode.kind === 'delay' ? mode.ms : 0)
      }
    },
    cut(told) {
      wasCut = true
      silence()
      sides[told].destroy()
    },
    destroy() {
      client.destroy()
      server.destroy()
    },
  }
}
