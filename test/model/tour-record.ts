import type { AnyStateMachine } from 'xstate'
import { StepBatch } from '../support/step-batch.ts'
import { viewOfSteps } from './batch-view.ts'
import { labelOf, perform, type Command } from './command.ts'
import { type Tour, toursOf } from './explore.ts'
import type { RecordedTour } from './mutation-run.ts'
import { worlds } from './worlds.ts'

/** All tours of the batch machine, in the order of the worlds. */
export function allTours(): Tour[] {
  const known = new Set<string>()
  return worlds.flatMap((world) => toursOf(world, known))
}

/** A tour with its record on the machine without faults. */
export function recordedTour(tour: Tour): RecordedTour {
  const batch = new StepBatch({ ...tour.world, hold: true, bare: true })
  tour.commands.forEach((command) => perform(batch, command))
  return { tour, lines: [...recordOf(tour)], taken: new Set(batch.taken) }
}

/** What a tour shows after its lead, a line a command. A machine that cannot take a command ends the record with its complaint. */
export function* recordOf({ world, commands, lead }: Tour, machine?: AnyStateMachine): Generator<string, void, void> {
  try {
    const batch = new StepBatch({ ...world, hold: true, bare: true, ...(machine === undefined ? {} : { machine }) })
    yield lineOf('born', batch)
    for (const [index, command] of commands.entries()) {
      perform(batch, command)
      if (index >= lead - 1) {
        yield lineOf(index === lead - 1 ? 'lead' : commandText(command), batch)
      }
    }
  } catch (error) {
    yield `refused: ${error instanceof Error ? error.message : String(error)}`
  }
}

function commandText(command: Command): string {
  return command.kind === 'elapse' ? `elapse(${Math.round(command.ms / 60_000)} min)` : labelOf(command)
}

function lineOf(what: string, batch: StepBatch): string {
  const { state, paused, counters, recovery, deadline, tasks, end, outputs } = viewOfSteps(batch)
  const minutes = (due: number | null): string => (due === null ? '-' : String(Math.round((due - batch.at) / 60_000)))
  return [
    what.padEnd(30),
    `${state}${batch.inner === undefined ? '' : `.${batch.inner}`}${paused ? ' paused' : ''}`.padEnd(30),
    `${counters.submitted}/${counters.completed}/${counters.failed}`.padEnd(10),
    `recovery ${minutes(recovery)}, deadline ${minutes(deadline)}`.padEnd(28),
    `tasks ${tasks.length > 6 ? tasks.length : tasks.join(' ') || '-'}`.padEnd(20),
    `rows ${batch.rows.length}, ranked ${batch.context.scores?.ranking.length ?? '-'} of ${batch.context.items.length}`.padEnd(24),
    `notes ${batch.notes.length}${batch.notes.length === 0 ? '' : `: ${noteText(batch.notes.at(-1))}`}`,
    ...(end === null ? [] : [`${end.status} by ${end.trigger}${end.errorCode === null ? '' : `, ${end.errorCode}`}`]),
    ...(outputs.length === 0 ? [] : [outputs.join(' ')]),
  ]
    .join('  ')
    .trimEnd()
}

/** A note in short, without its numbers. */
function noteText(note: unknown): string {
  const { decision, refused, reason, end, ...rest } = note as Record<string, Record<string, unknown> | string | undefined>
  if (typeof decision === 'object') {
    return `row ${String(decision['row'])} ${String(decision['action'])}`
  }
  return refused !== undefined
    ? `refused ${String(reason).replace(/\d.*/, '').trim()}`
    : typeof end === 'object'
      ? String(end['code'])
      : Object.keys(rest).join(' ')
}
