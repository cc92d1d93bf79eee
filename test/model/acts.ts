import fc from 'fast-check'
import type { Command, Failure, OperatorAct } from './command.ts'
import type { Specification } from './specification.ts'
import type { Trial } from './trial.ts'

/** The model of fast-check's commands: a trial has a specification in worlds made here. */
export interface Model {
  readonly specification: Specification
}

/** What one act comes to, in the present state: some commands, a crash, or nothing at all. */
type Plan = readonly Command[] | 'crash'

/** An act drawn without knowing the state: `plan` makes commands of it when its turn comes. */
class Act {
  readonly plan: (specification: Specification) => Plan
  readonly #name: string

  constructor(name: string, plan: (specification: Specification) => Plan) {
    this.#name = name
    this.plan = plan
  }

  isPossible({ specification }: Model): boolean {
    return !specification.isOver && this.plan(specification).length > 0
  }

  toString(): string {
    return this.#name
  }
}

/** An act on the stepped machine. */
class SteppedAct implements fc.Command<Model, Trial> {
  readonly #act: Act

  constructor(act: Act) {
    this.#act = act
  }

  check(model: Readonly<Model>): boolean {
    return this.#act.isPossible(model)
  }

  run({ specification }: Model, trial: Trial): void {
    const plan = this.#act.plan(specification)
    plan === 'crash' ? trial.restartSteps() : plan.forEach((command) => trial.step(command))
  }

  toString(): string {
    return String(this.#act)
  }
}

/** An act on the runtime. */
class LiveAct implements fc.AsyncCommand<Model, Trial> {
  readonly #act: Act

  constructor(act: Act) {
    this.#act = act
  }

  check(model: Readonly<Model>): boolean {
    return this.#act.isPossible(model)
  }

  async run({ specification }: Model, trial: Trial): Promise<void> {
    const plan = this.#act.plan(specification)
    if (plan === 'crash') {
      return await trial.restart()
    }
    for (const command of plan) {
      await trial.run(command)
    }
  }

