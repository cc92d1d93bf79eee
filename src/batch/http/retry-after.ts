/** No host makes a task wait longer than this at once, ms: a mistaken header must not hold a batch for days. */
const mostMs = 3_600_000

/** The wait a Retry-After header asks for, ms: seconds or a date (RFC 9110, 10.2.3); undefined when there is none that can be read. */
export function retryAfterMs(header: string | undefined, now: number): number | undefined {
  if (header === undefined) {
    return undefined
  }
  const seconds = /^\s*(\d+(?:\.\d+)?)\s*$/.exec(header)
  const ms = seconds === null ? Date.parse(header) - now : Number(seconds[1]) * 1_000
  return Number.isFinite(ms) ? waitMs(ms) : undefined
}

/** A wait within what is borne. */
export function waitMs(ms: number): number {
  return Math.min(mostMs, Math.max(0, ms))
}
