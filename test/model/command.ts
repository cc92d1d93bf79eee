import type { ComputationName } from '../../src/batch/tasks/computing.ts'
import type { Slot } from '../../src/judging/comparison.ts'
import type { StepBatch, StepOptions } from '../support/step-batch.ts'

/** One thing the world does to a batch. The same commands move the stepped batch, the live one and the specification. */
export type Command =
  | { readonly kind: 'content'; readonly essay: number; readonly outcome: 'text' | 'missing' | 'unavailable' }
  | { readonly kind: 'prompt' | 'rubric'; readonly outcome: 'text' | 'missing' | 'unavailable' }
  | { readonly kind: 'assignment'; readonly outcome: 'found' | 'refused' }
  | { readonly kind: 'accepted'; readonly slot: number }
  | { readonly kind: 'notAccepted'; readonly slot: number; readonly outcome: Failure }
  | { readonly kind: 'verdict'; readonly slot: number; readonly attempt: number; readonly outcome: 'a' | 'b' | Failure }
  | { readonly kind: 'task'; readonly name: ComputationName; readonly outcome: 'done' | 'empty' | 'failed' }
  | { readonly kind: OperatorAct }
  | { readonly kind: 'elapse'; readonly ms: number }
  /** Delays and tasks are lost, as after a damaged database; after some time the monitor notices and wakes the batch. Of stepped batches only. */
  | { readonly kind: 'damage'; readonly ms: number }

export type OperatorAct = 'CANCEL' | 'FORCE' | 'PAUSE' | 'RESUME' | 'WAKE'

/** A failure that may pass, and one that will not. */
export type Failure = 'passing' | 'permanent'

/** A batch, how it is brought to where it gets interesting, and how many events are explored from there. */
export interface World extends Pick<StepOptions, 'essays' | 'request' | 'settings' | 'budget'> {
  readonly name: string
  readonly depth: number
  /** True: only transitions that no other world takes are looked for; for worlds that are dear. */
  readonly coarse?: boolean
  /** True: the database may be damaged; then the world is stepped only. */
  readonly damaged?: boolean
  /** The next command of the lead, until it is over. */
  readonly lead?: (batch: StepBatch) => Command | undefined
}

export const verdictCode: Readonly<Record<Failure, string>> = { passing: 'RATE_LIMIT', permanent: 'INVALID_REQUEST' }
export const postCode: Readonly<Record<Failure, string>> = { passing: 'ECONNREFUSED', permanent: 'AUTHENTICATION_ERROR' }
/** What every assignment of the worlds brings: a text of each kind, and one anchor. */
export const foundAssignment = {
  gradeScale: 'swedish_8_anchor',
  promptStorageId: 'p',
  rubricStorageId: 'r',
  anchors: [{ id: 1, storageId: 'anchor', grade: 'A' }],
}

export const refusal = 'unknown_assignment'

export const contentCode = { missing: 'RESOURCE_NOT_FOUND', unavailable: 'SERVICE_UNAVAILABLE' } as const

/** A command as one word, for paths and messages. */
export function labelOf(command: Command): string {
  const { kind, ...rest } = command
  const values = Object.values(rest)
  return values.length === 0 ? kind : `${kind}(${values.join(' ')})`
}

/** Carries a command out on a stepped batch. */
export function perform(batch: StepBatch, command: Command): StepBatch {
  switch (command.kind) {
    case 'content':
      return command.outcome === 'text' ? batch.fetched(command.essay) : batch.notFetched(command.essay, contentCode[command.outcome])
    case 'prompt':
      return command.outcome === 'text' ? batch.promptFetched() : batch.promptNotFetched(contentCode[command.outcome])
    case 'rubric':
      return command.outcome === 'text' ? batch.rubricFetched() : batch.rubricNotFetched(contentCode[command.outcome])
    case 'assignment':
      return command.outcome === 'found' ? batch.assignmentFound(foundAssignment) : batch.assignmentNotFound(refusal)
    case 'accepted':
      return batch.accepted(command.slot)
    case 'notAccepted':
      return batch.notAccepted(command.slot, postCode[command.outcome])
    case 'verdict': {
      const { slot, outcome, attempt } = command
      return batch.verdict(slot, outcome === 'a' || outcome === 'b' ? outcome : { error: verdictCode[outcome] }, attempt)
    }
    case 'task':
      return command.outcome === 'failed'
        ? batch.failTask(command.name)
        : command.outcome === 'empty'
          ? batch.computed(command.name, { pairs: [] })
          : batch.compute(command.name)
    case 'elapse':
      return batch.elapse(command.ms)
    case 'damage':
      return batch.loseEverything().elapse(command.ms).send({ type: 'WAKE' })
    default:
      return batch.send({ type: command.kind })
  }
}

