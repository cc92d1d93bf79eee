import type { ServerResponse } from 'node:http'
import type { Clock } from '../../runtime/ports.ts'

/** A sign of life for readers and whatever stands between, ms. */
const heartbeatMs = 15_000

/** A reader that takes nothing for this time is cut off; it may come again with its last id, ms. */
const patienceMs = 30_000

/** One reader of server-sent events. What it has not taken yet is bounded: nothing is written before it has taken the rest. */
export class EventStream {
  readonly #response: ServerResponse
  readonly #clock: Clock
  readonly #controller = new AbortController()
  #cancelBeat: () => void = () => {}

  constructor(response: ServerResponse, clock: Clock, stopping: AbortSignal) {
    this.#response = response
    this.#clock = clock
    const close = (): void => this.close()
    response.on('close', close)
    response.on('error', close)
    stopping.addEventListener('abort', close, { once: true })
    this.closed.addEventListener('abort', () => stopping.removeEventListener('abort', close))
    this.#beat()
  }

  /** Aborted when either side has ended it. */
  get closed(): AbortSignal {
    return this.#controller.signal
  }

  /** Resolves when the reader has room for more, or is gone. */
  async write(text: string): Promise<void> {
    if (this.closed.aborted || this.#response.write(text)) {
      return
    }
    await new Promise<void>((resolve) => {
      const cancel = this.#clock.schedule(patienceMs, () => this.#response.destroy())
      const go = (): void => {
        cancel()
        this.#response.off('drain', go)
        this.closed.removeEventListener('abort', go)
        resolve()
      }
      this.#response.once('drain', go)
      this.closed.addEventListener('abort', go, { once: true })
    })
  }

  close(): void {
    if (!this.closed.aborted) {
      this.#cancelBeat()
      this.#controller.abort()
      this.#response.end()
    }
  }

  #beat(): void {
    this.#cancelBeat = this.#clock.schedule(heartbeatMs, () => {
      if (!this.#response.writableNeedDrain) {
        this.#response.write(': beat\n\n')
      }
      this.#beat()
    })
  }
}
