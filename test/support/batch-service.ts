import { request } from 'undici'
import { onTestFinished } from 'vitest'
import type { ComparisonRequest, Content, Judge } from '../../src/batch/judge.ts'
import { type BatchService, type BatchServiceOptions, createBatchService } from '../../src/host/service.ts'
import type { ServiceSettings } from '../../src/host/settings.ts'
import { freshDatabase } from '../ports/adapters.ts'

export const token = 'a-token-of-the-test-0123456789'

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
  /** The body as JSON. */
  readonly json: Record<string, unknown>
}

export interface TestService {
  readonly service: BatchService
  /** Comparisons the judge accepted; their verdicts are the test's to send. */
  readonly asked: ComparisonRequest[]
  readonly url: string
  /** A call with the token, unless `headers` name another. */
  call(method: string, path: string, options?: CallOptions): Promise<Answer>
}

export interface CallOptions {
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export interface TestServiceOptions {
  readonly settings?: Partial<ServiceSettings>
  readonly judge?: Judge
  readonly content?: Content
  readonly logger?: BatchServiceOptions['logger']
  readonly registry?: BatchServiceOptions['registry']
  readonly pool?: BatchServiceOptions['pool']
}

/** A service on a free port of loopback and a Postgres database of its own; it ends with the test. */
export async function testService(options: TestServiceOptions = {}): Promise<TestService> {
  const asked: ComparisonRequest[] = []
  const judge: Judge = options.judge ?? { concurrency: 100, submit: async (comparison) => void asked.push(comparison) }
  const service = await createBatchService({
    judge,
    content: options.content ?? { fetch: async (storageId) => `text of ${storageId}` },
    settings: {
      ...(options.pool === undefined ? { databaseUrl: options.settings?.databaseUrl ?? (await freshDatabase()) } : {}),
      mailboxPartitions: 4,
      httpPort: 0,
      apiToken: token,
      ...options.settings,
    },
    ...(options.logger === undefined ? {} : { logger: options.logger }),
    ...(options.registry === undefined ? {} : { registry: options.registry }),
    ...(options.pool === undefined ? {} : { pool: options.pool }),
  })
  onTestFinished(() => service.stop({ drainMs: 1_000 }))
  await service.start()
  const { url } = service
  return { service, asked, url, call: (method, path, how = {}) => call(`${url}${path}`, method, how) }
}

async function call(url: string, method: string, { body, headers = {} }: CallOptions): Promise<Answer> {
  const sent = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body)
  const response = await request(url, {
    method: method as 'GET',
    headers: {
      authorization: `Bearer ${token}`,
      ...(sent === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(sent === undefined ? {} : { body: sent }),
  })
  const text = await response.body.text()
  const isJson = String(response.headers['content-type']).startsWith('application/json')
  return {
    status: response.statusCode,
    headers: response.headers,
    text,
    json: isJson ? (JSON.parse(text) as Record<string, unknown>) : {},
  }
}

/** Resolves when the service works. */
export async function whenReady({ service }: TestService): Promise<void> {
  await service.quire.whenIdle({ timeoutMs: 30_000 })
}
