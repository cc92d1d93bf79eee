import { QuireError } from '../../src/runtime/errors.ts'
import type { StepBatch } from '../support/step-batch.ts'
import type { Command, World } from './command.ts'

/** Worlds whose tours together take every transition of the batch machine. Small, so that every state of them is seen. */
export const worlds: readonly World[] = [
  // First, for a tour is kept only where it takes a transition that none before it took.
  { name: 'scoring was paused and goes on', essays: 2, depth: 1, lead: pausedWhileScored },
  {
    name: 'neither texts nor assignment can be had',
    essays: 1,
    depth: 1,
    request: { assignmentId: 'a' },
    lead: all({ kind: 'PAUSE' }, { kind: 'assignment', outcome: 'refused' }, { kind: 'content', essay: 0, outcome: 'unavailable' }),
  },
  {
    name: 'no text is there and the assignment is refused',
    essays: 1,
    depth: 1,
    request: { assignmentId: 'a' },
    lead: all({ kind: 'PAUSE' }, { kind: 'assignment', outcome: 'refused' }, { kind: 'content', essay: 0, outcome: 'missing' }),
  },
  { name: 'an assignment was read', essays: 2, depth: 1, request: { assignmentId: 'a' }, lead: until('GENERATING_PAIRS') },
  { name: 'no essay', essays: 0, depth: 1 },
  { name: 'no budget', essays: 2, budget: null, depth: 1 },
  { name: 'a budget of nothing', essays: 2, budget: 0, depth: 1 },
  { name: 'one essay', essays: 1, depth: 4 },
  { name: 'two essays', essays: 2, depth: 5, settings: { maxRetryAttempts: 1 } },
  { name: 'one essay and a prompt', essays: 1, depth: 4, request: { promptStorageId: 'p' } },
  { name: 'one essay of an assignment', essays: 1, depth: 5, request: { assignmentId: 'a' } },
  { name: 'two essays of an assignment', essays: 2, depth: 7, coarse: true, request: { assignmentId: 'a' } },
  { name: 'two essays and a prompt', essays: 2, depth: 4, request: { promptStorageId: 'p' } },
  { name: 'the first wave is chosen', essays: 2, depth: 4, settings: { maxRetryAttempts: 1 }, lead: until('GENERATING_PAIRS') },
  { name: 'the first wave is out', essays: 2, depth: 4, settings: { maxRetryAttempts: 1 }, lead: until('WAITING_CALLBACKS') },
  { name: 'enough is settled to finish', essays: 5, depth: 2, settings: { comparisonDeadlineSeconds: 0 }, lead: answering(8) },
  { name: 'the scores are computed', essays: 2, depth: 4, lead: until('SCORING') },
  {
    name: 'the database is damaged',
    essays: 2,
    depth: 2,
    damaged: true,
    settings: { maxRetryAttempts: 1 },
    lead: until('WAITING_CALLBACKS'),
  },
  { name: 'a second wave', essays: 2, depth: 3, request: { maxComparisons: 2 }, settings: { maxRetryAttempts: 0 }, lead: answering(0) },
  { name: 'the last of three waves is chosen', essays: 11, depth: 3, settings: { maxPairwiseComparisons: 12 }, lead: choosing(10, 0) },
  { name: 'a second wave after failures is chosen', essays: 11, depth: 2, lead: choosing(5, 2) },
  { name: 'a large net is fitted', essays: 151, depth: 2, coarse: true, lead: answering(75) },
  { name: 'another wave for a large net is chosen', essays: 151, depth: 2, coarse: true, lead: choosing(75, 0) },
]

type Lead = NonNullable<World['lead']>

/** The shortest way to a state, on which every answer is the best. */
function until(state: string): Lead {
  return (batch) => (batch.state === state ? undefined : nextGood(batch))
}

/** These commands, one after the other; the birth is the first step. */
function all(...commands: readonly Command[]): Lead {
  return (batch) => commands[batch.steps - 1]
}

/** To the scores, with a pause and its end on the way: what decided stays the cause of the end. */
function pausedWhileScored(batch: StepBatch): Command | undefined {
  if (batch.state !== 'SCORING') {
    return nextGood(batch)
  }
  const wasResumed = batch.taken.some((id) => id.startsWith('batch.SCORING|RESUME'))
  return batch.context.paused ? { kind: 'RESUME' } : wasResumed ? undefined : { kind: 'PAUSE' }
}

/** To where this many slots of the present wave are answered, all well. */
function answering(count: number): Lead {
  return (batch) => (batch.state === 'WAITING_CALLBACKS' && batch.progress.settled >= count ? undefined : nextGood(batch))
}

/** To where another wave is chosen, after this many slots were settled; the first `failures` of them for good. */
function choosing(settled: number, failures: number): Lead {
  return (batch) => {
    if (batch.state === 'GENERATING_PAIRS' && batch.progress.settled === settled) {
      return undefined
    }
    const next = nextGood(batch)
    return next.kind === 'verdict' && next.slot < failures ? { ...next, outcome: 'permanent' } : next
  }
}

function nextGood(batch: StepBatch): Command {
  const [task] = [...batch.tasks.keys()]
  const [slot] = batch.outstanding()
  if (task !== undefined && /^t\d/.test(task)) {
    return { kind: 'content', essay: Number(task.slice(1)), outcome: 'text' }
  }
  if (task === 'prompt' || task === 'rubric') {
    return { kind: task, outcome: 'text' }
  }
  if (task === 'assignment') {
    return { kind: 'assignment', outcome: 'found' }
  }
  if (slot !== undefined && batch.state === 'WAITING_CALLBACKS') {
    const { a, b, attempts } = batch.slots()[slot] ?? { a: 0, b: 0, attempts: 1 }
    return { kind: 'verdict', slot, attempt: attempts, outcome: a < b ? 'a' : 'b' }
  }
  if (task === 'choosePairs' || task === 'decideHeavy' || task === 'scoreBatch') {
    return { kind: 'task', name: task, outcome: 'done' }
  }
  throw new QuireError('step-failed', `nothing leads on from ${batch.state}`)
}
