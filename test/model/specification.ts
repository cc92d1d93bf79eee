import type { BatchView } from './batch-view.ts'
import type { Command } from './command.ts'
import { budgetLeft, count, isWon, mayBeForced, nextStep, type SmallNet, type SpecifiedSlot, type Terms } from './small-net.ts'

/** What the specification does not say itself: the pairs a wave is made of, and whether scores are stable before the caps are reached. */
export interface Surroundings {
  /** Pairs of all slots, in order. */
  readonly pairs: readonly (readonly [number, number])[]
  readonly stable: boolean
}

type Phase = 'INITIALIZING' | 'GENERATING_PAIRS' | 'WAITING_CALLBACKS' | 'SCORING' | 'COMPLETED' | 'FAILED' | 'CANCELLED'
type End = NonNullable<BatchView['end']>
type Cause = End['trigger']

const success = ['cj_assessment.completed', 'assessment.result.published', 'resource.consumption']
const failure = ['cj_assessment.failed']

/**
 * What a batch must do, written from the rules without the machine and without src/judging: phases as one variable, delays as
 * two due times, tasks as a set of names. Every command is carried out here and on the real batch, and the views are compared.
 */
export class Specification {
  phase: Phase = 'INITIALIZING'
  paused = false
  duplicates = 0
  readonly terms: Terms
  readonly #texts: ('awaited' | 'here' | 'missing')[]
  /** How it stands with what the judges are told, by the task that fetches it. */
  readonly #briefs = new Map<'prompt' | 'rubric' | 'assignment', 'awaited' | 'settled'>()
  #refused = false
  readonly #slots: SpecifiedSlot[] = []
  readonly #tasks = new Set<string>()
  #now: number
  #lastActivity: number
  #recovery: number | null = null
  #deadline: number | null = null
  #textsBroken = false
  #lastWave = 0
  #noPairLeft = false
  #errors = 0
  #reached = false
  #cause: Cause = 'task'
  #end: End | null = null
  /** How the verdicts decided, while the scores are computed. */
  #decided: End | null = null

  constructor(terms: Terms, now: number) {
    this.terms = terms
    this.#now = now
    this.#lastActivity = now
    this.#texts = Array.from({ length: terms.essays }, () => 'awaited')
    this.#texts.forEach((_, essay) => this.#tasks.add(`t${essay}`))
    if (terms.prompt) {
      this.#await('prompt')
    }
    if (terms.assignment && terms.essays > 0) {
      this.#await('assignment')
    }
    this.#arm()
    this.#lookAtTexts()
  }

  get isOver(): boolean {
    return this.phase === 'COMPLETED' || this.phase === 'FAILED' || this.phase === 'CANCELLED'
  }

  get slots(): readonly Readonly<SpecifiedSlot>[] {
    return this.#slots
  }

  get tasks(): ReadonlySet<string> {
    return this.#tasks
  }

  get now(): number {
    return this.#now
  }

