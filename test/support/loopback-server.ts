import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { freePort } from './free-port.ts'

/** A request as the server got it. */
export interface Received {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
  /** Resolves when it was answered, or the caller gave it up. */
  readonly ended: Promise<unknown>
}

type MaybeLater<T> = T | Promise<T>

/** What the server does with a request. `reset` cuts the connection, `silence` never answers. */
export type Reply =
  | 'reset'
  | 'silence'
  | { readonly status: number; readonly body?: string | object; readonly headers?: Readonly<Record<string, string>> }

/** A real HTTP server on a port of its own; what it answers may be changed at any time. */
export interface LoopbackServer extends AsyncDisposable {
  readonly url: string
  readonly received: Received[]
  reply: (request: Received) => MaybeLater<Reply>
  /** Refuses connections from now on, and cuts those it has. */
  goAway(): Promise<void>
  /** Listens again on the same port. */
  comeBack(): Promise<void>
}

export async function loopbackServer(reply: LoopbackServer['reply']): Promise<LoopbackServer> {
  const received: Received[] = []
  const state = { reply }
  let server = createServer((request, response) => void serve(request, response, received, state))
  // No port of outgoing connections: while the server is away one of them might take it, even a client that connects to itself.
  const port = await listen(server, await freePort())
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return {
    url: `http://127.0.0.1:${port}`,
    received,
    get reply() {
      return state.reply
    },
    set reply(next) {
      state.reply = next
    },
    goAway: close,
    async comeBack() {
      server = createServer((request, response) => void serve(request, response, received, state))
      await listen(server, port)
    },
    [Symbol.asyncDispose]: close,
  }
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  received: Received[],
  state: { readonly reply: LoopbackServer['reply'] },
): Promise<void> {
  const chunks: Buffer[] = []
  for await (const chunk of request) {
    chunks.push(chunk as Buffer)
  }
  const got = {
    method: request.method ?? '',
    path: request.url ?? '',
    headers: request.headers,
    body: Buffer.concat(chunks).toString('utf8'),
    ended: new Promise((resolve) => response.once('close', resolve)),
  }
  received.push(got)
  const reply = await state.reply(got)
  if (reply === 'reset') {
    request.socket.resetAndDestroy()
  } else if (reply !== 'silence') {
    const { status, body = '', headers = {} } = reply
    response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body))
  }
}
