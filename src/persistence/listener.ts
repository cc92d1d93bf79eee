import type { Clock } from '../runtime/ports.ts'
import type { Session } from './session.ts'

export type Notice = 'mailbox' | 'commit'

/** Wakes subscribers when something was appended or committed: at once for this process, by NOTIFY and a poll for others. */
export interface Listener {
  subscribe(notice: Notice, wake: () => void): () => void
  /** Something of this process. */
  announce(notice: Notice): void
  /** Channel to NOTIFY for other processes; undefined where there are none. */
  channelOf(notice: Notice): string | undefined
  close(): Promise<void>
}

/** A notice may be lost with its connection: everybody looks this often without one, ms. */
const pollMs = 1_000

/** Listens on a connection of its own, which it opens again whenever it was lost. */
export function createListener(schema: string, openSession: (() => Promise<Session>) | undefined, clock: Clock): Listener {
  const wakes: Readonly<Record<Notice, Set<() => void>>> = { mailbox: new Set(), commit: new Set() }
  const channels: Readonly<Record<Notice, string>> = { mailbox: `${schema}_mailbox`, commit: `${schema}_commit` }
  let closed = false
  let session: Session | undefined
  let cancelPoll: (() => void) | undefined
  let started = false

  const announce = (notice: Notice): void => {
    for (const wake of wakes[notice]) {
      wake()
    }
  }
  const poll = (): void => {
    announce('mailbox')
    announce('commit')
    cancelPoll = closed ? undefined : clock.schedule(pollMs, poll)
  }
  const connect = async (): Promise<void> => {
    if (openSession === undefined || closed) {
      return
    }
    session = undefined
    try {
      const opened = await openSession()
      session = opened
      opened.onNotice((channel) => announce(channel === channels.mailbox ? 'mailbox' : 'commit'))
      opened.onEnd(() => clock.schedule(pollMs, () => void connect()))
      await opened.query(`listen "${channels.mailbox}"`, [])
      await opened.query(`listen "${channels.commit}"`, [])
      await (closed ? opened.close() : undefined)
    } catch {
      // The server is away: the connection machine says so, and the poll below goes on meanwhile.
      if (session === undefined) {
        clock.schedule(pollMs, () => void connect())
      }
    }
  }
  return {
    subscribe(notice, wake) {
      wakes[notice].add(wake)
      if (!started) {
        started = true
        cancelPoll = clock.schedule(pollMs, poll)
        void connect()
      }
      return () => wakes[notice].delete(wake)
    },
    announce,
    channelOf: (notice) => (openSession === undefined ? undefined : channels[notice]),
    async close() {
      closed = true
      cancelPoll?.()
      await session?.close()
    },
  }
}