  /** Due time of the next delay. */
  get nextDue(): number | null {
    const due = [this.#recovery, this.#deadline].filter((at) => at !== null)
    return due.length === 0 ? null : Math.min(...due)
  }

  perform(command: Command, around: Surroundings): void {
    if (command.kind === 'elapse') {
      this.#elapse(this.#now + command.ms, around)
      return
    }
    if (this.isOver) {
      return
    }
    switch (command.kind) {
      case 'content':
        return this.#content(command.essay, command.outcome)
      case 'prompt':
      case 'rubric':
        return this.#settle(command.kind)
      case 'assignment':
        return this.#assigned(command.outcome)
      case 'accepted':
        return this.#accepted(command.slot)
      case 'notAccepted':
        return this.#notAccepted(command.slot, command.outcome, around)
      case 'verdict':
        return this.#verdict(command, around)
      case 'damage':
        return this.#damage(command.ms, around)
      case 'task':
        return this.#computed(command.name, command.outcome, around)
      default:
        return this.#operator(command.kind, around)
    }
  }

  view(): BatchView {
    const sum = (count: (slot: SpecifiedSlot) => number): number => this.#slots.reduce((total, slot) => total + count(slot), 0)
    const isRunning = this.phase === 'GENERATING_PAIRS' || this.phase === 'WAITING_CALLBACKS' || this.phase === 'SCORING'
    return {
      state: this.phase,
      status: this.isOver ? (this.#end?.status ?? '') : isRunning ? 'PERFORMING_COMPARISONS' : 'FETCHING_CONTENT',
      paused: this.paused,
      counters: { submitted: sum(({ attempts }) => attempts), completed: sum(({ state }) => (isWon(state) ? 1 : 0)), failed: this.#errors },
      recovery: this.#recovery,
      deadline: this.#deadline,
      tasks: [...this.#tasks].sort(),
      end: this.#end,
      outputs: this.phase === 'COMPLETED' ? success : this.isOver ? failure : [],
    }
  }

  // Texts

  #content(essay: number, outcome: 'text' | 'missing' | 'unavailable'): void {
    this.#tasks.delete(`t${essay}`)
    this.#lastActivity = this.#now
    this.#cause = 'task'
    if (outcome === 'unavailable') {
      this.#textsBroken = true
    } else {
      this.#texts[essay] = outcome === 'text' ? 'here' : 'missing'
    }
    this.#lookAtTexts()
  }

  /** Whatever came of it: a batch goes on without a missing prompt or rubric. */
  #settle(name: 'prompt' | 'rubric' | 'assignment'): void {
    this.#tasks.delete(name)
    this.#briefs.set(name, 'settled')
    this.#lastActivity = this.#now
    this.#lookAtTexts()
  }

  /** Every assignment brings a prompt, a rubric and one anchor, whose text is awaited like those of the essays. */
  #assigned(outcome: 'found' | 'refused'): void {
    if (outcome === 'refused') {
      this.#refused = true
      this.#cause = 'task'
    } else {
      this.#await('prompt')
      this.#await('rubric')
      this.#tasks.add(`t${this.#texts.length}`)
      this.#texts.push('awaited')
    }
    this.#settle('assignment')
  }

  #await(name: 'prompt' | 'rubric' | 'assignment'): void {
    this.#briefs.set(name, 'awaited')
    this.#tasks.add(name)
  }

