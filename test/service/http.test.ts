import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, expect, it, vi } from 'vitest'
import { silentLogger } from '../../src/runtime/system.ts'
import { type Answer, testService, token, whenReady } from '../support/batch-service.ts'

/** Sends bytes as they are: paths and headers that no client would. */
async function raw(url: string, head: string): Promise<string> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  let text = ''
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString()
  })
  socket.write(head)
  await once(socket, 'close')
  return text
}

function codeOf({ json }: Answer): unknown {
  return (json['error'] as { readonly code?: string } | undefined)?.code
}

const operations = [
  ['GET', '/v1/batches'],
  ['GET', '/v1/batches/b'],
  ['GET', '/v1/batches/b/journal'],
  ['GET', '/v1/batches/b/result'],
  ['POST', '/v1/batches'],
  ['POST', '/v1/callbacks'],
  ['POST', '/v1/batches/b/cancel'],
  ['POST', '/v1/batches/b/force'],
  ['POST', '/v1/batches/b/pause'],
  ['POST', '/v1/batches/b/resume'],
  ['GET', '/v1/dead-letters'],
  ['POST', '/v1/dead-letters/d/replay'],
  ['POST', '/v1/dead-letters/d/discard'],
  ['GET', '/v1/stream'],
  ['POST', '/admin/v1/assessment-instructions'],
  ['GET', '/admin/v1/assessment-instructions'],
  ['GET', '/admin/v1/assessment-instructions/assignment/a'],
  ['DELETE', '/admin/v1/assessment-instructions/assignment/a'],
  ['DELETE', '/admin/v1/assessment-instructions/course/c'],
  ['POST', '/admin/v1/student-prompts'],
  ['GET', '/admin/v1/student-prompts/assignment/a'],
  ['POST', '/admin/v1/judge-rubrics'],
  ['GET', '/admin/v1/judge-rubrics/assignment/a'],
  ['POST', '/api/v1/anchors/register'],
  ['GET', '/admin/v1/anchors/assignment/a'],
  ['GET', '/openapi.json'],
] as const

