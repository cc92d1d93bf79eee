import { createHash } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { type ErrorCode, isQuireError, messageOf, QuireError } from '../runtime/errors.ts'
import { databaseName, prepareFolder, socketName } from './data-folder.ts'
import { codeOf } from './errors.ts'

/** Longest path a unix socket takes on every system. */
const longestSocketPath = 100

type Handler = (request: Readonly<Record<string, unknown>>) => Promise<unknown>

/** The lock of a data folder, held until released or the process ends, however it ends. */
export interface FolderLock {
  readonly databaseDir: string
  /** Answers requests of other processes, e.g. of the command line. */
  onRequest(handler: Handler): void
  release(): Promise<void>
}

/**
 * Takes a data folder for this process: a unix socket bound in it, which a kill leaves nothing of that is not noticed
 * (PGlite itself locks nothing). Creates the folder if needed.
 * @throws QuireError `folder-in-use` with the owner's process id, `folder-newer`, `folder-unwritable`
 */
export async function lockFolder(dataDir: string): Promise<FolderLock> {
  const folder = resolve(dataDir)
  await prepareFolder(folder)
  const path = socketPath(folder)
  let handler: Handler = async () => ({ pid: process.pid })
  const server = createServer((socket) =>
    serve(socket, (request) => (request['op'] === 'pid' ? Promise.resolve({ pid: process.pid }) : handler(request))),
  )
  await bind(server, path, folder)
  return {
    databaseDir: join(folder, databaseName),
    onRequest(given) {
      handler = given
    },
    async release() {
      await new Promise((done) => server.close(done))
      await rm(path, { force: true })
    },
  }
}

/** Asks the owner of a folder; undefined when no process owns it. */
export async function requestOwner(dataDir: string, request: Readonly<Record<string, unknown>>): Promise<unknown> {
  const path = socketPath(resolve(dataDir))
  return await new Promise((answer, fail) => {
    const socket = connect(path)
    let text = ''
    socket.setEncoding('utf8')
    socket.on('connect', () => socket.write(`${JSON.stringify(request)}\n`))
    socket.on('data', (chunk: string) => {
      text += chunk
    })
    socket.on('end', () => {
      const reply = JSON.parse(text === '' ? '{}' : text) as {
        readonly error?: string
        readonly code?: ErrorCode
        readonly value?: unknown
      }
      reply.error === undefined ? answer(reply.value) : fail(errorOf(reply.error, reply.code))
    })
    socket.on('error', (error) => (isNobody(error) ? answer(undefined) : fail(error)))
  })
}

/** A QuireError keeps its code on the way from one process to another. */
function errorOf(message: string, code: ErrorCode | undefined): Error {
  return code === undefined ? new Error(message) : new QuireError(code, message)
}

function isNobody(error: unknown): boolean {
  return ['ENOENT', 'ECONNREFUSED', 'ENOTSOCK', 'ECONNRESET', 'EPIPE'].includes(codeOf(error))
}

/** In the folder, or under a short name where its path is too long for a socket. */
function socketPath(folder: string): string {
  const inside = join(folder, socketName)
  const short = join(tmpdir(), `quire-${createHash('sha256').update(folder).digest('hex').slice(0, 24)}.sock`)
  return inside.length <= longestSocketPath ? inside : short
}

/** Binds the socket; one that nobody answers on is left by a kill and is replaced. */
async function bind(server: Server, path: string, folder: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const error = await listenOn(server, path)
    if (error === undefined) {
      return
    }
    const owner =
      codeOf(error) === 'EADDRINUSE' ? ((await requestOwner(folder, { op: 'pid' })) as { readonly pid?: number } | undefined) : undefined
    if (owner !== undefined) {
      throw new QuireError(
        'folder-in-use',
        `the data folder ${folder} is in use by process ${owner.pid}; stop it, or name another folder`,
        {
          details: { folder, pid: owner.pid },
        },
      )
    }
    if (codeOf(error) !== 'EADDRINUSE' || attempt > 3) {
      throw new QuireError('folder-unwritable', `the data folder ${folder} cannot be locked (${messageOf(error)})`, {
        cause: error,
        details: { folder },
      })
    }
    await rm(path, { force: true })
  }
}

function listenOn(server: Server, path: string): Promise<Error | undefined> {
  return new Promise((done) => {
    const failed = (error: Error): void => done(error)
    server.once('error', failed)
    server.listen(path, () => {
      server.off('error', failed)
      server.unref()
      done(undefined)
    })
  })
}

/** One request a connection: a line of JSON in, a line of JSON out. */
function serve(socket: Socket, handle: Handler): void {
  let text = ''
  socket.setEncoding('utf8')
  socket.on('error', () => socket.destroy())
  socket.on('data', (chunk: string) => {
    text += chunk
    const end = text.indexOf('\n')
    if (end >= 0) {
      void reply(socket, text.slice(0, end), handle)
    } else if (text.length > 1_000_000) {
      socket.destroy()
    }
  })
}

async function reply(socket: Socket, line: string, handle: Handler): Promise<void> {
  const answer = await Promise.resolve()
    .then(() => handle(JSON.parse(line) as Record<string, unknown>))
    .then(
      (value) => ({ value }),
      (error: unknown) => ({ error: messageOf(error), ...(isQuireError(error) ? { code: error.code } : {}) }),
    )
  socket.end(`${JSON.stringify(answer)}\n`)
}