const minute = 60_000
const operatorActs: readonly OperatorAct[] = ['CANCEL', 'FORCE', 'PAUSE', 'RESUME', 'WAKE']

/** Everything the world may do to a batch in its present state, a duplicate once. */
export function offered(batch: StepBatch, { damaged = false }: World): Command[] {
  if (batch.isDone) {
    return []
  }
  const contents = taskNumbers(batch, 't')
    .slice(0, 1)
    .flatMap((essay) => (['text', 'missing', 'unavailable'] as const).map((outcome) => ({ kind: 'content', essay, outcome }) as const))
  const briefTexts = (['prompt', 'rubric'] as const)
    .filter((kind) => batch.tasks.has(kind))
    .flatMap((kind) => (['text', 'missing', 'unavailable'] as const).map((outcome) => ({ kind, outcome }) as const))
  const assignment = batch.tasks.has('assignment')
    ? (['found', 'refused'] as const).map((outcome) => ({ kind: 'assignment', outcome }) as const)
    : []
  const tasks = (['choosePairs', 'decideHeavy', 'scoreBatch'] as const)
    .filter((name) => batch.tasks.has(name))
    .flatMap((name) =>
      (['done', 'failed', ...(name === 'choosePairs' ? ['empty' as const] : [])] as const).map(
        (outcome) => ({ kind: 'task', name, outcome }) as const,
      ),
    )
  return [
    ...contents,
    ...briefTexts,
    ...assignment,
    ...posts(batch),
    ...verdicts(batch),
    ...tasks,
    ...acts(batch),
    ...clock(batch),
    ...(damaged && isWoken(batch) ? [{ kind: 'damage', ms: 11 * minute } as const] : []),
  ]
}

/** Where the machine itself makes good what was lost when it is woken; elsewhere the runtime derives it from the state. */
function isWoken({ state }: StepBatch): boolean {
  return state === 'INITIALIZING' || state === 'WAITING_CALLBACKS'
}

function taskNumbers(batch: StepBatch, prefix: string): number[] {
  return [...batch.tasks.keys()].filter((id) => new RegExp(`^${prefix}\\d`).test(id)).map((id) => Number.parseInt(id.slice(1), 10))
}

function posts(batch: StepBatch): Command[] {
  const open = new Set(taskNumbers(batch, 'c'))
  const some = oneOfEachKind(batch).flatMap(({ slot }) => (open.has(slot) ? [slot] : []))
  return some.flatMap((slot) => [
    { kind: 'accepted', slot },
    { kind: 'notAccepted', slot, outcome: 'passing' },
    { kind: 'notAccepted', slot, outcome: 'permanent' },
  ])
}

/** Of what is under way every answer; of the rest one that is late, and one duplicate in all. */
function verdicts(batch: StepBatch): Command[] {
  return oneOfEachKind(batch).flatMap(({ state, attempts, slot }): Command[] => {
    const answers = (attempt: number, ...outcomes: ('a' | 'b' | Failure)[]): Command[] =>
      outcomes.map((outcome) => ({ kind: 'verdict', slot, attempt, outcome }))
    const older = attempts > 1 ? answers(1, 'a', 'permanent') : []
    const isDecided = state === 'won_a' || state === 'won_b'
    if (isDecided && batch.context.duplicates > 0) {
      return []
    }
    return state === 'outstanding'
      ? [...answers(attempts, 'a', 'b', 'passing', 'permanent'), ...older]
      : answers(attempts, 'a', 'permanent')
  })
}

/** Slots that differ only in their number are alike: the first of each state and attempt. */
function oneOfEachKind(batch: StepBatch): (Slot & { readonly slot: number })[] {
  const kinds = new Map<string, Slot & { readonly slot: number }>()
  batch.slots().forEach((slot, number) => {
    const kind = `${slot.state} ${slot.attempts} ${batch.context.accepted[number] === undefined}`
    kinds.set(kind, kinds.get(kind) ?? { ...slot, slot: number })
  })
  return [...kinds.values()]
}

function acts(batch: StepBatch): Command[] {
  return operatorActs.filter((kind) => (kind === 'PAUSE' ? !batch.context.paused : true)).map((kind) => ({ kind }))
}

/** To a minute before the next delay, and to the next delay. */
function clock(batch: StepBatch): Command[] {
  const due = Math.min(...Object.values(batch.armed.timers).map((timer) => timer.due))
  const wait = due - batch.at
  const isFresh = batch.context.lastActivityAt === batch.at
  return Number.isFinite(due)
    ? [...(isFresh && wait > 2 * minute ? [{ kind: 'elapse', ms: wait - minute } as const] : []), { kind: 'elapse', ms: wait }]
    : []
}
