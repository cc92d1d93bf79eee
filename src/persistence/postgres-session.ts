import pg from 'pg'
import type { Clock } from '../runtime/ports.ts'
import { atMost } from '../runtime/time-limit.ts'
import { classified } from './errors.ts'
import type { Session } from './session.ts'

/** Closing a connection takes no longer, ms: over a path that was lost nobody says goodbye. */
export const goodbyeMs = 3_000
const gone = (): void => {}

/** A session nobody asks anything is looked at this often, ms. */
const heartbeatMs = 5_000

/** The server ends a session whose process has vanished after 25 s, and its lock falls; its own default is two hours. */
const keepAlives = 'set tcp_keepalives_idle = 10; set tcp_keepalives_interval = 5; set tcp_keepalives_count = 3'

export async function connectSession(config: pg.ClientConfig, clock: Clock): Promise<Session> {
  const client = new pg.Client(config)
  const ends: (() => void)[] = []
  let ended = false
  let cancelBeat = (): void => {}
  const end = (): void => {
    if (!ended) {
      ended = true
      cancelBeat()
      for (const call of ends) {
        call()
      }
    }
  }
  client.on('error', end)
  client.on('end', end)
  const close = async (): Promise<void> => {
    const goodbye = client.end().catch(() => undefined)
    await (ended ? undefined : atMost(clock, goodbyeMs, goodbye, gone))
    end()
  }
  /** Both ends may hold a connection for good whose path was lost: only a question finds out. */
  const beat = (): void => {
    cancelBeat = clock.schedule(heartbeatMs, () => void client.query('select 1').then(() => ended || beat(), close))
  }
  try {
    await client.connect()
    await client.query(keepAlives)
  } catch (error) {
    void close()
    throw error
  }
  beat()
  return {
    query: async (text, values) => (await classified(() => client.query(text, [...values]))).rows as Record<string, unknown>[],
    onEnd(call) {
      ended ? call() : ends.push(call)
    },
    close,
    onNotice(call) {
      client.on('notification', (message) => call(message.channel))
    },
  }
}
