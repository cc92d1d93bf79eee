import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { request } from 'undici'
import { describe, expect, it, onTestFinished } from 'vitest'
import { testService } from '../support/batch-service.ts'
import { builtCommand } from '../support/built-command.ts'

async function get(url: string) {
  const { statusCode, headers, body } = await request(url)
  return { status: statusCode, headers, text: await body.text() }
}

/** A path as it stands, which every client would tidy. */
async function rawGet(url: string, path: string): Promise<string> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  socket.end(`GET ${path} HTTP/1.1\r\nhost: ${hostname}\r\nconnection: close\r\n\r\n`)
  return await text(socket)
}

describe('the files of the live page', () => {
  it('are open, hold no address of another service, and may load nothing of another', async () => {
    const { url } = await testService()
    const home = await get(`${url}/`)
    expect(home).toMatchObject({
      status: 200,
      headers: {
        'content-type': 'text/html; charset=utf-8',
        'cache-control': 'no-cache',
        'content-security-policy': expect.stringContaining("default-src 'none'; script-src 'self'"),
      },
    })
    expect(home.headers['content-security-policy']).not.toContain('unsafe')
    expect(home.text).toContain('data-token="asked"')
    expect(home.text).not.toMatch(/https?:/)
    const script = /src="\.(\/assets\/[^"]+\.js)"/.exec(home.text)?.[1]
    expect(await get(`${url}${script}`)).toMatchObject({
      status: 200,
      headers: { 'content-type': 'text/javascript; charset=utf-8', 'cache-control': 'public, max-age=31536000, immutable' },
    })
  })

  it('are all that is served: no path leads out of their folder', async () => {
    const { url } = await testService()
    for (const path of [
      '/assets/../../host/main.js',
      '/assets/%2e%2e/%2e%2e/host/main.js',
      '/..%2fhost%2fmain.js',
      '/index.js',
      '//etc/passwd',
    ]) {
      expect(await rawGet(url, path)).toMatch(/^HTTP\/1\.1 40[0-9] /)
    }
  })
})

describe('quire demo --page', () => {
  it('serves the page without a token on this machine, and ends at Ctrl-C', async () => {
    const child = spawn(process.execPath, [builtCommand, 'demo', '--page'], { stdio: ['ignore', 'pipe', 'inherit'] })
    onTestFinished(() => void child.kill('SIGKILL'))
    let said = ''
    child.stdout.on('data', (chunk: Buffer) => void (said += chunk.toString()))
    await expect.poll(() => said, { timeout: 50_000 }).toMatch(/live page: http:\/\/127\.0\.0\.1:\d+\/#\/batches\/demo/)
    const url = /http:\/\/[^/]+/.exec(said)?.[0]
    expect((await get(`${url}/`)).text).toContain('data-token="none"')
    await expect.poll(async () => (await get(`${url}/v1/batches/demo`)).status, { timeout: 20_000 }).toBe(200)
    child.kill('SIGINT')
    expect(await once(child, 'exit')).toEqual([0, null])
  }, 120_000)
})
