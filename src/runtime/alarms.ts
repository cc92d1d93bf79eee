import type { Logger } from './ports.ts'
import type { createStatus } from './status.ts'

/** A clock further away than this is an alarm, ms (rules 17). */
const mostSkewMs = 2_000

export interface Alarms {
  /** Turns take the database's time, so a wrong clock harms nothing here; what else runs on this node does not know that. */
  skew(skewMs: number): void
  /** A round of the monitor, with the actors it found without a next cause and woke: in health none. */
  round(woken: readonly string[]): void
}

/** What an operator must hear of: into the status, and into the log. */
export function createAlarms(status: ReturnType<typeof createStatus>, logger: Logger): Alarms {
  return {
    skew(skewMs) {
      status.trigger.changed({ change: { skewMs } })
      if (Math.abs(skewMs) > mostSkewMs) {
        logger.error({ skewMs }, "this node's clock and the database's are far apart; synchronise them")
      }
    },
    round(woken) {
      const { rounds, recovered, lastStuck } = status.getSnapshot().context.monitor
      const monitor = { rounds: rounds + 1, recovered: recovered + woken.length, lastStuck: woken.length === 0 ? lastStuck : woken }
      status.trigger.changed({ change: { monitor } })
    },
  }
}
