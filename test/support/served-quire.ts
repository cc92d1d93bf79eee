import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { request } from 'undici'
import { onTestFinished } from 'vitest'
import { builtCommand } from './built-command.ts'
import { portOf } from './free-port.ts'
import { callbackEnvelope } from './kafka/platform.ts'

export interface Served {
  readonly child: ChildProcess
  readonly url: string
  /** Lines of the log so far, as JSON. */
  readonly log: Record<string, unknown>[]
}

/** `quire serve` as it is shipped, with these settings and none of this process. */
export function spawned(environment: Readonly<Record<string, string>>): ChildProcess {
  const env = { PATH: process.env['PATH'], NODE_ENV: 'test', ...environment }
  return spawn(process.execPath, [builtCommand, 'serve'], { env, stdio: ['ignore', 'pipe', 'pipe'] })
}

/** `quire serve` as a process; it is killed at the end of the test. */
export async function served(environment: Readonly<Record<string, string>>): Promise<Served> {
  const child = spawned({ QUIRE_HTTP_PORT: '0', QUIRE_LOG_LEVEL: 'debug', QUIRE_MAILBOX_PARTITIONS: '4', ...environment })
  onTestFinished(() => void child.kill('SIGKILL'))
  const log: Served['log'] = []
  let rest = ''
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout?.on('data', (chunk: Buffer) => {
      const lines = (rest + chunk.toString()).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines.map((text) => JSON.parse(text) as Record<string, unknown>)) {
        log.push(line)
        if (line['msg'] === 'quire serves') {
          resolve(String(line['url']))
        }
      }
    })
    let complaint = ''
    child.stderr?.on('data', (chunk: Buffer) => {
      complaint += chunk.toString()
    })
    child.once('close', (code) => reject(new Error(`quire serve ended with ${code}: ${complaint}`)))
  })
  return { child, url, log }
}

export interface Platform {
  readonly url: string
  readonly posts: Record<string, unknown>[]
}

/** The platform around Quire: texts, and a provider that accepts a post and calls back by `answer`. */
export async function platform(answer: (post: Record<string, unknown>) => Promise<unknown>): Promise<Platform> {
  const posts: Record<string, unknown>[] = []
  const server = createServer((incoming, response) => void respond(incoming, response))
  async function respond(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    if (incoming.method === 'GET') {
      response.end(`text of ${incoming.url ?? ''}`)
      return
    }
    const chunks: Buffer[] = []
    for await (const chunk of incoming) {
      chunks.push(chunk as Buffer)
    }
    const post = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>
    posts.push(post)
    response.writeHead(202, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ queue_id: `q-${posts.length}`, status: 'queued', message: 'queued' }))
    await answer(post)
  }
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return { url: `http://127.0.0.1:${portOf(server)}`, posts }
}

/** What the provider answers to a post: the essay with the lower number wins. */
export function callbackOf(post: Record<string, unknown>): object {
  const { essay_a_id: essayA, essay_b_id: essayB } = post['metadata'] as { readonly essay_a_id: string; readonly essay_b_id: string }
  return callbackEnvelope({ id: String(post['correlation_id']), essayA, essayB })
}

export async function get(url: string): Promise<Record<string, unknown>> {
  const { body } = await request(url)
  return (await body.json()) as Record<string, unknown>
}

/** The status of the answer. */
export async function post(url: string, body: object): Promise<number> {
  const { statusCode, body: answer } = await request(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  await answer.dump()
  return statusCode
}
