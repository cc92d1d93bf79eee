import { isIP } from 'node:net'
import { integer, list, settingsOf, text } from './setting.ts'

const http = settingsOf('HTTP')

const proxies = list(isAddressOrNet, 'addresses or nets, by commas', 'give IP addresses or nets, e.g. 10.0.0.7,192.168.0.0/16')

/** An IP address, or a net as address/bits. */
function isAddressOrNet(value: string): boolean {
  const [address = '', bits, ...rest] = value.split('/')
  const most = { 4: 32, 6: 128 }[isIP(address)]
  return most !== undefined && rest.length === 0 && (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= most))
}

/** Who is listened to, and how much. */
export const httpSettings = {
  httpHost: http.given(text('address', /^[A-Za-z0-9.:_-]+$/, 'give an address, e.g. 127.0.0.1 or ::1'), '127.0.0.1', {
    name: 'QUIRE_HTTP_HOST',
    about: 'Address to listen on; another than loopback needs QUIRE_API_TOKEN.',
  }),
  httpPort: http.given(integer('port', 0, 65_535), '9090', { name: 'QUIRE_HTTP_PORT', about: '0 = a free one, said in the log.' }),
  apiToken: http.optional(text('token', /^[\x21-\x7e]{16,512}$/, 'give 16 to 512 printable characters without spaces'), {
    name: 'QUIRE_API_TOKEN',
    about: 'Bearer token of all but `/`, `/healthz` and `/metrics`. Absent: all is open, on loopback only.',
    secret: true,
  }),
  apiTokenName: http.given(text('name', /^[A-Za-z0-9._-]+$/, "use letters, digits, '.', '_' and '-'"), 'api', {
    name: 'QUIRE_API_TOKEN_NAME',
    about: 'Who acts, in the journal, when a call carries no X-Quire-Actor.',
  }),
  httpRatePerMinute: http.given(integer('requests', 0, 10_000_000), '6000', {
    name: 'QUIRE_HTTP_RATE_PER_MINUTE',
    about: 'Requests of one address in a minute, without `/healthz` and `/metrics`; 0 = no limit.',
  }),
  httpTrustedProxies: http.optional(proxies, {
    name: 'QUIRE_HTTP_TRUSTED_PROXIES',
    about: 'Their X-Forwarded-For tells who asks. Absent: the rate limit takes all behind one proxy for one.',
  }),
  httpBodyLimitBytes: http.given(integer('bytes', 1_000, 100_000_000), '1000000', {
    name: 'QUIRE_HTTP_BODY_LIMIT_BYTES',
    about: 'Largest body of a request.',
  }),
  httpStreams: http.given(integer('streams', 0, 10_000), '100', {
    name: 'QUIRE_HTTP_STREAMS',
    about: 'Readers of `/v1/stream` at a time.',
  }),
} as const
