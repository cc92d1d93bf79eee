import { assign, enqueueActions, fromPromise, setup } from 'xstate'
import type { Decision } from '../judging/decide.ts'
import type { ScoringRecord } from '../judging/net.ts'
import type { Policy } from '../judging/policy.ts'

/** Why a batch ended, and by what. */
export type BatchEnd = {
  readonly status:
    | 'COMPLETE_STABLE'
    | 'COMPLETE_MAX_COMPARISONS'
    | 'COMPLETE_INSUFFICIENT_ESSAYS'
    | 'COMPLETE_FORCED_RECOVERY'
    | 'CANCELLED'
    | 'ERROR_PROCESSING'
    | 'ERROR_ESSAY_PROCESSING'
  /** A stable short name, and one sentence. */
  readonly code: string
  readonly reason: string
  /** The cause of the outcome that decided. */
  readonly trigger: Trigger
  /** Of a failure: the error code on the wire. */
  readonly errorCode: string | null
}

export type Trigger = 'callback' | 'deadline' | 'task' | 'recovery' | 'monitor' | 'operator'

/** What a request changes about the model's calls. */
export type LlmOverrides = {
  readonly provider?: string
  readonly model?: string
  readonly temperature?: number
  readonly maxTokens?: number
  readonly systemPrompt?: string
  readonly judgeRubric?: string
  readonly reasoningEffort?: 'none' | 'low' | 'medium' | 'high'
  readonly outputVerbosity?: 'low' | 'medium' | 'high'
}

/** What a request asks for beside its essays. */
export type RequestOptions = {
  /** Where the students' prompt lies; null with an assignment, which brings its own, or when there is none. */
  readonly promptStorageId: string | null
  readonly llm: LlmOverrides
  readonly batchingMode: 'per_request' | 'serial_bundle' | 'provider_batch_api'
  /** Comparisons asked for; null: the service's default. */
  readonly requestedComparisons: number | null
  readonly budgetSource: 'runner_override' | 'service_default'
  /** Kept with the request, without effect. */
  readonly batchConfig: {
    readonly batchSize?: number
    readonly maxConcurrentBatches?: number
    readonly partialCompletionThreshold?: number
  }
}

/** What an assignment brings: its scale of grades, its texts, and anchors of known grade, which are compared like essays. */
export type Assigned = {
  readonly gradeScale: string
  readonly promptStorageId: string | null
  readonly rubricStorageId: string | null
  /** Id of the item, storage id of the text, and the known grade of each. */
  readonly anchors: readonly (readonly [itemId: string, storageId: string, grade: string])[]
}

/** An assignment as it is stored. */
export type FoundAssignment = Omit<Assigned, 'anchors'> & {
  readonly anchors: readonly { readonly id: number; readonly storageId: string; readonly grade: string }[]
}

/** How it stands with a text for the judges; a batch goes on without a missing one. */
export type BriefText = 'none' | 'pending' | 'fetched' | 'missing'

/** What a batch is born with; checked before the create is sent. */
export interface BatchInput {
  readonly bosBatchId: string
  readonly correlationId: string
  readonly userId: string
  readonly orgId: string | null
  readonly language: string
  readonly courseCode: string
  readonly assignmentId: string | null
  readonly options: RequestOptions
  /** The request's text as it came: for the journal, which keeps the birth; the context does without it. */
  readonly originalRequest: string | null
  /** Essay id and storage id of each student text. */
  readonly essays: readonly (readonly [essayId: string, storageId: string])[]
  readonly policy: Policy
  /** Seeds the choice and the orientation of pairs. */
  readonly seed: string
  /** ms; 0 = no deadline. */
  readonly deadlineMs: number
  /** Silence after which recovery looks, ms. */
  readonly timeoutMs: number
  /** USD the batch may cost before it pauses; 0 = no limit. */
  readonly costCap: number
}

/** What the answers of a batch took. */
export type Usage = {
  readonly tokens: number
  /** USD. */
  readonly cost: number
}

/** Who paused a batch, and why. */
export type PausedBy = { readonly by: string; readonly reason: string | null }

/** One essay's place in the final ranking. */
export type RankedItem = {
  readonly id: string
  readonly rank: number
  readonly score: number
  readonly se: number
}

export type BatchScores = {
  readonly ranking: readonly RankedItem[]
  readonly reliability: number
  readonly flags: readonly string[]
  readonly components: number
  readonly seSummary: Readonly<Record<string, number>>
  readonly positionBias: { readonly estimate: number; readonly se: number } | null
}

