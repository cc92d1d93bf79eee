import { messageOf } from '../runtime/errors.ts'
import type { Clock, Logger } from '../runtime/ports.ts'
import type { ConsumerOptions, KafkaClient, KafkaConsumer } from './client.ts'

export interface GroupReaderParts extends ConsumerOptions {
  readonly client: Pick<KafkaClient, 'consumer'>
  readonly clock: Clock
  readonly logger: Logger
  /** The member's life ended: it holds no assignment until it joins again. */
  readonly onDetached: (cause: unknown) => void
  /** True while records wait and nothing moves; asked every five seconds. */
  readonly isStalled: () => Promise<boolean>
}

/** A new member is made this long after the last one ended, ms. */
const againMs = 1_000
const watchMs = 5_000
/** Looks in a row that must find a stall before the client is rebuilt. */
const mostStalls = 3
/** Looks a member may need to join. */
const mostJoining = 12

/** A member of a consumer group that is made anew whenever it ends, and when it stops moving while work waits. */
export class GroupReader {
  readonly #parts: GroupReaderParts
  #member: { readonly consumer: KafkaConsumer; readonly abandon: (cause: Error) => void } | undefined
  #joined = false
  #stalls = 0
  #stopped = false
  #cancelWatch: (() => void) | undefined
  #cancelPause: (() => void) | undefined
  #life: Promise<void> = Promise.resolve()

  constructor(parts: GroupReaderParts) {
    this.#parts = parts
  }

  /** The member in its group; undefined while there is none. */
  get consumer(): KafkaConsumer | undefined {
    return this.#joined ? this.#member?.consumer : undefined
  }

  start(): void {
    this.#life = this.#live()
    this.#watch()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#cancelWatch?.()
    this.#cancelPause?.()
    this.#member?.abandon(new Error('stopped'))
    await this.#life
  }

  async #live(): Promise<void> {
    while (!this.#stopped) {
      const cause = await this.#liveOnce()
      this.#joined = false
      this.#stalls = 0
      if (!this.#stopped) {
        this.#parts.logger.warn({ group: this.#parts.groupId, error: messageOf(cause) }, 'the group member ended; another is made')
        this.#parts.onDetached(cause)
        await new Promise<void>((resolve) => {
          const cancel = this.#parts.clock.schedule(againMs, resolve)
          this.#cancelPause = () => {
            cancel()
            resolve()
          }
        })
      }
    }
  }

  /** One life of a member; returns why it ended. Leaving takes no time of the next one. */
  async #liveOnce(): Promise<unknown> {
    const consumer = this.#parts.client.consumer({
      ...this.#parts,
      onJoined: (assignment) => {
        if (this.#member?.consumer === consumer) {
          this.#joined = true
          this.#parts.onJoined(assignment)
        }
      },
    })
    const abandoned = new Promise<unknown>((resolve) => {
      this.#member = { consumer, abandon: resolve }
    })
    const crashed = consumer.start().then(
      () => consumer.ended,
      (error: unknown) => error,
    )
    const cause = await Promise.race([crashed, abandoned])
    this.#member = undefined
    const left = consumer.stop().catch(() => undefined)
    await (this.#stopped ? left : undefined)
    return cause
  }

  #watch(): void {
    this.#cancelWatch = this.#parts.clock.schedule(watchMs, () => {
      void this.#look().finally(() => this.#stopped || this.#watch())
    })
  }

  async #look(): Promise<void> {
    const stands = this.#joined ? await this.#parts.isStalled().catch(() => false) : this.#member !== undefined
    this.#stalls = stands ? this.#stalls + 1 : 0
    if (this.#stalls >= (this.#joined ? mostStalls : mostJoining)) {
      this.#stalls = 0
      this.#member?.abandon(new Error(this.#joined ? 'records wait and nothing is read' : 'joining the group takes too long'))
    }
  }
}
