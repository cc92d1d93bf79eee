import { assign } from 'xstate'
import type { Decision } from '../judging/decide.ts'
import type { Pair } from '../judging/pairing/choose-pairs.ts'
import { forceVerdict } from '../judging/force.ts'
import { type BatchContext, type BatchEvent, batchMachine, type BatchScores, type EndCause, type Facts } from '../machines/batch.machine.ts'
import { type ActorDefinition, defineActor, type Effect, type EffectScope } from '../runtime/define-actor.ts'
import { comparisonEffect } from './comparison-row.ts'
import { explainBatch } from './explain.ts'
import { admitRequest } from './inbound/admit-request.ts'
import { inboundTopics } from './inbound/inbound-topics.ts'
import type { Content, Judge } from './judge.ts'
import { briefRow } from './judging-brief.ts'
import { netOf } from './net.ts'
import { completedEvents, failedEvents } from './outbound.ts'
import { batchProgress } from './progress.ts'
import { answerLateRequest, answerSecondRequest, batchRemains } from './second-request.ts'
import { batchSettings, type BatchSettings } from './settings.ts'
import { batchMigrations, batchVersion } from './snapshot-migrations.ts'
import { recordAssignment } from './steps/assignment.ts'
import { prepareNet, recordContent } from './steps/content.ts'
import { decideNext, giveUpFit, mayBeForced, recordRetries, recordWave, takeHeavyDecision } from './steps/decisions.ts'
import { endOf } from './steps/endings.ts'
import { expireDue, recordAccepted, recordOutcome } from './steps/outcomes.ts'
import { anchors, briefs, comparisons, instructions, instructionTexts, keptTexts, texts } from './tables.ts'
import { computeTask } from './tasks/compute.ts'
import { fetchAssignmentTask } from './tasks/fetch-assignment.ts'
import { fetchContentTask, fetchPromptTask, fetchRubricTask } from './tasks/fetch-content.ts'
import { recordedPairsTask } from './tasks/recorded-pairs.ts'
import { submitComparisonTask } from './tasks/submit-comparison.ts'

export interface BatchActorOptions {
  readonly judge: Judge
  readonly content: Content
  readonly settings?: Partial<BatchSettings>
}

/** The batch as an actor type: the machine with its domain, its tasks, its tables and what it says to the world. */
export function batchActor(options: BatchActorOptions): ActorDefinition {
  const settings = { ...batchSettings, ...options.settings }
  return defineActor({
    machine: providedBatchMachine,
    version: batchVersion,
    migrations: batchMigrations,
    effects: batchEffects(settings),
    createdAgain: answerSecondRequest,
    remains: batchRemains,
    createdAfter: answerLateRequest,
    tasks: {
      fetchContent: fetchContentTask(options.content, settings),
      fetchPrompt: fetchPromptTask(options.content, settings),
      fetchRubric: fetchRubricTask(options.content, settings),
      fetchAssignment: fetchAssignmentTask(),
      submitComparison: submitComparisonTask(options.judge, settings),
      choosePairs: options.judge.recorded === undefined ? computeTask('choosePairs') : recordedPairsTask(options.judge.recorded),
      decideHeavy: computeTask('decideHeavy'),
      scoreBatch: computeTask('scoreBatch'),
    },
    inbound: inboundTopics(settings),
    admit: admitRequest,
    tables: [texts, briefs, comparisons, instructions, instructionTexts, anchors, keptTexts],
    progress: (snapshot) => batchProgress(snapshot),
    strictWaiting: (snapshot) => !(snapshot.context as BatchContext).paused,
    explain: explainBatch,
  })
}

