import { type BackOffLimits, backOffMs } from '../../runtime/back-off.ts'
import type { Clock, Logger, Random } from '../../runtime/ports.ts'
import { TaskDelay } from '../../runtime/task-delay.ts'
import { ServiceUnavailable } from './service-unavailable.ts'
import { waitMs } from './retry-after.ts'

export interface HostCircuitOptions {
  /** Named in messages and logs. */
  readonly host: string
  /** True when the host answers at all; asked in place of a call that may be the cause of its own failure. */
  readonly probe: () => Promise<boolean>
  /** How long a batch waits for the host in one outage, ms; 0: the circuit never opens. */
  readonly patienceMs: number
  /** Waits between probes of an open circuit, and of calls that are throttled without a time. Default 1 s to 30 s. */
  readonly backOff?: BackOffLimits
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
}

/** Transport failures in a row, without an answer between, that bring the host under suspicion. */
const suspicious = 5

/**
 * What is known of a host all calls go to (rules 24). After five transport failures in a row and a failing probe it is away:
 * calls then wait uncounted (`TaskDelay`), and the first to come when a probe is due asks it. A host that asks for time
 * (429, a full queue) holds all calls to it. Kept in memory: after a restart five failures tell again.
 */
export class HostCircuit {
  readonly #options: HostCircuitOptions
  readonly #backOff: BackOffLimits
  #failures = 0
  #throttles = 0
  #heldUntil = 0
  #holdReason = ''
  #open: { probes: number; nextProbeAt: number } | undefined
  #probing: Promise<boolean> | undefined
  /** Since when each batch has waited in this outage. */
  readonly #waiting = new Map<string, number>()

  constructor(options: HostCircuitOptions) {
    this.#options = options
    this.#backOff = options.backOff ?? { firstMs: 1_000, maxMs: 30_000 }
  }

  get isOpen(): boolean {
    return this.#open !== undefined
  }

  /**
   * Resolves when a call may be made now.
   * @throws TaskDelay while it must wait; ServiceUnavailable when this batch has waited long enough in this outage
   */
  async admit(batchId: string): Promise<void> {
    const now = this.#options.clock.now()
    if (this.#open !== undefined) {
      if (now < this.#open.nextProbeAt || !(await this.#isBack())) {
        throw this.#wait(batchId)
      }
    }
    if (now < this.#heldUntil) {
      throw new TaskDelay({ ms: this.#spread(this.#heldUntil - now), reason: this.#holdReason })
    }
  }

  /** The host answered: it is not away. */
  answered(): void {
    this.#failures = 0
    this.#close()
  }

  /** The host took a call: it throttles no more. */
  accepted(): void {
    this.answered()
    this.#throttles = 0
  }

  /** A call failed on its way. Returns what it ends with: the error, which counts, or a wait while the host is away. */
  async failed<E extends Error>(batchId: string, error: E): Promise<E | TaskDelay | ServiceUnavailable> {
    this.#failures += 1
    const isAway = this.#open !== undefined || (this.#mayOpen() && !(await this.#isBack()))
    return isAway ? this.#wait(batchId) : error
  }

  /** The host asks for time, from all of its callers; without a time, for one that grows. */
  hold(ms: number | undefined, reason: string): TaskDelay {
    this.#throttles += 1
    const wait = waitMs(ms ?? backOffMs(this.#throttles, this.#backOff, this.#options.random))
    this.#heldUntil = Math.max(this.#heldUntil, this.#options.clock.now() + wait)
    this.#holdReason = reason
    return new TaskDelay({ ms: this.#spread(wait), reason })
  }

  #mayOpen(): boolean {
    return this.#failures >= suspicious && this.#options.patienceMs > 0
  }

  /** One probe at a time, whoever asks. */
  async #isBack(): Promise<boolean> {
    this.#probing ??= this.#probe().finally(() => {
      this.#probing = undefined
    })
    return await this.#probing
  }

  async #probe(): Promise<boolean> {
    const { clock, host, logger, probe, random } = this.#options
    if (await probe()) {
      this.answered()
      return true
    }
    const probes = (this.#open?.probes ?? 0) + 1
    if (this.#open === undefined) {
      logger.warn({ host, failures: this.#failures }, 'the host is away; calls to it wait')
    }
    this.#open = { probes, nextProbeAt: clock.now() + backOffMs(probes, this.#backOff, random) }
    return false
  }

  #close(): void {
    if (this.#open !== undefined) {
      this.#options.logger.info({ host: this.#options.host, probes: this.#open.probes }, 'the host answers again')
      this.#open = undefined
      this.#waiting.clear()
    }
  }

  #wait(batchId: string): TaskDelay | ServiceUnavailable {
    const { clock, host, patienceMs } = this.#options
    const now = clock.now()
    const since = this.#waiting.get(batchId) ?? now
    this.#waiting.set(batchId, since)
    const left = since + patienceMs - now
    if (left <= 0) {
      return new ServiceUnavailable(`${host} has been away for ${Math.round((now - since) / 1_000)} s`)
    }
    const untilProbe = Math.max(1, (this.#open?.nextProbeAt ?? now) - now)
    return new TaskDelay({ ms: Math.min(left, this.#spread(untilProbe)), reason: `${host} is away` })
  }

  /** Never less, at most a tenth more: waiters do not return together. */
  #spread(ms: number): number {
    return Math.round(ms * (1 + 0.1 * this.#options.random.next()))
  }
}
