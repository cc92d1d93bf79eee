import { headersWithToken } from './call.ts'
import { eventParser, type ServerEvent } from './server-events.ts'

/** What a follower is told. */
export interface Follower {
  /** Something of this batch was committed. */
  readonly onTransition: (batch: string) => void
  /** Connected (anew): whatever was shown may be old. */
  readonly onConnected: () => void
  readonly onLost: () => void
}

/** Silence after which a connection counts as dead, ms; the service gives a sign of life every 15 s. */
const silenceMs = 40_000
const firstPauseMs = 250
const longestPauseMs = 4_000

/** Follows committed transitions, of all batches or of one, and goes on after the last one seen whenever the connection breaks. Returns how to end it. */
export function follow(batch: string | null, follower: Follower): () => void {
  const ended = new AbortController()
  void run(batch, follower, ended.signal)
  return () => ended.abort()
}

async function run(batch: string | null, follower: Follower, ended: AbortSignal): Promise<void> {
  let lastId: string | undefined
  let pause = firstPauseMs
  while (!ended.aborted) {
    await read(batch, lastId, ended, (event) => {
      lastId = event.id === '' ? lastId : event.id
      if (event.type === 'ready') {
        pause = firstPauseMs
        follower.onConnected()
      } else if (event.type === 'transition') {
        follower.onTransition((JSON.parse(event.data) as { readonly batch: string }).batch)
      }
    }).catch(() => undefined)
    if (!ended.aborted) {
      follower.onLost()
      await new Promise((resolve) => setTimeout(resolve, pause))
      pause = Math.min(longestPauseMs, pause * 2)
    }
  }
}

/** One connection, until it ends. */
async function read(
  batch: string | null,
  lastId: string | undefined,
  ended: AbortSignal,
  take: (event: ServerEvent) => void,
): Promise<void> {
  const silent = new AbortController()
  let timer = setTimeout(() => silent.abort(), silenceMs)
  try {
    const response = await fetch(batch === null ? 'v1/stream' : `v1/stream?batch=${encodeURIComponent(batch)}`, {
      headers: headersWithToken(lastId === undefined ? {} : { 'last-event-id': lastId }),
      signal: AbortSignal.any([ended, silent.signal]),
    })
    if (!response.ok || response.body === null) {
      return
    }
    const parse = eventParser()
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      clearTimeout(timer)
      timer = setTimeout(() => silent.abort(), silenceMs)
      parse(part.value).forEach(take)
    }
  } finally {
    clearTimeout(timer)
  }
}
