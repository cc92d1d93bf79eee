import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { createHmac } from 'node:crypto'
import { request } from 'undici'
import { describe, expect, it } from 'vitest'
import { testService, type TestService, token, whenReady } from '../support/batch-service.ts'
import { requestEnvelope } from '../support/kafka/platform.ts'

async function post({ url }: TestService, path: string, body: Buffer | string, headers: Record<string, string> = {}) {
  const answer = await request(`${url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
    body,
  })
  return { status: answer.statusCode, error: ((await answer.body.json()) as { readonly error: { readonly code: string } }).error }
}

describe('bytes over HTTP', () => {
  it('that are no envelope are refused with the cause, and nothing is written', async () => {
    const made = await testService({ settings: { httpBodyLimitBytes: 100_000 } })
    await whenReady(made)
    const good = requestEnvelope('b-1', 4)
    const deep = `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`
    const cases: readonly (readonly [body: Buffer | string, status: number, code: string])[] = [
      [Buffer.from([0x7b, 0xff, 0x7d]), 400, 'not-json'],
      [Buffer.from([0xed, 0xa0, 0x80]), 400, 'not-json'],
      ['', 400, 'not-json'],
      ['{"event_id":', 400, 'not-json'],
      ['null', 400, 'envelope-invalid'],
      [deep, 400, 'envelope-invalid'],
      [`{"__proto__":${JSON.stringify(good)}}`, 400, 'envelope-invalid'],
      ['x'.repeat(100_001), 413, 'body-too-large'],
    ]
    for (const path of ['/v1/batches', '/v1/callbacks']) {
      for (const [body, status, code] of cases) {
        const answer = await post(made, path, body)
        expect([path, body.slice(0, 30), answer.status, answer.error.code]).toEqual([path, body.slice(0, 30), status, code])
      }
    }
    expect((await made.call('GET', '/v1/batches')).json['items']).toEqual([])
    expect((await made.call('GET', '/v1/dead-letters')).json['items']).toEqual([])
  })

  it('deep beside what is read do no harm: the batch runs', async () => {
    const made = await testService()
    await whenReady(made)
    const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`
    const text = JSON.stringify({ ...requestEnvelope('b-deep', 4), tomorrow: 'DEEP' }).replace('"DEEP"', deep)
    expect(await made.call('POST', '/v1/batches', { body: text })).toMatchObject({ status: 202 })
    await made.service.quire.waitFor('batch/b-deep', { state: 'WAITING_CALLBACKS' }, { timeoutMs: 30_000 })
  })

  it('that come compressed, or in another form, are refused', async () => {
    const made = await testService()
    await whenReady(made)
    const statusOf = async (headers: Record<string, string>): Promise<number> => (await post(made, '/v1/batches', '{}', headers)).status
    expect(await statusOf({ 'content-encoding': 'gzip' })).toBe(400)
    expect(await statusOf({ 'content-type': 'application/json; charset=utf-16' })).toBe(400)
    expect(await statusOf({ 'content-type': 'multipart/form-data; boundary=x' })).toBe(415)
  })

  it('that lie about their length are refused, and what follows them on the connection is never a request', async () => {
    const made = await testService()
    await whenReady(made)
    const body = JSON.stringify(requestEnvelope('b-smuggled', 4))
    const smuggled = `POST /v1/batches HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${token}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`
    const head = `POST /v1/callbacks HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${token}\r\ncontent-type: application/json\r\n`
    const lies = [
      `${head}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`,
      `${head}content-length: 2\r\ncontent-length: 3\r\n\r\n{}\n${smuggled}`,
      `${head}content-length: -1\r\n\r\n${smuggled}`,
    ]
    for (const lie of lies) {
      expect(await answersTo(made, lie)).toEqual(['HTTP/1.1 400'])
    }
    expect((await made.call('GET', '/v1/batches')).json['items']).toEqual([])
  })

  it('with a token somebody made up are refused as any other, and the answer does not say why', async () => {
    const made = await testService()
    await whenReady(made)
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
    const unsigned = `${part({ alg: 'none', typ: 'JWT' })}.${part({ sub: 'admin' })}.`
    const signed = `${part({ alg: 'HS256' })}.${part({ sub: 'admin' })}`
    const forged = [
      unsigned,
      `${signed}.${createHmac('sha256', 'secret').update(signed).digest('base64url')}`,
      token.toUpperCase(),
      `${token} `.repeat(2),
    ]
    const answers = await Promise.all(
      forged.map((each) =>
        made.call('POST', '/v1/batches', { body: requestEnvelope('b-1', 4), headers: { authorization: `Bearer ${each}` } }),
      ),
    )
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1)
    expect(answers[0]).toMatchObject({ status: 401, json: { error: { code: 'unauthorized' } } })
    expect((await made.call('GET', '/v1/batches')).json['items']).toEqual([])
  })
})

/** Status lines of all answers to bytes on a connection of their own, until the service closes it. */
async function answersTo({ url }: TestService, bytes: string): Promise<string[]> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  socket.write(bytes)
  return (await text(socket)).match(/^HTTP\/1\.1 \d+/gm) ?? []
}