  #lookAtTexts(): void {
    if (this.phase !== 'INITIALIZING' || this.paused) {
      return
    }
    if (!(this.terms.budget >= 1)) {
      this.#fail('ERROR_PROCESSING', 'PROCESSING_ERROR')
      return
    }
    const students = this.#texts.slice(0, this.terms.essays)
    const here = students.filter((text) => text === 'here').length
    const isComplete = !students.includes('awaited')
    if (!this.#textsBroken && this.#refused) {
      this.#fail('ERROR_PROCESSING', 'VALIDATION_ERROR')
    } else if (this.#textsBroken || (isComplete && here === 0)) {
      const none = this.terms.essays === 0
      this.#fail('ERROR_ESSAY_PROCESSING', none ? 'VALIDATION_ERROR' : 'CONTENT_SERVICE_ERROR')
    } else if (isComplete && here === 1 && this.#briefs.get('assignment') !== 'awaited') {
      this.#finish('COMPLETED', { status: 'COMPLETE_INSUFFICIENT_ESSAYS', trigger: 'task', errorCode: null })
    } else if (!this.#texts.includes('awaited') && ![...this.#briefs.values()].includes('awaited')) {
      this.#choose()
    }
  }

  // Waves

  #choose(): void {
    this.phase = 'GENERATING_PAIRS'
    this.#tasks.add('choosePairs')
    this.#arm()
  }

  #computed(name: string, outcome: 'done' | 'empty' | 'failed', around: Surroundings): void {
    this.#tasks.delete(name)
    if (name === 'scoreBatch') {
      return outcome === 'failed'
        ? this.#fail('ERROR_PROCESSING', 'CJ_SCORE_CONVERGENCE_FAILED', this.#end?.trigger ?? this.#decided?.trigger)
        : this.#finish('COMPLETED', (this.#end ?? this.#decided) as End)
    }
    if (outcome === 'failed') {
      return this.#fail('ERROR_PROCESSING', 'PROCESSING_ERROR', 'task')
    }
    if (this.paused) {
      return
    }
    if (outcome === 'empty') {
      this.#noPairLeft = true
      return this.#decide(around)
    }
    this.#lastWave = this.#slots.length
    for (const pair of around.pairs.slice(this.#slots.length)) {
      this.#tasks.add(`c${this.#slots.length}.1`)
      this.#slots.push({ pair, state: 'open', attempts: 1, acceptedAt: null })
    }
    this.#noPairLeft = false
    this.#lastActivity = this.#now
    this.phase = 'WAITING_CALLBACKS'
    this.#arm()
  }

  // Outcomes

  #accepted(number: number): void {
    const slot = this.#slots[number] as SpecifiedSlot
    this.#tasks.delete(`c${number}.${slot.attempts}`)
    this.#reached = true
    if (slot.state === 'open') {
      slot.acceptedAt = this.#now
      this.#lastActivity = this.#now
    }
  }

  #notAccepted(number: number, outcome: 'passing' | 'permanent', around: Surroundings): void {
    const slot = this.#slots[number] as SpecifiedSlot
    this.#tasks.delete(`c${number}.${slot.attempts}`)
    this.#error(slot, outcome, 'task')
    this.#decide(around)
  }

  #verdict({ slot: number, attempt, outcome }: Command & { readonly kind: 'verdict' }, around: Surroundings): void {
    const slot = this.#slots[number]
    // Too late: kept for audit.
    if (slot === undefined || this.phase === 'SCORING') {
      return
    }
    const isWin = outcome === 'a' || outcome === 'b'
    if (isWin ? isWon(slot.state) : slot.state !== 'open' || attempt !== slot.attempts) {
      this.duplicates += 1
    } else if (isWin) {
      slot.state = outcome
      this.#took(slot, 'callback')
    } else {
      this.#error(slot, outcome, 'callback')
    }
    this.#reached = true
    if (slot.state !== 'open') {
      this.#tasks.delete(`c${number}.${slot.attempts}`)
    }
    this.#decide(around)
  }

  #error(slot: SpecifiedSlot, outcome: 'passing' | 'permanent', cause: Cause): void {
    slot.state = outcome === 'passing' && slot.attempts <= this.terms.retries ? 'again' : 'lost'
    this.#errors += 1
    this.#took(slot, cause)
  }

  #took(slot: SpecifiedSlot, cause: Cause): void {
    slot.acceptedAt = null
    this.#lastActivity = this.#now
    // What was decided is not decided again: while the scores are computed the cause stays.
    if (this.phase !== 'SCORING') {
      this.#cause = cause
    }
  }

  // Decisions

  #decide(around: Surroundings): void {
    const isDecidable = this.phase === 'WAITING_CALLBACKS' || (this.phase === 'GENERATING_PAIRS' && this.#noPairLeft)
    if (!isDecidable || this.paused || count(this.#slots, 'open') > 0) {
      return
    }
    const next = nextStep(this.#net(), around.stable)
    switch (next) {
      case 'retry':
        return this.#retry()
      case 'submit':
        return this.#choose()
      case 'COMPLETE_STABLE':
      case 'COMPLETE_MAX_COMPARISONS':
        this.#decided = { status: next, trigger: this.#cause, errorCode: null }
        return this.#score()
      case 'fail':
        return this.#fail('ERROR_PROCESSING', this.#reached ? 'CJ_INSUFFICIENT_COMPARISONS' : 'CONNECTION_ERROR')
    }
  }

  #retry(): void {
    const failed = this.#slots.flatMap((slot, number) => (slot.state === 'again' ? [{ slot, number }] : []))
    for (const { slot, number } of failed.slice(0, budgetLeft(this.#net()))) {
      slot.state = 'open'
      slot.attempts += 1
      this.#tasks.add(`c${number}.${slot.attempts}`)
    }
    this.#lastActivity = this.#now
    this.#arm()
  }

  #net(): SmallNet {
    return { slots: this.#slots, items: this.#items(), lastWave: this.#lastWave, noPairLeft: this.#noPairLeft, terms: this.terms }
  }

  #items(): number {
    return this.#texts.filter((text) => text === 'here').length
  }

  // Clock

  #elapse(until: number, around: Surroundings): void {
    for (let due = this.nextDue; due !== null && due <= until && !this.isOver; due = this.nextDue) {
      this.#now = Math.max(this.#now, due)
      // Deadlines first: of two delays due at once the one whose name comes first.
      if (this.#deadline === due) {
        this.#deadlinePassed(around)
      } else {
        this.#silence()
      }
    }
    this.#now = until
  }

  #deadlinePassed(around: Surroundings): void {
    this.#expire()
    this.#arm()
    this.#decide(around)
  }

  #expire(): void {
    if (this.terms.deadlineMs === 0) {
      return
    }
    const due = this.#slots.filter(
      ({ state, acceptedAt }) => state === 'open' && acceptedAt !== null && acceptedAt + this.terms.deadlineMs <= this.#now,
    )
    due.forEach((slot) => this.#error(slot, 'passing', this.#cause === 'monitor' ? 'monitor' : 'deadline'))
  }

  #silence(): void {
    const isActive = this.#lastActivity + this.terms.timeoutMs > this.#now
    if (!isActive && (this.paused || this.phase === 'SCORING')) {
      this.#lastActivity = this.#now
    } else if (!isActive) {
      return this.#stuck()
    }
    if (this.phase === 'SCORING' || this.phase === 'GENERATING_PAIRS') {
      this.#tasks.add(this.phase === 'SCORING' ? 'scoreBatch' : 'choosePairs')
    }
    this.#arm()
  }

  #stuck(): void {
    const cause = this.#cause === 'monitor' ? 'monitor' : 'recovery'
    if (this.phase === 'INITIALIZING') {
      this.#fail('ERROR_ESSAY_PROCESSING', 'TIMEOUT', cause)
    } else if (mayBeForced(this.#net())) {
      this.#score({ status: 'COMPLETE_FORCED_RECOVERY', trigger: cause, errorCode: null })
    } else {
      this.#fail('ERROR_PROCESSING', 'TIMEOUT', cause)
    }
  }

  /** Recovery runs from the last activity; the deadline from the earliest acceptance, which of what is not accepted is now. */
  #arm(): void {
    this.#recovery = Math.max(this.#now, this.#lastActivity + this.terms.timeoutMs)
    const open = this.#slots.filter(({ state }) => state === 'open')
    const earliest = Math.min(...open.map(({ acceptedAt }) => acceptedAt ?? this.#now))
    const runs = this.phase === 'WAITING_CALLBACKS' && open.length > 0 && this.terms.deadlineMs > 0
    this.#deadline = runs ? Math.max(this.#now, earliest + this.terms.deadlineMs) : null
  }

  // Operators

  #operator(act: 'CANCEL' | 'FORCE' | 'PAUSE' | 'RESUME' | 'WAKE', around: Surroundings): void {
    switch (act) {
      case 'CANCEL':
        return this.#fail('CANCELLED', 'PROCESSING_ERROR', 'operator')
      case 'FORCE':
        return this.#force()
      case 'PAUSE':
        this.paused = true
        this.#lastActivity = this.#now
        return
      case 'RESUME':
        return this.#resume(around)
      case 'WAKE':
        return this.#wake(around)
    }
  }

  #force(): void {
    if ((this.phase === 'GENERATING_PAIRS' || this.phase === 'WAITING_CALLBACKS') && mayBeForced(this.#net())) {
      this.#score({ status: 'COMPLETE_FORCED_RECOVERY', trigger: 'operator', errorCode: null })
    }
  }

  #resume(around: Surroundings): void {
    this.paused = false
    this.#lastActivity = this.#now
    if (this.phase === 'SCORING') {
      return
    }
    this.#cause = 'operator'
    if (this.phase === 'GENERATING_PAIRS') {
      return this.#choose()
    }
    this.#lookAtTexts()
    this.#decide(around)
  }

  #wake(around: Surroundings): void {
    this.#cause = 'monitor'
    if (this.#decided !== null) {
      this.#decided = { ...this.#decided, trigger: 'monitor' }
    }
    if (this.phase === 'INITIALIZING') {
      this.#texts.forEach((text, essay) => text === 'awaited' && this.#tasks.add(`t${essay}`))
      this.#briefs.forEach((state, name) => state === 'awaited' && this.#tasks.add(name))
    }
    if (this.phase === 'WAITING_CALLBACKS') {
      this.#expire()
      this.#slots.forEach(
        ({ state, acceptedAt, attempts }, number) => state === 'open' && acceptedAt === null && this.#tasks.add(`c${number}.${attempts}`),
      )
      this.#arm()
      this.#decide(around)
    }
  }

  /** Delays are derived again by the runtime, or by entering a state again. */
  #damage(ms: number, around: Surroundings): void {
    this.#tasks.clear()
    this.#recovery = null
    this.#deadline = null
    this.#now += ms
    this.#wake(around)
  }

  // Ends

  #score(forced: End | null = null): void {
    this.phase = 'SCORING'
    this.#tasks.delete('choosePairs')
    this.#tasks.add('scoreBatch')
    this.#end = forced
    this.#arm()
  }

  #fail(status: string, errorCode: string, trigger: Cause = this.#cause): void {
    this.#finish(status === 'CANCELLED' ? 'CANCELLED' : 'FAILED', { status, trigger, errorCode })
  }

  #finish(phase: Phase, end: End): void {
    this.phase = phase
    this.#end = end
    this.#recovery = null
    this.#deadline = null
    this.#tasks.clear()
  }
}
