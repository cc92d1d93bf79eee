import { once } from 'node:events'
import { createServer, type Server } from 'node:net'

/** Below the ports that the systems give to outgoing connections (Linux from 32768, macOS from 49152). */
const first = 15_000
const last = 32_000

/**
 * Different free ports of 127.0.0.1. A server that is killed and started again needs its port still free: one from the range of
 * outgoing connections may be taken meanwhile, even by a client that connects to itself.
 */
export async function freePorts(count: number): Promise<number[]> {
  const held: Server[] = []
  while (held.length < count) {
    const server = await listening(first + Math.floor(Math.random() * (last - first)))
    if (server !== undefined) {
      held.push(server)
    }
  }
  const ports = held.map(portOf)
  await Promise.all(held.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}

export async function freePort(): Promise<number> {
  const [port] = await freePorts(1)
  return port as number
}

export function portOf(server: Server): number {
  const address = server.address()
  if (address === null || typeof address === 'string') {
    throw new Error('the server listens on no port')
  }
  return address.port
}

async function listening(port: number): Promise<Server | undefined> {
  const server = createServer()
  server.listen(port, '127.0.0.1')
  return once(server, 'listening').then(
    () => server,
    () => undefined,
  )
}