  toString(): string {
    return String(this.#act)
  }
}

const length = { maxCommands: 30, size: 'medium' } as const

/** Commands for `fc.modelRun` on a trial that steps; there the database may be damaged, too. */
export function steppedCommands(): fc.Arbitrary<Iterable<fc.Command<Model, Trial>>> {
  const damage = new Act('damage', ({ phase }) =>
    phase === 'INITIALIZING' || phase === 'WAITING_CALLBACKS' ? [{ kind: 'damage', ms: 11 * minute }] : [],
  )
  return fc.commands(
    [...acts(), fc.constant(damage)].map((act) => act.map((drawn) => new SteppedAct(drawn))),
    length,
  )
}

/** Commands for `fc.asyncModelRun` on a trial with a runtime. */
export function liveCommands(): fc.Arbitrary<Iterable<fc.AsyncCommand<Model, Trial>>> {
  return fc.commands(
    acts().map((act) => act.map((drawn) => new LiveAct(drawn))),
    length,
  )
}

const minute = 60_000
const outcome = fc.constantFrom<'a' | 'b' | Failure>('a', 'a', 'a', 'b', 'b', 'passing', 'permanent')
const failing = fc.constantFrom<Failure>('passing', 'permanent')
const pick = fc.nat(1_000)

/** Acts of the world, the likely ones more often. */
function acts(): fc.Arbitrary<Act>[] {
  return [
    ...times(
      4,
      pick.map((at) => new Act('text', (spec) => onTask(spec, /^t/, at, (essay) => ({ kind: 'content', essay, outcome: 'text' })))),
    ),
    fc
      .tuple(pick, fc.constantFrom('missing' as const, 'unavailable' as const))
      .map(([at, how]) => new Act(`text ${how}`, (spec) => onTask(spec, /^t/, at, (essay) => ({ kind: 'content', essay, outcome: how })))),
    ...times(
      2,
      fc
        .constantFrom('text' as const, 'missing' as const, 'unavailable' as const)
        .map((how) => new Act(`prompt ${how}`, ({ tasks }) => (tasks.has('prompt') ? [{ kind: 'prompt', outcome: how }] : []))),
    ),
    ...times(
      2,
      fc
        .constantFrom('text' as const, 'missing' as const, 'unavailable' as const)
        .map((how) => new Act(`rubric ${how}`, ({ tasks }) => (tasks.has('rubric') ? [{ kind: 'rubric', outcome: how }] : []))),
    ),
    ...times(
      2,
      fc
        .constantFrom('found' as const, 'found' as const, 'refused' as const)
        .map((how) => new Act(`assignment ${how}`, ({ tasks }) => (tasks.has('assignment') ? [{ kind: 'assignment', outcome: how }] : []))),
    ),
    ...times(3, fc.constant(new Act('compute', (spec) => computing(spec, 'done')))),
    fc.constantFrom('failed' as const, 'empty' as const).map((how) => new Act(`compute ${how}`, (spec) => computing(spec, how))),
    ...times(
      2,
      pick.map((at) => new Act('accepted', (spec) => onTask(spec, /^c/, at, (slot) => ({ kind: 'accepted', slot })))),
    ),
    fc
      .tuple(pick, failing)
      .map(
        ([at, how]) =>
          new Act(`not accepted ${how}`, (spec) => onTask(spec, /^c/, at, (slot) => ({ kind: 'notAccepted', slot, outcome: how }))),
      ),
    ...times(
      7,
      fc.tuple(pick, outcome).map(([at, how]) => new Act(`verdict ${how}`, (spec) => verdict(spec, at, how))),
    ),
    fc
      .tuple(pick, outcome, outcome)
      .map(([at, one, other]) => new Act(`reordered ${one} ${other}`, (spec) => reordered(spec, at, one, other))),
    fc.tuple(pick, outcome).map(([at, how]) => new Act(`late ${how}`, (spec) => late(spec, at, how))),
    fc.tuple(pick, outcome).map(([at, how]) => new Act(`duplicate ${how}`, (spec) => duplicate(spec, at, how))),
    ...times(
      2,
      fc.constantFrom(1, 5, 11, 60, 239, 241).map((minutes) => new Act(`${minutes} min`, () => [{ kind: 'elapse', ms: minutes * minute }])),
    ),
    fc.constant(new Act('to the next delay', ({ nextDue, now }) => (nextDue === null ? [] : [{ kind: 'elapse', ms: nextDue - now }]))),
    ...(['PAUSE', 'RESUME', 'RESUME', 'FORCE', 'WAKE', 'CANCEL'] as const satisfies readonly OperatorAct[]).map((kind) =>
      fc.constant(new Act(kind, () => [{ kind }])),
    ),
    fc.constant(new Act('crash', () => 'crash')),
  ]
}

function times<T>(count: number, item: T): T[] {
  return new Array<T>(count).fill(item)
}

function chosen<T>(items: readonly T[], at: number): T | undefined {
  return items[at % Math.max(1, items.length)]
}

function onTask({ tasks }: Specification, kind: RegExp, at: number, made: (number: number) => Command): Command[] {
  const id = chosen(
    [...tasks].filter((name) => kind.test(name) && /^.\d/.test(name)),
    at,
  )
  return id === undefined ? [] : [made(Number.parseInt(id.slice(1), 10))]
}

function computing({ tasks }: Specification, how: 'done' | 'failed' | 'empty'): Command[] {
  const name = (['choosePairs', 'scoreBatch'] as const).find((task) => tasks.has(task))
  return name === undefined || (how === 'empty' && name === 'scoreBatch') ? [] : [{ kind: 'task', name, outcome: how }]
}

function slotsThat({ slots }: Specification, are: (slot: Specification['slots'][number]) => boolean) {
  return slots.flatMap((slot, number) => (are(slot) ? [{ slot: number, attempt: slot.attempts }] : []))
}

function verdict(spec: Specification, at: number, how: 'a' | 'b' | Failure): Command[] {
  const open = chosen(
    slotsThat(spec, ({ state }) => state === 'open'),
    at,
  )
  return open === undefined ? [] : [{ kind: 'verdict', ...open, outcome: how }]
}

/** The answer to the later of two questions comes first, and before its acceptance. */
function reordered(spec: Specification, at: number, one: 'a' | 'b' | Failure, other: 'a' | 'b' | Failure): Command[] {
  const open = slotsThat(spec, ({ state }) => state === 'open')
  const earlier = open[at % Math.max(1, open.length - 1)]
  const later = open[(at % Math.max(1, open.length - 1)) + 1]
  return earlier === undefined || later === undefined
    ? []
    : [
        { kind: 'verdict', ...later, outcome: one },
        { kind: 'verdict', ...earlier, outcome: other },
      ]
}

/** For an attempt that was given up, or of a slot that waits for its retry. */
function late(spec: Specification, at: number, how: 'a' | 'b' | Failure): Command[] {
  const old = chosen(
    slotsThat(spec, ({ state, attempts }) => attempts > 1 || state === 'again' || state === 'lost').map(({ slot, attempt }) => ({
      slot,
      attempt: Math.max(1, attempt - (at % 2)),
    })),
    at,
  )
  return old === undefined ? [] : [{ kind: 'verdict', ...old, outcome: how }]
}

/** A second answer to what has one. */
function duplicate(spec: Specification, at: number, how: 'a' | 'b' | Failure): Command[] {
  const decided = chosen(
    slotsThat(spec, ({ state }) => state === 'a' || state === 'b'),
    at,
  )
  return decided === undefined ? [] : [{ kind: 'verdict', ...decided, outcome: how }]
}