describe('access over HTTP', () => {
  it('needs the token, but for probes and metrics; a refusal tells nothing', async () => {
    const made = await testService()
    for (const [method, path] of operations) {
      for (const authorization of ['', 'Bearer', 'Bearer wrong', `Basic ${token}`, `Bearer ${token}x`, `Bearer ${token.slice(0, -1)}`]) {
        const answer = await made.call(method, path, { headers: { authorization } })
        expect([method, path, authorization, answer.status, codeOf(answer)]).toEqual([method, path, authorization, 401, 'unauthorized'])
      }
    }
    for (const path of ['/healthz', '/healthz/live', '/metrics']) {
      expect(await made.call('GET', path, { headers: { authorization: '' } })).toMatchObject({ status: 200 })
    }
  })

  it('without a token is for this machine alone, whatever name leads to it', async () => {
    const made = await testService({ settings: { apiToken: undefined } })
    await whenReady(made)
    expect(await made.call('GET', '/v1/batches')).toMatchObject({ status: 200 })
    const rebound = await raw(made.url, 'GET /v1/batches HTTP/1.1\r\nHost: evil.example.org\r\nConnection: close\r\n\r\n')
    expect(rebound).toMatch(/^HTTP\/1.1 403/)
  })

  it('without a token obeys no page of another origin, but its own page and whoever names none', async () => {
    const made = await testService({ settings: { apiToken: undefined } })
    await whenReady(made)
    const pause = (headers: Readonly<Record<string, string>>) => made.call('POST', '/v1/batches/b/pause', { headers })
    const foreign = [
      { origin: 'https://evil.example.org' },
      { origin: 'http://localhost:1' },
      { origin: 'null' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
    ]
    for (const headers of foreign) {
      expect([headers, await pause(headers)]).toMatchObject([headers, { status: 403, json: { error: { code: 'forbidden' } } }])
    }
    for (const headers of [{ origin: made.url, 'sec-fetch-site': 'same-origin' }, { 'sec-fetch-site': 'none' }, {}]) {
      expect([headers, await pause(headers)]).toMatchObject([headers, { status: 404, json: { error: { code: 'unknown-batch' } } }])
    }
    expect(await made.call('GET', '/v1/batches', { headers: { 'sec-fetch-site': 'cross-site' } })).toMatchObject({ status: 200 })
  })

  it('is limited a minute, with Retry-After; probes are not', async () => {
    const made = await testService({ settings: { httpRatePerMinute: 3 } })
    await whenReady(made)
    const answers = [1, 2, 3, 4].map(() => made.call('GET', '/v1/batches'))
    const statuses = (await Promise.all(answers)).map(({ status }) => status)
    expect(statuses.filter((status) => status === 200)).toHaveLength(3)
    const refused = await made.call('GET', '/v1/batches')
    expect(refused).toMatchObject({ status: 429, json: { error: { code: 'rate-limited' } } })
    expect(refused.headers['retry-after']).toMatch(/^\d+$/)
    expect(await made.call('GET', '/healthz/live')).toMatchObject({ status: 200 })
  })

  it('is counted by who asks when a trusted proxy tells it; what another says of itself is not believed', async () => {
    const asked = async (proxies: string | undefined): Promise<number[]> => {
      const settings = { httpRatePerMinute: 1, ...(proxies === undefined ? {} : { httpTrustedProxies: [proxies] }) }
      const made = await testService({ settings })
      await whenReady(made)
      const statuses: number[] = []
      for (const client of ['192.0.2.1', '192.0.2.2']) {
        statuses.push((await made.call('GET', '/v1/batches', { headers: { 'x-forwarded-for': client } })).status)
      }
      return statuses
    }
    expect(await asked('127.0.0.0/8')).toEqual([200, 200])
    expect(await asked('192.0.2.0/24')).toEqual([200, 429])
    expect(await asked(undefined)).toEqual([200, 429])
  })

  it.each([
    ['wrong tokens', '/v1/batches', 401],
    ['unknown paths', '/nothing', 404],
  ])('counts %s among the requests of a minute', async (_, path, status) => {
    const made = await testService({ settings: { httpRatePerMinute: 3 } })
    const statuses: number[] = []
    for (let n = 0; n < 4; n += 1) {
      statuses.push((await made.call('GET', path, { headers: { authorization: 'Bearer wrong' } })).status)
    }
    expect(statuses).toEqual([status, status, status, 429])
    expect(await made.call('GET', '/metrics')).toMatchObject({ status: 200 })
  })
})

describe('what a caller may send', () => {
  it('is bounded and typed: body, headers, content type; every refusal has one form and no stack', async () => {
    const made = await testService({ settings: { httpBodyLimitBytes: 2_000 } })
    await whenReady(made)
    const answers: [Answer, number, string][] = [
      [await made.call('POST', '/v1/batches', { body: `"${'x'.repeat(3_000)}"` }), 413, 'body-too-large'],
      [await made.call('POST', '/v1/batches', { body: '{}', headers: { 'content-type': 'text/plain' } }), 415, 'unsupported-media-type'],
      [
        await made.call('POST', '/v1/callbacks', { body: '<a/>', headers: { 'content-type': 'application/xml' } }),
        415,
        'unsupported-media-type',
      ],
      [await made.call('POST', '/v1/batches/b/cancel', { body: '{' }), 400, 'invalid-request'],
      [await made.call('POST', '/v1/batches/b/cancel', { body: { reason: 7 } }), 400, 'invalid-request'],
      [await made.call('POST', '/v1/batches'), 400, 'not-json'],
      [await made.call('DELETE', '/v1/batches/b'), 404, 'not-found'],
      [await made.call('GET', '/v1/dead-letters?after=%7B'), 400, 'invalid-request'],
      [await made.call('GET', '/v1/stream', { headers: { 'last-event-id': 'x' } }), 400, 'invalid-request'],
      [await made.call('POST', '/v1/batches/b/cancel', { headers: { 'x-quire-actor': 'x'.repeat(101) } }), 400, 'invalid-request'],
      [await made.call('POST', '/v1/batches', { body: '{}', headers: { 'idempotency-key': 'x'.repeat(257) } }), 400, 'invalid-request'],
    ]
    for (const [answer, status, code] of answers) {
      expect([answer.status, codeOf(answer)]).toEqual([status, code])
      expect(Object.keys(answer.json)).toEqual(['error'])
      expect(answer.text).not.toMatch(/node_modules|\.ts:|\n\s+at /)
    }
    expect((await made.call('DELETE', '/v1/batches/b')).text).toContain('nothing answers DELETE at this path')
    const long = await raw(made.url, `GET /v1/batches HTTP/1.1\r\nHost: localhost\r\nX-Long: ${'x'.repeat(20_000)}\r\n\r\n`)
    expect(long).toMatch(/^HTTP\/1.1 431/)
  })

  it.each([
    ['GET', '/v1/batches?limt=3', undefined, 'limt is no parameter here; give state, run,'],
    ['GET', '/v1/batches/b/journal?from=3', undefined, 'from is no parameter here; give after, limit'],
    ['GET', '/v1/batches/b/result?format=csv', undefined, 'format is no parameter here; there is none'],
    ['GET', '/v1/dead-letters?batchId=b', undefined, 'batchId is no parameter here; give batch,'],
    ['GET', '/v1/stream?lastEventId=3', undefined, 'lastEventId is no parameter here; give batch, after'],
    ['POST', '/v1/batches/b/cancel', { reson: 'x' }, 'reson is no parameter here; give reason'],
  ] as const)('is asked about when it is misspelt: %s %s', async (method, path, body, sentence) => {
    const made = await testService()
    await whenReady(made)
    const answer = await made.call(method, path, body === undefined ? {} : { body })
    expect(answer).toMatchObject({ status: 400, json: { error: { code: 'invalid-request', message: expect.stringContaining(sentence) } } })
  })

  it.each([
    '/v1/batches/..%2f..%2fetc%2fpasswd',
    '/v1/batches/%00',
    '/v1/batches/b%00/journal',
    '/v1/batches/%23hash',
    '/v1/batches/%F0%9F%98%80',
    `/v1/batches/${'x'.repeat(505)}`,
    '/v1/batches/unknown',
    '/v1/batches/unknown/journal',
    '/v1/batches/unknown/result',
    '/v1/../healthz/../v1/nothing',
    '/v1//batches',
    '/V1/batches',
  ])('finds nothing at %s', async (path) => {
    const made = await testService()
    await whenReady(made)
    const answer = await raw(
      made.url,
      `GET ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\nConnection: close\r\n\r\n`,
    )
    expect(answer).toMatch(/^HTTP\/1.1 404/)
    expect(answer).toMatch(/\{"error":\{"code":"(unknown-batch|not-found)"/)
  })

  it('that fails in the service is logged with the batch it names, and tells nothing of the cause', async () => {
    const lines: object[] = []
    const made = await testService({ logger: { ...silentLogger, error: (fields, message) => void lines.push({ ...fields, message }) } })
    await whenReady(made)
    vi.spyOn(made.service.quire, 'inspect').mockRejectedValueOnce(new Error('a defect'))
    const answer = await made.call('GET', '/v1/batches/b-1')
    expect(answer).toMatchObject({ status: 500, json: { error: { code: 'internal' } } })
    expect(answer.text).not.toContain('a defect')
    expect(lines).toEqual([expect.objectContaining({ message: 'a request failed', address: 'batch/b-1', route: '/v1/batches/:batch' })])
  })

  it('gets the headers of security, and is never kept by a cache', async () => {
    const made = await testService()
    await whenReady(made)
    const { headers } = await made.call('GET', '/v1/batches')
    expect(headers).toMatchObject({
      'content-security-policy': "default-src 'none';frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
    })
    expect(headers).not.toHaveProperty('x-powered-by')
    expect(headers).not.toHaveProperty('access-control-allow-origin')
  })

  it('stands in /openapi.json, route by route', async () => {
    const made = await testService()
    const { json } = await made.call('GET', '/openapi.json')
    expect(json).toMatchObject({ openapi: '3.1.0', info: { title: 'Quire' } })
    const paths = json['paths'] as Readonly<Record<string, object>>
    for (const [method, path] of operations.slice(0, -1)) {
      const template = path.replace(
        /(batches|dead-letters|assignment|course)\/[abcd](?=\/|$)/,
        (_, list: string) => `${list}/{${list === 'batches' ? 'batch' : 'id'}}`,
      )
      expect(paths[template], template).toHaveProperty(method.toLowerCase())
    }
    expect(paths['/v1/batches/{batch}/pause']).toMatchObject({ post: { requestBody: { required: false } } })
    expect(Reflect.get(paths['/v1/batches'] ?? {}, 'post')).toMatchObject({
      requestBody: { required: true },
      responses: { 413: {}, 415: {}, 429: {}, 500: {} },
    })
    expect(paths['/v1/stream']).toMatchObject({ get: { responses: { 200: { content: { 'text/event-stream': {} } } } } })
  })
})