/** The compact truth: 6 characters a comparison in `slots`; texts and justifications are elsewhere. */
export interface BatchContext extends Omit<BatchInput, 'originalRequest'> {
  readonly createdAt: number
  /** One character an essay: `p` pending, `o` fetched, `x` dropped; empty before the tasks are recorded. The anchors' follow the students'. */
  readonly content: string
  /** The students' prompt, and the rubric of the assignment. */
  readonly prompt: BriefText
  readonly rubric: BriefText
  readonly assignment: 'none' | 'pending' | 'taken'
  /** As it stood when the batch took it: later changes do not reach this batch. */
  readonly assigned: Assigned | null
  /** Why the request does not fit its assignment, or this could not be read. */
  readonly assignmentProblem: { readonly code: string; readonly message: string } | null
  /** Why the content could not be prepared at all. */
  readonly contentProblem: string | null
  /** Fetched essays of students and anchors, sorted by id: the items of the net. */
  readonly items: readonly string[]
  readonly storage: readonly string[]
  readonly workCap: number | null
  readonly slots: string
  readonly waveStarts: readonly number[]
  /** When outstanding slots were accepted (202), ms. */
  readonly accepted: Readonly<Record<string, number>>
  /** Outstanding slots, whether accepted or not. */
  readonly outstanding: number
  /** True once anything was accepted or answered. */
  readonly everAccepted: boolean
  /** Slots whose posts are to be started by this transition. */
  readonly posting: readonly number[]
  readonly previous: ScoringRecord | null
  readonly decision: Decision | null
  /** What the decision asks for and no transition has done yet. */
  readonly next: 'none' | 'fit' | 'retry' | 'submit' | 'finish' | 'fail'
  readonly exhausted: boolean
  readonly paused: boolean
  readonly pausedBy: PausedBy | null
  readonly usage: Usage
  /** USD it may cost until it pauses; a resume after that allows the cap again. */
  readonly costAllowed: number
  readonly lastActivityAt: number
  /** Attempts that ended with an error. */
  readonly errors: number
  readonly duplicates: number
  readonly models: Readonly<Record<string, number>>
  readonly trigger: Trigger
  readonly end: BatchEnd | null
  readonly scores: BatchScores | null
}

export interface Stamped {
  /** ms since the epoch, and message id: added by the runtime. */
  readonly at: number
  readonly id: string
}

/** A verdict, or an error in its place, for one attempt of one slot. */
export interface VerdictEvent {
  readonly type: 'VERDICT'
  readonly comparison: string
  readonly slot: number
  readonly attempt: number
  readonly winner: 'a' | 'b' | null
  readonly errorCode: string | null
  readonly details: Readonly<Record<string, string | number | null>>
  /** Why it belongs to no comparison of this batch, if so. */
  readonly uncorrelated?: string
}

export type BatchEvent =
  | (VerdictEvent & Stamped)
  | ({
      readonly type: 'CONTENT_FETCHED'
      readonly taskId: string
      readonly output: { readonly length: number; readonly digest: string }
    } & Stamped)
  | ({
      readonly type: 'CONTENT_FAILED'
      readonly taskId: string
      readonly error: { readonly message: string; readonly code?: string }
    } & Stamped)
  | ({ readonly type: 'PROMPT_FETCHED' | 'RUBRIC_FETCHED' } & Stamped)
  | ({ readonly type: 'PROMPT_FAILED' | 'RUBRIC_FAILED'; readonly error: { readonly message: string; readonly code?: string } } & Stamped)
  | ({ readonly type: 'ASSIGNMENT_FOUND'; readonly output: FoundAssignment } & Stamped)
  | ({ readonly type: 'ASSIGNMENT_FAILED'; readonly error: { readonly message: string; readonly code?: string } } & Stamped)
  | ({ readonly type: 'SUBMITTED'; readonly taskId: string } & Stamped)
  | ({
      readonly type: 'SUBMIT_FAILED'
      readonly taskId: string
      readonly error: { readonly message: string; readonly code?: string }
    } & Stamped)
  | ({ readonly type: 'CANCEL' | 'FORCE' | 'PAUSE' | 'RESUME'; readonly by?: string; readonly reason?: string } & Stamped)
  | ({ readonly type: 'WAKE' } & Stamped)

/** What ends a batch; `end` in src/batch/batch.actor.ts makes a `BatchEnd` of it. */
export type EndCause =
  | 'essays'
  | 'assignment'
  | 'late'
  | 'single'
  | 'cancelled'
  | 'broken'
  | 'unbudgeted'
  | 'decided'
  | 'forced'
  | 'recovered'
  | 'stuck'
  | 'scored'
  | 'unscored'

/** What effects are told. */
export interface Facts {
  readonly context: BatchContext
  /** Of a refusal: why, where the numbers do not say it. */
  readonly because?: string
}