/** The machine with the domain's named actions and guards; its config is the chart's own. */
export const providedBatchMachine = batchMachine.provide({
  actions: {
    recordAssignment: assign(({ context, event }) => recordAssignment(context, event)),
    recordContent: assign(({ context, event }) => recordContent(context, event)),
    prepareNet: assign(({ context }) => prepareNet(context)),
    recordWave: assign(({ context, event }) => recordWave(context, outputOf<{ pairs: readonly Pair[] }>(event).pairs, timeOf(event))),
    recordRetries: assign(({ context, event }) => recordRetries(context, timeOf(event))),
    recordAccepted: assign(({ context, event }) => recordAccepted(context, event)),
    recordOutcome: assign(({ context, event }) => recordOutcome(context, event)),
    expireDue: assign(({ context, event }) => expireDue(context, { at: timeOf(event) })),
    decide: assign(({ context }) => decideNext(context)),
    takeHeavyDecision: assign(({ context, event }) => takeHeavyDecision(context, outputOf<Decision>(event))),
    giveUpFit: assign(({ context }) => giveUpFit(context)),
    recordScores: assign(({ event }) => ({ scores: outputOf<BatchScores>(event) })),
    end: assign(({ context }, { as }: { as: EndCause }) => ({ end: endOf(context, as) })),
  },
  guards: { mayBeForced: ({ context }) => mayBeForced(context) },
})

function outputOf<T>(event: BatchEvent): T {
  return Reflect.get(event, 'output') as T
}

function timeOf(event: BatchEvent): number {
  return Reflect.get(event, 'at') as number
}

function batchEffects(settings: BatchSettings): NonNullable<ActorDefinition['effects']> {
  return {
    keepBrief: ({ context }: Facts, scope: EffectScope) => briefEffect(context, scope),
    journalPrompt: (params: { readonly text: 'prompt' | 'rubric'; readonly error: TaskError }) => missingTextNote(params),
    journalDecision: ({ context }: Facts, scope: EffectScope) =>
      guardNote(context, scope.context as BatchContext) ?? decisionNote(context, scope.context as BatchContext | undefined),
    journalRefusal: (facts: Facts) => refusalNote(facts),
    keepComparison: ({ context, event }: Facts & { readonly event: BatchEvent }, scope: EffectScope) =>
      comparisonEffect(scope.context as BatchContext, context, event, scope),
    publishCompleted: ({ context }: Facts, scope: EffectScope) => [
      endNote(context),
      ...completedEvents({ context, address: scope.address, at: scope.at }, settings),
    ],
    publishFailed: ({ context }: Facts, scope: EffectScope) => [
      endNote(context),
      ...failedEvents({ context, address: scope.address, at: scope.at }),
    ],
  }
}

/** Once, at birth: nothing of it changes. */
function briefEffect(context: BatchContext, { address, context: before }: EffectScope): Effect | undefined {
  return before === undefined ? { kind: 'row', ...briefRow(address, context) } : undefined
}

interface TaskError {
  readonly message: string
  readonly code?: string
}

/** The label tells a text that does not exist from one that could not be had (domain 4.4). */
function missingTextNote({ text, error: { code, message } }: { readonly text: 'prompt' | 'rubric'; readonly error: TaskError }): Effect {
  return { kind: 'note', note: { [text]: 'missing', reason: code ?? 'CONTENT_SERVICE_ERROR', message } }
}

/** Every decision with its numbers, once. */
function decisionNote(context: BatchContext, before: BatchContext | undefined): Effect | undefined {
  const { decision } = context
  return decision === null || decision === before?.decision || decision.action === 'wait'
    ? undefined
    : { kind: 'note', note: { decision: decision, trigger: context.trigger } }
}

/** The batch paused by itself, for what it costs. */
function guardNote({ paused, pausedBy, usage }: BatchContext, before: BatchContext): Effect | undefined {
  return paused && !before.paused && pausedBy !== null ? { kind: 'note', note: { paused: { ...pausedBy, usage } } } : undefined
}

function refusalNote({ context, because }: Facts): Effect {
  const numbers = context.items.length === 0 ? 'there is nothing to finish with yet' : forceVerdict(netOf(context), context.policy).reason
  const reason = because === undefined ? numbers : `${because}; ${numbers}`
  return { kind: 'note', note: { refused: 'FORCE', reason } }
}

function endNote({ end }: BatchContext): Effect {
  return { kind: 'note', note: { end } }
}
