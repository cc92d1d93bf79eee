import type { BatchProgress } from '../../batch/progress.ts'
import type { ActorSummary } from '../../runtime/ports.ts'
import { systemClock } from '../../runtime/system.ts'
import { batchStates } from '../batch-states.ts'
import { CommandError } from '../command-error.ts'
import { exitCodes } from '../exit-codes.ts'
import { withStored } from './inspect.ts'
import { iso } from './journal-lines.ts'
import type { Output } from './output.ts'
import type { Stored } from './stored.ts'

type Options = Readonly<Record<string, string | boolean | undefined>>
type Listed = Pick<ActorSummary, 'address' | 'state' | 'createdAt' | 'stateSince' | 'parked'> & { readonly progress: BatchProgress }

const pageSize = 1_000

/** `quire batches`: by state, by age, or those without a next cause. */
export async function listBatches(options: Options, output: Output): Promise<void> {
  const filter = filterOf(options)
  const found = await withStored(options, output, (stored) => (options['stuck'] === true ? stuck(stored) : listed(stored, filter)))
  const batches = found.filter(asked(filter)).map(({ address, progress, createdAt, stateSince, ...batch }) => ({
    batch: address.slice('batch/'.length),
    state: batch.state,
    status: progress.status,
    counters: progress.counters,
    createdAt: iso(createdAt),
    stateSince: iso(stateSince),
    parked: batch.parked,
  }))
  const lines = batches.map(
    ({ batch, state, status, counters, stateSince }) =>
      `${batch}  ${state}  ${status}  ${counters.completed} verdicts  since ${stateSince}`,
  )
  const more = found.length === pageSize
  const rest = more ? [`only the first ${pageSize} are listed; narrow them with --state, --active or --older-than`] : []
  output.result({ batches, more }, lines.length === 0 ? ['no batches', ...rest] : [...lines, ...rest])
}

interface Filter {
  readonly state?: string
  readonly createdBefore?: number
  readonly runStatus?: 'active'
}

function filterOf({ state, active, olderThan }: Options): Filter {
  const seconds = olderThan === undefined ? undefined : Number(olderThan)
  if (seconds !== undefined && !(Number.isInteger(seconds) && seconds >= 0)) {
    throw new CommandError(exitCodes.badInput, `--older-than is '${String(olderThan)}'; give whole seconds, e.g. 3600`)
  }
  if (state !== undefined && !batchStates.includes(String(state))) {
    throw new CommandError(exitCodes.badInput, `--state is '${String(state)}'; give one of ${batchStates.join(', ')}`)
  }
  return {
    ...(typeof state === 'string' ? { state } : {}),
    ...(active === true ? { runStatus: 'active' as const } : {}),
    ...(seconds === undefined ? {} : { createdBefore: systemClock.now() - seconds * 1_000 }),
  }
}

async function listed(stored: Stored, filter: Filter): Promise<readonly Listed[]> {
  const actors = await stored.actors({ type: 'batch', limit: pageSize, ...filter })
  return actors.map(({ progress, ...actor }) => ({ ...actor, progress: JSON.parse(progress ?? 'null') as BatchProgress }))
}

/** Those the monitor would wake; in health there are none. */
async function stuck(stored: Stored): Promise<readonly Listed[]> {
  const found = (await stored.stuck(pageSize)).filter(({ address }) => address.startsWith('batch/'))
  const explained = await Promise.all(found.map(({ address }) => stored.inspect(address)))
  return explained.map((each) => ({ ...each, progress: each.progress as BatchProgress }))
}

function asked({ state, createdBefore = Number.POSITIVE_INFINITY }: Filter): (batch: Listed) => boolean {
  return (batch) => (state ?? batch.state) === batch.state && batch.createdAt < createdBefore
}
