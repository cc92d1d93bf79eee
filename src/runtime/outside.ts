import type { Connection } from './connection.ts'
import type { RowReads } from './define-actor.ts'
import { startInbound } from './inbound-relay.ts'
import { InboundWatermark } from './inbound-watermark.ts'
import type { Clock, Inbound, Logger, Mailbox, Store, Watermark } from './ports.ts'
import type { Registry } from './registry.ts'
import type { StatusStore } from './status.ts'
import type { Tracing } from './tracing.ts'

export interface OutsideParts {
  readonly inbound: Inbound | undefined
  readonly mailbox: Pick<Mailbox, 'append'>
  readonly store: Pick<Store, 'shareProgress'>
  readonly clock: Clock
  readonly logger: Logger
  readonly registry: Registry
  readonly tracing: Tracing
  readonly status: StatusStore
  /** The connection of the mailbox's server. */
  readonly connection: Pick<Connection, 'use'>
  readonly maxMessageBytes: number
  readonly rows: RowReads
  readonly skewMs: () => number
}

/** What comes from outside topics, and how far it was read. */
export interface Outside extends Watermark {
  /** Topics that feed actors of this process. */
  readonly topics: readonly string[]
  start(): void
  stop(): Promise<void>
}

/** Without topics everything of the outside is in the mailbox already (rules 55). */
const nothingOutside: Outside = {
  topics: [],
  readUpTo: () => Number.POSITIVE_INFINITY,
  start() {},
  async stop() {},
}

export function createOutside(parts: OutsideParts): Outside {
  const { inbound, registry, status, clock } = parts
  if (inbound === undefined || registry.inbound.size === 0) {
    return nothingOutside
  }
  const onChange = (readUpTo: number | undefined): void =>
    status.trigger.changed({ change: { inbound: { lagMs: readUpTo === undefined ? null : Math.max(0, clock.now() - readUpTo) } } })
  const watermark = new InboundWatermark({ ...parts, inbound, onChange })
  return {
    topics: [...registry.inbound.keys()],
    readUpTo: () => watermark.readUpTo(),
    start() {
      const isUp = (): boolean => status.getSnapshot().context.database.state === 'up'
      startInbound({ ...parts, inbound, isUp, count: (by) => status.trigger.counted({ by }) })
      watermark.start()
    },
    async stop() {
      watermark.stop()
      await inbound.stop()
    },
  }
}
