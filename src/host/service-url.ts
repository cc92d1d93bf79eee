import type { Api } from './http/api.ts'

/** Where the service listens, as a URL. */
export function urlOf(app: Api): string {
  const [address] = app.addresses()
  if (address === undefined || typeof address === 'string') {
    throw new Error('the service does not listen yet')
  }
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address
  return `http://${host}:${address.port}`
}
