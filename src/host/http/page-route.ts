import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { extname, join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { FastifyReply } from 'fastify'
import type { Api } from './api.ts'
import { ApiError } from './api-error.ts'
import type { AccessOptions } from './authentication.ts'

/** Where `npm run build` puts the page; the same from `src` and from `dist`. */
const folder = fileURLToPath(new URL('../../../dist/page', import.meta.url))

interface PageFile {
  readonly type: string
  readonly body: Buffer
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/** All the page may load or call is of this service. */
const contentSecurityPolicy = [
  "default-src 'none'",
  ...['script-src', 'style-src', 'img-src', 'connect-src', 'worker-src'].map((each) => `${each} 'self'`),
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/**
 * The live page: open, for it holds no data (rules 54). Its few files are read once and served by their exact names, so no path
 * leads out of their folder; all but the first carry a hash of their content in the name.
 */
export function pageRoute(app: Api, access: Pick<AccessOptions, 'token'>): void {
  const files = filesOf(folder)
  const home = homeOf(files.get('index.html'), access)
  app.get('/', { schema: { hide: true } }, (_, reply) => {
    if (home === undefined) {
      throw new ApiError(404, 'not-found', 'the live page is not built; run `npm run build`')
    }
    return sent(reply, home, 'no-cache')
  })
  for (const [name, file] of [...files].filter(([name]) => name !== 'index.html')) {
    const caching = name.startsWith('assets/') ? 'public, max-age=31536000, immutable' : 'no-cache'
    app.get(`/${name}`, { schema: { hide: true } }, (_, reply) => sent(reply, file, caching))
  }
}

/** The page is told whether a token is wanted, so that it need not find out by a refused call. */
function homeOf(file: PageFile | undefined, { token }: Pick<AccessOptions, 'token'>): PageFile | undefined {
  return file === undefined || token !== undefined
    ? file
    : { ...file, body: Buffer.from(file.body.toString('utf8').replace('data-token="asked"', 'data-token="none"')) }
}

function sent(reply: FastifyReply, { type, body }: PageFile, caching: string): FastifyReply {
  return reply.type(type).headers({ 'cache-control': caching, 'content-security-policy': contentSecurityPolicy }).send(body)
}

/** By path with `/`; empty before the page is built. */
function filesOf(root: string): ReadonlyMap<string, PageFile> {
  const names = existsSync(root) ? readdirSync(root, { recursive: true, encoding: 'utf8' }) : []
  return new Map(
    names.flatMap((name) => {
      const type = types[extname(name)]
      return type === undefined ? [] : [[name.split(sep).join('/'), { type, body: readFileSync(join(root, name)) }] as const]
    }),
  )
}
