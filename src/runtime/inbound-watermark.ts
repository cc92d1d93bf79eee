import { isPortFailure } from './port-failure.ts'
import { messageOf } from './errors.ts'
import type { Clock, Inbound, InboundProgress, Logger, Store, Watermark } from './ports.ts'

export interface InboundWatermarkParts {
  readonly inbound: Pick<Inbound, 'progress'>
  readonly store: Pick<Store, 'shareProgress'>
  readonly clock: Clock
  readonly logger: Logger
  /** Difference of the database's clock to this node's, ms. */
  readonly skewMs: () => number
  readonly onChange: (readUpTo: number | undefined) => void
}

/** How often the progress is written and read, ms. */
const intervalMs = 1_000
/** What is known longer than this is unknown: timers are held (rules 18). */
const mostAgeMs = 10_000

/**
 * How far all processes together have read the outside. Each writes its own partitions every second and reads those of
 * the others; one that is silent for ten seconds makes the whole unknown.
 */
export class InboundWatermark implements Watermark {
  readonly #parts: InboundWatermarkParts
  #readUpTo: number | undefined
  #knownAt = Number.NEGATIVE_INFINITY
  #cancel: (() => void) | undefined
  #stopped = false

  constructor(parts: InboundWatermarkParts) {
    this.#parts = parts
  }

  start(): void {
    void this.#round()
  }

  stop(): void {
    this.#stopped = true
    this.#cancel?.()
  }

  readUpTo(): number | undefined {
    return this.#parts.clock.now() - this.#knownAt > mostAgeMs ? undefined : this.#readUpTo
  }

  /** While a server is away nothing is written, and what was known grows old. */
  async #round(): Promise<void> {
    try {
      await this.#share()
    } catch (error) {
      if (!isPortFailure(error)) {
        this.#parts.logger.error({ error: messageOf(error) }, 'the progress of the outside topics could not be shared')
      }
    } finally {
      this.#parts.onChange(this.readUpTo())
      this.#cancel = this.#stopped ? undefined : this.#parts.clock.schedule(intervalMs, () => void this.#round())
    }
  }

  async #share(): Promise<void> {
    const { clock, inbound, skewMs, store } = this.#parts
    const at = clock.now()
    const own: InboundProgress[] = (await inbound.progress()).map((row) => ({
      ...row,
      readUpTo: row.readUpTo === null ? null : row.readUpTo + skewMs(),
    }))
    const all = await store.shareProgress(own)
    const isKnown = all.length > 0 && all.every((row) => row.readUpTo !== null && row.ageMs <= mostAgeMs)
    this.#readUpTo = isKnown ? Math.min(...all.map((row) => row.readUpTo as number)) : undefined
    this.#knownAt = at
  }
}
