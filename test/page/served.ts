import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { request } from 'undici'
import { expect, onTestFinished } from 'vitest'
import { freshDatabase } from '../ports/adapters.ts'
import { token } from '../support/batch-service.ts'
import { builtCommand } from '../support/built-command.ts'
import { freePort } from '../support/free-port.ts'

/** `quire serve` as a process on one port, which may be killed and started again. */
export interface Served {
  readonly url: string
  /** SIGKILL. */
  kill(): Promise<void>
  /** Resolves when it is ready. */
  start(): Promise<void>
}

export async function served(platform: string): Promise<Served> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const env = {
    PATH: process.env['PATH'],
    QUIRE_HTTP_PORT: String(port),
    QUIRE_API_TOKEN: token,
    QUIRE_DATABASE_URL: await freshDatabase(),
    QUIRE_MAILBOX_PARTITIONS: '4',
    QUIRE_CONTENT_SERVICE_URL: `${platform}/content`,
    QUIRE_LLM_PROVIDER_SERVICE_URL: platform,
  }
  let child: ChildProcess | undefined
  const start = async (): Promise<void> => {
    child = spawn(process.execPath, [builtCommand, 'serve'], { env, stdio: 'ignore' })
    await expect.poll(() => isReady(url), { timeout: 40_000 }).toBe(true)
  }
  onTestFinished(() => void child?.kill('SIGKILL'))
  await start()
  return {
    url,
    start,
    async kill() {
      const ended = once(child as ChildProcess, 'exit')
      child?.kill('SIGKILL')
      await ended
    },
  }
}

async function isReady(url: string): Promise<boolean> {
  return await request(`${url}/healthz/ready`).then(
    async ({ statusCode, body }) => {
      await body.dump()
      return statusCode === 200
    },
    () => false,
  )
}
