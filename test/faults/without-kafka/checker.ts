import { readFileSync } from 'node:fs'

/** Reads what a run left behind: by SQL of its own and the judge's log, sharing no code with the runtime. */
export interface Query {
  (text: string): Promise<Record<string, unknown>[]>
}

export interface Findings {
  readonly batches: number
  /** Accepted batches without an actor, answers without a journal entry, ends without their events. */
  readonly lost: number
  /** Effects beyond one, after removal of equal ids. */
  readonly duplicated: number
  /** Batches that are not at an end. */
  readonly stuck: number
  /** Questions put after their verdict was committed. */
  readonly askedTwice: number
  readonly complaints: readonly string[]
}

interface LogLine {
  readonly kind: 'accepted' | 'asked' | 'answered'
  readonly address?: string
  readonly comparison?: string
  readonly at: number
}

export async function check(query: Query, logFile: string): Promise<Findings> {
  const log = readFileSync(logFile, 'utf8')
    .trimEnd()
    .split('\n')
    .filter((line) => line.endsWith('}'))
    .map((line) => JSON.parse(line) as LogLine)
  const accepted = new Set(log.filter((line) => line.kind === 'accepted').map((line) => line.address as string))
  const actors = new Map(
    (await query(`select address, run_status from quire.actors where type = 'batch'`)).map((row) => [
      String(row['address']),
      String(row['run_status']),
    ]),
  )
  const complaints: string[] = []
  const note = (items: readonly string[], text: string): number => {
    complaints.push(...items.slice(0, 5).map((item) => `${item}: ${text}`))
    return items.length
  }
  const unborn = [...accepted].filter((address) => !actors.has(address))
  const open = [...actors].filter(([, status]) => status !== 'done').map(([address]) => address)
  const { wrongEnds, extra } = await checkEvents(query, [...actors.keys()])
  const { unjournaled, again } = await checkVerdicts(query, log)
  const broken = await checkFolds(query)
  return {
    batches: actors.size,
    lost:
      note(unborn, 'accepted, but no actor') +
      note(wrongEnds, 'without its events') +
      note(unjournaled, 'answered, but not in the journal') +
      note(broken, 'journal has gaps'),
    duplicated: note(extra, 'more than one event of a kind'),
    stuck: note(open, 'not at an end'),
    askedTwice: note(again, 'asked after its verdict was committed'),
    complaints,
  }
}

/** Each batch has either completed, result and resource events, or a failed one: each once. */
async function checkEvents(query: Query, addresses: readonly string[]): Promise<{ wrongEnds: string[]; extra: string[] }> {
  const rows = await query(
    `select address, target, count(distinct id)::int as n from quire.outbox where target <> 'mailbox' group by address, target`,
  )
  const kinds = new Map<string, Map<string, number>>()
  for (const row of rows) {
    const of = kinds.get(String(row['address'])) ?? new Map<string, number>()
    kinds.set(String(row['address']), of.set(String(row['target']), Number(row['n'])))
  }
  const isComplete = (of: Map<string, number> | undefined): boolean => {
    const names = [...(of?.keys() ?? [])]
    const failed = names.filter((name) => name.includes('.failed.')).length
    return (failed === 1 && names.length === 1) || (failed === 0 && names.length === 3)
  }
  return {
    wrongEnds: addresses.filter((address) => !isComplete(kinds.get(address))),
    extra: addresses.filter((address) => [...(kinds.get(address)?.values() ?? [])].some((count) => count > 1)),
  }
}

async function checkVerdicts(query: Query, log: readonly LogLine[]): Promise<{ unjournaled: string[]; again: string[] }> {
  const rows = await query(`select message_id, min(at)::text as at from quire.journal where event like '%"VERDICT"%' group by message_id`)
  const committed = new Map(rows.map((row) => [String(row['message_id']), Number(row['at'])]))
  const answered = log.filter((line) => line.kind === 'answered').map((line) => line.comparison as string)
  const asked = log.filter((line) => line.kind === 'asked')
  return {
    unjournaled: answered.filter((id) => !committed.has(id)),
    again: asked
      .filter((line) => line.at > (committed.get(line.comparison as string) ?? Number.POSITIVE_INFINITY))
      .map((line) => line.comparison as string),
  }
}

/** Steps of an actor are numbered without gap or repetition, and the last is the stored one. */
async function checkFolds(query: Query): Promise<string[]> {
  const rows = await query(`
    select a.address from quire.actors a left join (
      select address, count(*) as steps, count(distinct seq) as numbers, max(seq) as last from quire.journal where ignored is null group by address
    ) j on j.address = a.address
    where j.steps is distinct from a.seq or j.numbers is distinct from a.seq or j.last is distinct from a.seq`)
  return rows.map((row) => String(row['address']))
}
