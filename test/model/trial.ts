import type { AnyStateMachine } from 'xstate'
import { batchInput } from '../../src/batch/request.ts'
import { budgeted, StepBatch } from '../support/step-batch.ts'
import { type BatchView, viewOfSteps } from './batch-view.ts'
import { type Command, labelOf, perform, type World } from './command.ts'
import { type Boot, LiveBatch } from './live-batch.ts'
import { Specification, type Surroundings } from './specification.ts'

/** What a stop and a new start take of virtual time, ms. */
const restartMs = 1_000
/** Nets of more essays are not specified: their scores decide. */
const mostSpecified = 10

/**
 * One batch three times: stepped purely, run by the production runtime (if there is a process for it), and specified. Every
 * command is carried out on all of them; then their views must be equal.
 */
export class Trial {
  readonly stepped: StepBatch
  readonly specification: Specification | undefined
  readonly live: LiveBatch | undefined
  readonly #done: string[] = []

  private constructor(world: World, machine: AnyStateMachine | undefined, live: LiveBatch | undefined) {
    this.stepped = new StepBatch({ ...world, hold: true, bare: true, ...(machine === undefined ? {} : { machine }) })
    this.specification = (world.essays ?? 4) > mostSpecified ? undefined : new Specification(termsOf(world), this.stepped.at)
    this.live = live
  }

  /** Without a runtime: everything happens at once. */
  static stepping(world: World, machine?: AnyStateMachine): Trial {
    const trial = new Trial(world, machine, undefined)
    trial.#compareSteps()
    return trial
  }

  static async running(world: World, boot: Boot, machine?: AnyStateMachine): Promise<Trial> {
    const trial = new Trial(world, machine, await LiveBatch.start(world, boot, machine))
    await trial.#compareLive()
    return trial
  }

  /** @throws when the world is too large to be specified */
  get specified(): Specification {
    if (this.specification === undefined) {
      throw new Error(`nets of more than ${mostSpecified} essays are not specified`)
    }
    return this.specification
  }

  step(command: Command): void {
    this.#done.push(labelOf(command))
    this.#told(() => perform(this.stepped, command))
    this.specification?.perform(command, this.#surroundings())
    this.#compareSteps()
  }

  async run(command: Command): Promise<void> {
    this.step(command)
    await this.live?.perform(command)
    await this.#compareLive()
  }

  /** The process stops and another takes over; nothing may change but the time. */
  restartSteps(): void {
    this.step({ kind: 'elapse', ms: restartMs })
  }

  async restart(): Promise<void> {
    await this.live?.restart()
    this.restartSteps()
    await this.#compareLive()
  }

  #surroundings(): Surroundings {
    return {
      pairs: this.stepped.slots().map(({ a, b }) => [a, b]),
      stable: this.stepped.context.decision?.code.startsWith('stable') === true,
    }
  }

  #compareSteps(): void {
    if (this.specification !== undefined) {
      this.#same(viewOfSteps(this.stepped), this.specification.view(), 'the machine and the specification')
    }
  }

  async #compareLive(): Promise<void> {
    if (this.live !== undefined) {
      const seen = this.live.isVirtual ? (view: BatchView) => view : withoutTimes
      this.#same(seen(await this.live.view()), seen(viewOfSteps(this.stepped)), 'the runtime and the stepped machine')
    }
  }

  #same(one: BatchView, other: BatchView, who: string): void {
    const names = (Object.keys(one) as (keyof BatchView)[]).filter((name) => JSON.stringify(one[name]) !== JSON.stringify(other[name]))
    if (names.length > 0) {
      const differences = names.map((name) => `${name}: ${JSON.stringify(one[name])} and ${JSON.stringify(other[name])}`)
      throw new Error(`${who} differ after ${this.#path()}\n${differences.join('\n')}`)
    }
  }

  #told(act: () => void): void {
    try {
      act()
    } catch (error) {
      throw new Error(`${error instanceof Error ? error.message : String(error)}, after ${this.#path()}`, { cause: error })
    }
  }

  #path(): string {
    return this.#done.join(' -> ')
  }
}

/** On real time only whether delays are armed can be compared. */
function withoutTimes(view: BatchView): BatchView {
  const armed = (due: number | null): number | null => (due === null ? null : 0)
  return { ...view, recovery: armed(view.recovery), deadline: armed(view.deadline) }
}

function termsOf(world: World) {
  const essays = Array.from({ length: world.essays ?? 4 }, (_, index) => ({ id: `e${index}`, storageId: `s${index}` }))
  const input = budgeted(batchInput({ batchId: 'b', userId: 'u', essays, ...world.request }, world.settings), world.budget)
  const { policy, deadlineMs, timeoutMs } = input
  const { totalBudget, explicitBudget, maxRetryAttempts } = policy
  const assignment = world.request?.assignmentId !== undefined
  const prompt = world.request?.promptStorageId !== undefined && !assignment
  return {
    essays: essays.length,
    prompt,
    assignment,
    budget: totalBudget,
    asked: explicitBudget,
    retries: maxRetryAttempts,
    deadlineMs,
    timeoutMs,
  }
}
