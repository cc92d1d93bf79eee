import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { freePort } from './free-port.ts'
import { type TcpLink, type TcpMode, type TcpSide, type TcpTarget, tcpLink } from './tcp-link.ts'

/** As for a connection; refused ones find no listener, those that exist get a reset. */
export type TcpProxyMode = TcpMode | { readonly kind: 'refuse' }

/** A TCP proxy on 127.0.0.1 that can misbehave as networks do. It begins with `pass`. */
export interface TcpProxy {
  readonly host: string
  readonly port: number
  /** Connections of clients that are open, silent ones too. */
  readonly connections: number
  /** Sets the mode of the connections that exist, of those to come, or of all. */
  set(mode: TcpProxyMode, which?: 'all' | 'existing' | 'new'): Promise<void>
  /** Closes one side of each connection that exists without telling the other: a peer that vanished. */
  cut(told: TcpSide): void
  /** The connections that exist are silent for good, whatever mode comes: a path that was lost without a word. */
  abandon(): void
  close(): Promise<void>
}

export interface TcpProxyOptions {
  readonly target: TcpTarget
  /** Default: a free one. */
  readonly port?: number
}

const host = '127.0.0.1'

export async function createTcpProxy({ target, port: wanted }: TcpProxyOptions): Promise<TcpProxy> {
  const port = wanted ?? (await freePort())
  const links = new Set<TcpLink>()
  const abandoned = new Set<TcpLink>()
  let ofNew: TcpMode = { kind: 'pass' }
  let listener: Server | undefined = await listen(port, accept)

  function accept(client: Socket): void {
    const link = tcpLink(client, target, () => links.delete(link) || abandoned.delete(link))
    links.add(link)
    link.apply(ofNew)
  }

  async function setForNew(mode: TcpProxyMode): Promise<void> {
    if (mode.kind === 'refuse') {
      listener?.close()
      listener = undefined
    } else {
      ofNew = mode
      listener ??= await listen(port, accept)
    }
  }

  function setForExisting(mode: TcpProxyMode): void {
    for (const link of links) {
      link.apply(mode.kind === 'refuse' ? { kind: 'reset' } : mode)
    }
  }

  return {
    host,
    port,
    get connections() {
      return links.size + abandoned.size
    },
    async set(mode, which = 'all') {
      if (which !== 'existing') {
        await setForNew(mode)
      }
      if (which !== 'new') {
        setForExisting(mode)
      }
    },
    cut(told) {
      for (const link of links) {
        link.cut(told)
      }
    },
    abandon() {
      for (const link of links) {
        link.apply({ kind: 'blackhole' })
        links.delete(link)
        abandoned.add(link)
      }
    },
    async close() {
      for (const link of [...links, ...abandoned]) {
        link.destroy()
      }
      listener?.close()
      listener = undefined
    },
  }
}

async function listen(port: number, accept: (client: Socket) => void): Promise<Server> {
  const server = createServer({ allowHalfOpen: true }, accept)
  server.listen(port, host)
  await once(server, 'listening')
  return server
}