/** Every event the machine is stepped with has a time; that of a birth stands in its input. */
function timeOf(event: object): number {
  const stamped = event as { readonly at?: number; readonly input?: { readonly at: number } }
  return stamped.at ?? stamped.input?.at ?? 0
}

function provided(name: string): never {
  throw new Error(`'${name}' is provided by src/batch/batch.actor.ts`)
}

/** Who pauses a batch that has cost what it may; only a resume of such a pause allows more. */
export const costGuard = 'cost guard'

/** Stands for 'not at all': ten years, ms. */
const never = 315_360_000_000

/**
 * One comparative-judgement batch, from the request to the ranking. Completion is decided by its own guarded transitions:
 * stability first, the work capped at the number of distinct pairs, recovery only when verdicts stop coming.
 */
export const batchMachine = setup({
  types: {
    context: {} as BatchContext,
    input: {} as BatchInput & Stamped,
    events: {} as BatchEvent,
  },
  actors: {
    fetchContent: fromPromise<{ length: number; digest: string }, { storageId: string }>(() => provided('fetchContent')),
    fetchPrompt: fromPromise<{ length: number; digest: string }, { storageId: string }>(() => provided('fetchPrompt')),
    fetchRubric: fromPromise<{ length: number; digest: string }, { storageId: string }>(() => provided('fetchRubric')),
    fetchAssignment: fromPromise<FoundAssignment, { assignmentId: string }>(() => provided('fetchAssignment')),
    choosePairs: fromPromise<{ pairs: readonly { a: number; b: number; mode: 'coverage' | 'resampling' }[] }, object>(() =>
      provided('choosePairs'),
    ),
    submitComparison: fromPromise<void, object>(() => provided('submitComparison')),
    decideHeavy: fromPromise<Decision, object>(() => provided('decideHeavy')),
    scoreBatch: fromPromise<BatchScores, object>(() => provided('scoreBatch')),
  },
  actions: {
    startContent: enqueueActions(({ context, enqueue }) => {
      if (context.content !== '' || context.essays.length === 0) {
        return
      }
      enqueue.assign({ content: 'p'.repeat(context.essays.length) })
      context.essays.forEach(([, storageId], index) => {
        enqueue.spawnChild('fetchContent', { id: `t${index}`, input: { storageId } })
      })
    }),
    startPrompt: enqueueActions(({ context, enqueue }) => {
      const storageId = promptOf(context)
      if (context.prompt === 'none' && storageId !== null) {
        enqueue.assign({ prompt: 'pending' })
        enqueue.spawnChild('fetchPrompt', { id: 'prompt', input: { storageId } })
      }
    }),
    startAssignment: enqueueActions(({ context, enqueue }) => {
      const { assignmentId, assignment } = context
      if (assignment === 'none' && assignmentId !== null && context.essays.length > 0) {
        enqueue.assign({ assignment: 'pending' })
        enqueue.spawnChild('fetchAssignment', { id: 'assignment', input: { assignmentId } })
      }
    }),
    startAssigned: enqueueActions(({ context, enqueue }) => {
      const storageId = context.assigned?.rubricStorageId ?? null
      if (storageId !== null) {
        enqueue.assign({ rubric: 'pending' })
        enqueue.spawnChild('fetchRubric', { id: 'rubric', input: { storageId } })
      }
      context.assigned?.anchors.forEach(([, anchor], index) => {
        enqueue.spawnChild('fetchContent', { id: `t${context.essays.length + index}`, input: { storageId: anchor } })
      })
    }),
    fetchAgain: enqueueActions(({ context, enqueue }) => {
      const { assigned, assignmentId, essays, content } = context
      const prompt = promptOf(context)
      if (context.assignment === 'pending' && assignmentId !== null) {
        enqueue.spawnChild('fetchAssignment', { id: 'assignment', input: { assignmentId } })
      }
      if (context.prompt === 'pending' && prompt !== null) {
        enqueue.spawnChild('fetchPrompt', { id: 'prompt', input: { storageId: prompt } })
      }
      if (context.rubric === 'pending' && assigned?.rubricStorageId != null) {
        enqueue.spawnChild('fetchRubric', { id: 'rubric', input: { storageId: assigned.rubricStorageId } })
      }
      const storageIds = [...essays, ...(assigned?.anchors ?? [])].map(([, storageId]) => storageId)
      storageIds.forEach((storageId, index) => {
        if (content[index] === 'p') {
          enqueue.spawnChild('fetchContent', { id: `t${index}`, input: { storageId } })
        }
      })
    }),
    recordContent: assign(() => provided('recordContent')),
    recordAssignment: assign(() => provided('recordAssignment')),
    recordPrompt: assign({
      prompt: (_, { as }: { as: 'fetched' | 'missing' }) => as,
      lastActivityAt: ({ event }) => timeOf(event),
    }),
    recordRubric: assign({
      rubric: (_, { as }: { as: 'fetched' | 'missing' }) => as,
      lastActivityAt: ({ event }) => timeOf(event),
    }),
    prepareNet: assign(() => provided('prepareNet')),
    recordWave: assign(() => provided('recordWave')),
    recordRetries: assign(() => provided('recordRetries')),
    submitPosting: enqueueActions(({ context, enqueue }) => {
      const { posting, slots, items, storage } = context
      for (const number of posting) {
        const { a, b, attempt } = slotPlace(slots, number)
        enqueue.spawnChild('submitComparison', {
          id: `c${number}.${attempt}`,
          input: { slot: number, attempt, a: [items[a], storage[a]], b: [items[b], storage[b]] },
        })
      }
      enqueue.assign({ posting: [] })
    }),
    postAgain: assign({
      posting: ({ context: { slots, accepted } }) =>
        Array.from({ length: slots.length / 6 }, (_, number) => number).filter(
          (number) => accepted[number] === undefined && slotPlace(slots, number).isOpen,
        ),
    }),
    recordAccepted: assign(() => provided('recordAccepted')),
    recordOutcome: assign(() => provided('recordOutcome')),
    closeAnswered: enqueueActions(({ context, event, enqueue }) => {
      if (event.type !== 'VERDICT' || event.slot * 6 >= context.slots.length) {
        return
      }
      const { attempt, isOpen } = slotPlace(context.slots, event.slot)
      if (!isOpen) {
        enqueue.stopChild(`c${event.slot}.${event.attempt}`)
        enqueue.stopChild(`c${event.slot}.${attempt}`)
      }
    }),
    expireDue: assign(() => provided('expireDue')),
    markExhausted: assign({ exhausted: true }),
    decide: assign(() => provided('decide')),
    takeHeavyDecision: assign(() => provided('takeHeavyDecision')),
    giveUpFit: assign(() => provided('giveUpFit')),
    recordScores: assign(() => provided('recordScores')),
    touch: assign({ lastActivityAt: ({ event }) => timeOf(event) }),
    pause: assign({
      paused: true,
      pausedBy: ({ event }) => {
        const { by = 'an operator', reason = null } = event as { readonly by?: string; readonly reason?: string | null }
        return { by, reason }
      },
      next: 'none',
      lastActivityAt: ({ event }) => timeOf(event),
    }),
    resume: assign({
      paused: false,
      pausedBy: null,
      costAllowed: ({ context: { usage, costCap, costAllowed, pausedBy } }) =>
        pausedBy?.by === costGuard ? usage.cost + costCap : costAllowed,
      lastActivityAt: ({ event }) => timeOf(event),
      trigger: 'operator',
    }),
    unpause: assign({ paused: false, pausedBy: null, lastActivityAt: ({ event }) => timeOf(event) }),
    blameMonitor: assign({ trigger: 'monitor' }),
    end: assign((_, _params: { as: EndCause }) => provided('end')),
    keepBrief: (_, _params: Facts) => provided('keepBrief'),
    journalPrompt: (_, _params: { text: 'prompt' | 'rubric'; error: object }) => provided('journalPrompt'),
    journalDecision: (_, _params: Facts) => provided('journalDecision'),
    journalRefusal: (_, _params: Facts) => provided('journalRefusal'),
    keepComparison: (_, _params: Facts & { event: object }) => provided('keepComparison'),
    publishCompleted: (_, _params: Facts) => provided('publishCompleted'),
    publishFailed: (_, _params: Facts) => provided('publishFailed'),
  },
  guards: {
    isPaused: ({ context }) => context.paused,
    hasNoBudget: ({ context }) => !(context.policy.totalBudget >= 1),
    contentIsBroken: ({ context }) => context.contentProblem !== null && !context.paused,
    assignmentIsRefused: ({ context }) => context.assignmentProblem !== null && !context.paused,
    hasNoEssay: ({ context }) => !context.paused && /^x*$/.test(studentsContent(context)),
    hasOneEssay: ({ context }) => !context.paused && context.assignment !== 'pending' && /^x*ox*$/.test(studentsContent(context)),
    contentIsReady: ({ context }) =>
      !context.paused &&
      !context.content.includes('p') &&
      context.assignment !== 'pending' &&
      context.prompt !== 'pending' &&
      context.rubric !== 'pending',
    waveIsEmpty: ({ event }) => (event as { output?: { pairs: readonly object[] } }).output?.pairs.length === 0,
    decisionIsFit: ({ context }) => context.next === 'fit',
    decisionIsRetry: ({ context }) => context.next === 'retry',
    decisionIsFinish: ({ context }) => context.next === 'finish',
    decisionIsSubmit: ({ context }) => context.next === 'submit',
    decisionIsFail: ({ context }) => context.next === 'fail',
    isStillActive: ({ context, event }) => context.lastActivityAt + context.timeoutMs > timeOf(event),
    mayBeForced: () => provided('mayBeForced'),
  },
  delays: {
    recovery: ({ context, event }) => context.lastActivityAt + context.timeoutMs - timeOf(event),
    deadline: ({ context, event }) => {
      const times = Object.values(context.accepted)
      const unanswered = context.outstanding > times.length ? [timeOf(event)] : []
      const earliest = Math.min(...times, ...unanswered)
      return context.deadlineMs === 0 || !Number.isFinite(earliest) ? never : earliest + context.deadlineMs - timeOf(event)
    },
  },
}).createMachine({
  id: 'batch',
  description: 'One comparative-judgement batch, from the request to the ranking.',
  context: ({ input }) => ({
    bosBatchId: input.bosBatchId,
    correlationId: input.correlationId,
    userId: input.userId,
    orgId: input.orgId,
    language: input.language,
    courseCode: input.courseCode,
    assignmentId: input.assignmentId,
    options: input.options,
    essays: input.essays,
    policy: input.policy,
    seed: input.seed,
    deadlineMs: input.deadlineMs,
    timeoutMs: input.timeoutMs,
    costCap: input.costCap,
    createdAt: input.at,
    content: '',
    prompt: 'none',
    rubric: 'none',
    assignment: 'none',
    assigned: null,
    assignmentProblem: null,
    contentProblem: null,
    items: [],
    storage: [],
    workCap: null,
    slots: '',
    waveStarts: [],
    accepted: {},
    outstanding: 0,
    everAccepted: false,
    posting: [],
    previous: null,
    decision: null,
    next: 'none',
    exhausted: false,
    paused: false,
    pausedBy: null,
    usage: { tokens: 0, cost: 0 },
    costAllowed: input.costCap,
    lastActivityAt: input.at,
    errors: 0,
    duplicates: 0,
    models: {},
    trigger: 'task',
    end: null,
    scores: null,
  }),
  initial: 'INITIALIZING',
  on: {
    CANCEL: {
      target: '.CANCELLED',
      actions: [{ type: 'end', params: { as: 'cancelled' } }],
      description: 'An operator cancels the batch, also while it is scored: the commit decides.',
    },
    FORCE: {
      actions: [{ type: 'journalRefusal', params: ({ context }) => ({ context }) }],
      description: 'There is nothing to finish with yet.',
    },
    PAUSE: { actions: [{ type: 'pause' }], description: 'Outcomes are counted; nothing is submitted, decided or recovered.' },
    RESUME: { actions: [{ type: 'resume' }], description: 'The batch goes on.' },
    WAKE: { actions: [{ type: 'blameMonitor' }], description: 'The monitor found no next cause; delays and tasks were derived again.' },
    SUBMITTED: { actions: [{ type: 'recordAccepted' }], description: 'The provider accepted a comparison: its deadline runs.' },
    SUBMIT_FAILED: { actions: [{ type: 'recordOutcome' }], description: 'A comparison could not be posted: an error outcome.' },
    VERDICT: {
      actions: [
        { type: 'recordOutcome' },
        { type: 'closeAnswered' },
        { type: 'keepComparison', params: ({ context, event }) => ({ context, event }) },
      ],
      description: 'A comparison is answered.',
    },
  },
  states: {
    INITIALIZING: {
      description: 'The texts of the essays, the prompt of the students and what the assignment brings are fetched.',
      tags: ['busy'],
      entry: [
        { type: 'keepBrief', params: ({ context }) => ({ context }) },
        { type: 'startContent' },
        { type: 'startPrompt' },
        { type: 'startAssignment' },
      ],
      always: [
        {
          guard: { type: 'hasNoBudget' },
          target: 'FAILED',
          actions: [{ type: 'end', params: { as: 'unbudgeted' } }],
          description: 'Whoever made the batch gave it no comparison to make: a fault of a program, told loudly.',
        },
        {
          guard: { type: 'contentIsBroken' },
          target: 'FAILED',
          actions: [{ type: 'end', params: { as: 'essays' } }],
          description: 'The texts could not be prepared.',
        },
        {
          guard: { type: 'assignmentIsRefused' },
          target: 'FAILED',
          actions: [{ type: 'end', params: { as: 'assignment' } }],
          description: 'The assignment is unknown, or does not allow what the request asks for.',
        },
        {
          guard: { type: 'hasNoEssay' },
          target: 'FAILED',
          actions: [{ type: 'end', params: { as: 'essays' } }],
          description: 'There is no essay to judge.',
        },
        {
          guard: { type: 'hasOneEssay' },
          target: 'COMPLETED',
          actions: [{ type: 'prepareNet' }, { type: 'end', params: { as: 'single' } }],
          description: 'One essay needs no comparison.',
        },
        {
          guard: { type: 'contentIsReady' },
          target: 'GENERATING_PAIRS',
          actions: [{ type: 'prepareNet' }],
          description: 'Every text is there or was dropped, and nothing more is to be heard of assignment, prompt and rubric.',
        },
      ],
      on: {
        CONTENT_FETCHED: { actions: [{ type: 'recordContent' }] },
        CONTENT_FAILED: { actions: [{ type: 'recordContent' }] },
        PROMPT_FETCHED: {
          actions: [{ type: 'recordPrompt', params: { as: 'fetched' } }],
          description: 'Judges are told what the essays answer.',
        },
        PROMPT_FAILED: {
          actions: [
            { type: 'recordPrompt', params: { as: 'missing' } },
            { type: 'journalPrompt', params: ({ event }) => ({ text: 'prompt', error: event.error }) },
          ],
          description: 'The batch goes on without the prompt.',
        },
        RUBRIC_FETCHED: {
          actions: [{ type: 'recordRubric', params: { as: 'fetched' } }],
          description: 'Judges are told what a better essay is.',
        },
        RUBRIC_FAILED: {
          actions: [
            { type: 'recordRubric', params: { as: 'missing' } },
            { type: 'journalPrompt', params: ({ event }) => ({ text: 'rubric', error: event.error }) },
          ],
          description: 'The batch goes on without the rubric.',
        },
        ASSIGNMENT_FOUND: {
          actions: [{ type: 'recordAssignment' }, { type: 'startPrompt' }, { type: 'startAssigned' }],
          description: 'The assignment brings its prompt, its rubric and its anchors, whose texts are fetched too.',
        },
        ASSIGNMENT_FAILED: { actions: [{ type: 'recordAssignment' }], description: 'The request does not fit its assignment.' },
        WAKE: {
          actions: [{ type: 'blameMonitor' }, { type: 'fetchAgain' }],
          description: 'The monitor found no next cause: the texts that are missing are fetched again.',
        },
      },
      after: {
        recovery: [
          {
            guard: { type: 'isStillActive' },
            target: 'INITIALIZING',
            reenter: true,
            description: 'Something happened meanwhile: recovery is armed anew.',
          },
          {
            guard: { type: 'isPaused' },
            target: 'INITIALIZING',
            reenter: true,
            actions: [{ type: 'touch' }],
            description: 'A paused batch is not recovered.',
          },
          {
            target: 'FAILED',
            actions: [{ type: 'end', params: { as: 'late' } }],
            description: 'The texts did not come in time.',
          },
        ],
      },
    },
    GENERATING_PAIRS: {
      description: 'The next wave of pairs is chosen.',
      tags: ['busy'],
      invoke: {
        id: 'choosePairs',
        src: 'choosePairs',
        input: ({ context }) => ({
          n: context.items.length,
          slots: context.slots,
          waveStarts: context.waveStarts,
          policy: context.policy,
          seed: context.seed,
        }),
        onDone: [
          { guard: { type: 'isPaused' }, description: 'Nothing is submitted while the batch is paused.' },
          {
            guard: { type: 'waveIsEmpty' },
            actions: [{ type: 'markExhausted' }, { type: 'decide' }, { type: 'journalDecision', params: ({ context }) => ({ context }) }],
            description: 'No pair is left: the decision is made again.',
          },
          {
            target: 'WAITING_CALLBACKS',
            actions: [{ type: 'recordWave' }, { type: 'submitPosting' }],
            description: 'The wave is recorded; posting goes on while verdicts are awaited.',
          },
        ],
        onError: {
          target: 'FAILED',
          actions: [{ type: 'end', params: { as: 'broken' } }],
          description: 'The pairs could not be chosen.',
        },
      },
      always: [
        {
          guard: { type: 'decisionIsFinish' },
          target: 'SCORING',
          description: 'Nothing more can be submitted and enough succeeded.',
        },
        {
          guard: { type: 'decisionIsFail' },
          target: 'FAILED',
          actions: [{ type: 'end', params: { as: 'decided' } }],
          description: 'Nothing more can be submitted and too little succeeded.',
        },
        {
          guard: { type: 'decisionIsFit' },
          target: 'WAITING_CALLBACKS',
          description: 'A net this large is decided by a task there.',
        },
      ],
      on: {
        FORCE: [
          {
            guard: { type: 'mayBeForced' },
            target: 'SCORING',
            actions: [{ type: 'end', params: { as: 'forced' } }],
            description: 'An operator finishes the batch with what it has.',
          },
          {
            actions: [{ type: 'journalRefusal', params: ({ context }) => ({ context }) }],
            description: 'Too little is settled to be forced.',
          },
        ],
        RESUME: {
          target: 'GENERATING_PAIRS',
          reenter: true,
          actions: [{ type: 'resume' }],
          description: 'The wave is chosen again.',
        },
      },
      after: {
        recovery: [
          {
            guard: { type: 'isStillActive' },
            target: 'GENERATING_PAIRS',
            reenter: true,
            description: 'Something happened meanwhile: recovery is armed anew.',
          },
          {
            guard: { type: 'isPaused' },
            target: 'GENERATING_PAIRS',
            reenter: true,
            actions: [{ type: 'touch' }],
            description: 'A paused batch is not recovered.',
          },
          {
            guard: { type: 'mayBeForced' },
            target: 'SCORING',
            actions: [{ type: 'end', params: { as: 'recovered' } }],
            description: 'Enough is settled to finish.',
          },
          {
            target: 'FAILED',
            actions: [{ type: 'end', params: { as: 'stuck' } }],
            description: 'Too little is settled after a long silence.',
          },
        ],
      },
    },
    WAITING_CALLBACKS: {
      description: 'Comparisons are under way; the last outstanding outcome decides what comes next.',
      tags: ['waiting'],
      initial: 'collecting',
      always: [
        {
          guard: { type: 'decisionIsRetry' },
          target: 'WAITING_CALLBACKS',
          reenter: true,
          actions: [{ type: 'recordRetries' }, { type: 'submitPosting' }],
          description: 'Row 4: failed comparisons are tried again, all at once.',
        },
        {
          guard: { type: 'decisionIsFinish' },
          target: 'SCORING',
          description: 'Rows 5, 8 and 9: stable, or nothing more may be submitted.',
        },
        {
          guard: { type: 'decisionIsSubmit' },
          target: 'GENERATING_PAIRS',
          description: 'Row 6: another wave is allowed and needed.',
        },
        {
          guard: { type: 'decisionIsFail' },
          target: 'FAILED',
          actions: [{ type: 'end', params: { as: 'decided' } }],
          description: 'Row 7, or early: the success rate cannot be reached.',
        },
      ],
      on: {
        VERDICT: {
          actions: [
            { type: 'recordOutcome' },
            { type: 'closeAnswered' },
            { type: 'keepComparison', params: ({ context, event }) => ({ context, event }) },
            { type: 'decide' },
            { type: 'journalDecision', params: ({ context }) => ({ context }) },
          ],
          description: 'A comparison is answered.',
        },
        SUBMIT_FAILED: {
          actions: [{ type: 'recordOutcome' }, { type: 'decide' }, { type: 'journalDecision', params: ({ context }) => ({ context }) }],
          description: 'A comparison could not be posted: an error outcome.',
        },
        FORCE: [
          {
            guard: { type: 'mayBeForced' },
            target: 'SCORING',
            actions: [{ type: 'end', params: { as: 'forced' } }],
            description: 'An operator finishes the batch with what it has.',
          },
          {
            actions: [{ type: 'journalRefusal', params: ({ context }) => ({ context }) }],
            description: 'Too little is settled to be forced.',
          },
        ],
        RESUME: {
          actions: [{ type: 'resume' }, { type: 'decide' }, { type: 'journalDecision', params: ({ context }) => ({ context }) }],
          description: 'The decision is made at once.',
        },
        WAKE: {
          target: 'WAITING_CALLBACKS',
          reenter: true,
          actions: [
            { type: 'blameMonitor' },
            { type: 'expireDue' },
            { type: 'postAgain' },
            { type: 'submitPosting' },
            { type: 'decide' },
            { type: 'journalDecision', params: ({ context }) => ({ context }) },
          ],
          description: 'The monitor found no next cause: deadlines are looked at, what was never accepted is posted again.',
        },
      },
      after: {
        deadline: {
          target: 'WAITING_CALLBACKS',
          reenter: true,
          actions: [{ type: 'expireDue' }, { type: 'decide' }, { type: 'journalDecision', params: ({ context }) => ({ context }) }],
          description: 'Comparisons whose deadline is over become error outcomes; the next deadline is armed.',
        },
        recovery: [
          {
            guard: { type: 'isStillActive' },
            target: 'WAITING_CALLBACKS',
            reenter: true,
            description: 'Something happened meanwhile: recovery is armed anew.',
          },
          {
            guard: { type: 'isPaused' },
            target: 'WAITING_CALLBACKS',
            reenter: true,
            actions: [{ type: 'touch' }],
            description: 'A paused batch is not recovered.',
          },
          {
            guard: { type: 'mayBeForced' },
            target: 'SCORING',
            actions: [{ type: 'end', params: { as: 'recovered' } }],
            description: 'Verdicts stopped coming and enough is settled to finish.',
          },
          {
            target: 'FAILED',
            actions: [{ type: 'end', params: { as: 'stuck' } }],
            description: 'Verdicts stopped coming and too little is settled.',
          },
        ],
      },
      states: {
        collecting: {
          description: 'Outcomes are collected.',
          always: {
            guard: { type: 'decisionIsFit' },
            target: 'fitting',
            description: 'A net this large is scored by a task, so that nothing else waits for it.',
          },
        },
        fitting: {
          description: 'The scores of a large net are fitted by a task; outcomes go on being collected.',
          tags: ['busy'],
          invoke: {
            id: 'decideHeavy',
            src: 'decideHeavy',
            input: ({ context }) => ({
              n: context.items.length,
              slots: context.slots,
              waveStarts: context.waveStarts,
              previous: context.previous,
              exhausted: context.exhausted,
              policy: context.policy,
            }),
            onDone: {
              target: 'collecting',
              actions: [{ type: 'takeHeavyDecision' }, { type: 'journalDecision', params: ({ context }) => ({ context }) }],
              description: 'The decision is there.',
            },
            onError: {
              target: 'collecting',
              actions: [{ type: 'giveUpFit' }],
              description: 'The scores could not be fitted.',
            },
          },
        },
      },
    },
    SCORING: {
      description: 'The final scores are computed.',
      tags: ['busy'],
      invoke: {
        id: 'scoreBatch',
        src: 'scoreBatch',
        input: ({ context }) => ({ items: context.items, slots: context.slots }),
        onDone: {
          target: 'COMPLETED',
          actions: [{ type: 'recordScores' }, { type: 'end', params: { as: 'scored' } }],
          description: 'Ranking and events are committed together.',
        },
        onError: {
          target: 'FAILED',
          actions: [{ type: 'end', params: { as: 'unscored' } }],
          description: 'The scores did not converge.',
        },
      },
      on: {
        VERDICT: {
          actions: [{ type: 'keepComparison', params: ({ context, event }) => ({ context, event }) }],
          description: 'Too late: kept for audit.',
        },
        FORCE: {
          actions: [{ type: 'journalRefusal', params: ({ context }) => ({ context, because: 'it is being scored already' }) }],
          description: 'It is being finished already.',
        },
        RESUME: { actions: [{ type: 'unpause' }], description: 'The batch goes on; what decided its end stays the cause.' },
      },
      after: {
        recovery: [
          {
            guard: { type: 'isStillActive' },
            target: 'SCORING',
            reenter: true,
            description: 'Something happened meanwhile: recovery is armed anew.',
          },
          {
            target: 'SCORING',
            reenter: true,
            actions: [{ type: 'touch' }],
            description: 'Scoring is a pure task: it is started again.',
          },
        ],
      },
    },
    COMPLETED: {
      type: 'final',
      description: 'The ranking and its events are committed.',
      tags: ['done', 'success'],
      entry: { type: 'publishCompleted', params: ({ context }) => ({ context }) },
    },
    FAILED: {
      type: 'final',
      description: 'The batch failed; the failed event says why.',
      tags: ['done', 'failure'],
      entry: { type: 'publishFailed', params: ({ context }) => ({ context }) },
    },
    CANCELLED: {
      type: 'final',
      description: 'A person cancelled the batch.',
      tags: ['done', 'failure'],
      entry: { type: 'publishFailed', params: ({ context }) => ({ context }) },
    },
  },
  output: ({ context }) => ({ end: context.end, scores: context.scores }),
})

/** Where the students' prompt lies: an assignment brings its own. */
function promptOf({ options, assigned }: BatchContext): string | null {
  return options.promptStorageId ?? assigned?.promptStorageId ?? null
}

/** How it stands with the texts of the students; empty when there is none. */
function studentsContent({ content, essays }: BatchContext): string {
  return content.slice(0, essays.length)
}

/** Items, attempt and openness of a slot, from its six characters (src/judging/comparison.ts). */
function slotPlace(
  slots: string,
  number: number,
): { readonly a: number; readonly b: number; readonly attempt: number; readonly isOpen: boolean } {
  const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const digit = (index: number): number => digits.indexOf(slots.charAt(number * 6 + index))
  return { a: digit(0) * 64 + digit(1), b: digit(2) * 64 + digit(3), attempt: digit(5), isOpen: digit(4) % 32 === 0 }
}
