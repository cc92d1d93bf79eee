import { readFileSync } from 'node:fs'
import type { Accepted } from '../load.ts'
import type { Scene } from '../scene.ts'
import { query, queryUntil, type Row } from './database.ts'
import { brokenFolds } from './fold.ts'
import { brokenHistory } from './history.ts'
import { type PublishedEvent, readEvents } from './topics.ts'

/** What a run left behind, by a look at database and topics that shares no code with the runtime. */
export interface Findings {
  readonly batches: number
  /** Accepted requests, verdicts and spoilt records that are nowhere; ends without their events; folds that differ. */
  readonly lost: number
  /** Ends, events or steps beyond one, after removal of equal ids. */
  readonly duplicated: number
  /** Batches that are not at an end, and outputs that did not leave. */
  readonly stuck: number
  /** Questions sent after their verdict was committed. */
  readonly askedTwice: number
  readonly complaints: readonly string[]
}

interface JudgeLine {
  readonly kind: 'asked' | 'produced'
  readonly comparison: string
  readonly sentAt?: number
  readonly eventId?: string
}

class Complaints {
  readonly texts: string[] = []

  /** @returns how many there are; a few are named. */
  note(items: readonly string[], what: string): number {
    this.texts.push(...items.slice(0, 5).map((item) => `${what}: ${item}`))
    return items.length
  }
}

/** So long may nothing at all happen before what is not at rest counts as stuck. */
const restPatienceMs = 45_000

/** Waits until all is at rest, then looks. */
export async function check(
  { database, judgeLog, servers, topicPrefix }: Scene,
  accepted: Accepted,
  patienceMs = restPatienceMs,
): Promise<Findings> {
  const { url } = database
  await queryUntil(url, atRest(accepted), ([row]) => row?.['rests'] === true, patienceMs)
  const judge = readJudgeLog(judgeLog)
  const [actors, outbox, handled, events] = await Promise.all([
    query(url, `select address, run_status, state from quire.actors where type = 'batch'`),
    query(url, `select id, target, delivered_at is null as open from quire.outbox where target <> 'mailbox'`),
    readHandled(url),
    readEvents(servers.kafka.brokers, topicPrefix),
  ])
  const complaints = new Complaints()
  const born = new Set(actors.map((row) => String(row['address']).slice('batch/'.length)))
  const missing = (items: Iterable<string>, known: ReadonlySet<string>): string[] => [...items].filter((item) => !known.has(item))
  const { wrong, extra } = checkEvents(events, accepted.batches)
  const published = new Set(events.map(({ id }) => id))
  const produced = judge.flatMap(({ eventId }) => eventId ?? [])
  const lost =
    complaints.note(missing(accepted.batches, born), 'accepted, but no actor') +
    complaints.note(missing(accepted.requests, handled.ids), 'accepted request is nowhere') +
    complaints.note(missing(accepted.spoilt, handled.bodies), 'spoilt record is not in the dead letters') +
    complaints.note(missing(produced, handled.ids), 'verdict is in no journal and no dead letter') +
    complaints.note(wrong, 'without the events of its end') +
    complaints.note(
      missing(
        outbox.filter((row) => row['open'] !== true).map((row) => String(row['id'])),
        published,
      ),
      'delivered, but not on its topic',
    ) +
    complaints.note(await brokenFolds(url), 'the fold of the journal is not the stored snapshot')
  const duplicated =
    complaints.note(extra, 'more than one end, or two texts under one id') +
    complaints.note(await repeatedSteps(url), 'stepped twice') +
    complaints.note(await brokenHistory(url), 'epoch or position did not rise')
  const stuck =
    complaints.note(
      actors.filter((row) => row['run_status'] !== 'done').map((row) => `${row['address']} in ${row['state']}`),
      'not at an end',
    ) +
    complaints.note(
      outbox.filter((row) => row['open'] === true).map((row) => `${row['id']} to ${row['target']}`),
      'did not leave',
    )
  const askedTwice = complaints.note(await lateQuestions(url, judge), 'asked after its verdict was committed')
  return { batches: accepted.batches.size, lost, duplicated, stuck, askedTwice, complaints: complaints.texts }
}

/** All accepted batches are at an end and everything has left; and a number that moves while hosts work. */
function atRest({ batches }: Accepted): string {
  return `select (select count(*) from quire.actors where run_status = 'done') >= ${batches.size}
    and not exists (select 1 from quire.actors where run_status <> 'done')
    and not exists (select 1 from quire.outbox where delivered_at is null) as rests,
    (select sum(next_entry) from quire.partitions) as entries, (select count(*) from quire.outbox where delivered_at is null) as open`
}

export function readJudgeLog(file: string): readonly JudgeLine[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.endsWith('}'))
    .map((line) => JSON.parse(line) as JudgeLine)
}

/** Ids in a journal or among the dead letters, recorded as ignored too, and bodies of dead letters. */
async function readHandled(url: string): Promise<{ readonly ids: ReadonlySet<string>; readonly bodies: ReadonlySet<string> }> {
  const rows = await query(
    url,
    `select message_id as id, null as body from quire.journal union all select message_id, body from quire.dead_letters`,
  )
  return {
    ids: new Set(rows.map((row) => String(row['id']))),
    bodies: new Set(rows.flatMap((row) => (row['body'] === null ? [] : [String(row['body'])]))),
  }
}

/** Nothing was wrong with any batch: each has the three events of a completed one, under one id each, and no failed one. */
function checkEvents(
  events: readonly PublishedEvent[],
  batches: ReadonlySet<string>,
): { readonly wrong: string[]; readonly extra: string[] } {
  const byBatch = new Map<string, PublishedEvent[]>()
  for (const event of events) {
    byBatch.set(event.batch, [...(byBatch.get(event.batch) ?? []), event])
  }
  const kindsOf = (batch: string): string[] => (byBatch.get(batch) ?? []).map(({ kind }) => kind)
  const isWrong = (batch: string): boolean => [...new Set(kindsOf(batch))].sort().join() !== 'completed,resource,result'
  const isRepeated = (batch: string): boolean => {
    const distinct = new Set((byBatch.get(batch) ?? []).map(({ kind, id, text }) => `${kind} ${id} ${text}`))
    return distinct.size > new Set(kindsOf(batch)).size
  }
  return {
    wrong: [...batches].filter(isWrong).map((batch) => `${batch} has ${kindsOf(batch).join(', ') || 'none'}`),
    extra: [...byBatch.keys()].filter(isRepeated),
  }
}

async function repeatedSteps(url: string): Promise<readonly string[]> {
  const rows = await query(
    url,
    `select address || ' ' || message_id as what from quire.journal where ignored is null group by address, message_id having count(*) > 1`,
  )
  return rows.map((row) => String(row['what']))
}

/** By the moment at which Postgres committed the verdict, and the one at which the host sent the question. */
async function lateQuestions(url: string, judge: readonly JudgeLine[]): Promise<readonly string[]> {
  const rows = await query(
    url,
    `select event::jsonb ->> 'comparison' as comparison, (extract(epoch from min(pg_xact_commit_timestamp(xmin))) * 1000)::float8 as at
     from quire.journal where event like '%"VERDICT"%' group by 1`,
  )
  const committed = new Map(rows.map((row: Row) => [String(row['comparison']), Number(row['at'])]))
  return judge
    .filter(({ kind, comparison, sentAt }) => kind === 'asked' && (sentAt ?? 0) > (committed.get(comparison) ?? Number.POSITIVE_INFINITY))
    .map(({ comparison, sentAt }) => `${comparison} at ${sentAt}, committed at ${committed.get(comparison)}`)
}
