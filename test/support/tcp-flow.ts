import { once } from 'node:events'
import type { Socket } from 'node:net'

/** One direction of a connection: bytes, then the end, in order. */
export interface TcpFlow {
  /** Carries what was held and what comes, each piece `delayMs` after its arrival. */
  open(delayMs?: number): void
  /** Carries nothing and reads nothing, as if packets were lost: neither side is told, nothing is thrown away. */
  hold(): void
}

/** More than this on its way stops the reading, so that the sender feels a slow receiver. */
const mostBytesUnderway = 1024 * 1024

/** Held until it is opened. */
export function tcpFlow(from: Socket, to: Socket): TcpFlow {
  let held = true
  let delayMs = 0
  let underway = 0
  let last: Promise<unknown> = Promise.resolve()
  let release = (): void => {}

  from.pause()
  from.on('data', (chunk: Buffer) => {
    underway += chunk.length
    inOrder(async () => {
      if (to.writable && !to.write(chunk)) {
        await Promise.race([once(to, 'drain'), once(to, 'close')]).catch(() => {})
      }
      underway -= chunk.length
      readOrNot()
    })
    readOrNot()
  })
  from.on('end', () => inOrder(() => to.end()))
  from.on('error', () => inOrder(() => to.resetAndDestroy()))

  function inOrder(carry: () => unknown): void {
    const due = delayMs === 0 ? undefined : new Promise((resolve) => setTimeout(resolve, delayMs))
    last = Promise.all([last, due]).then(whenOpen).then(carry)
  }

  async function whenOpen(): Promise<void> {
    while (held) {
      await new Promise<void>((resolve) => (release = resolve))
    }
  }

  function readOrNot(): void {
    if (held || underway > mostBytesUnderway) {
      from.pause()
    } else {
      from.resume()
    }
  }

  return {
    open(ms = 0) {
      held = false
      delayMs = ms
      release()
      readOrNot()
    },
    hold() {
      held = true
      readOrNot()
    },
  }
}
