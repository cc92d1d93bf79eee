import type { JournalEntry } from '../service/batch-api.ts'

/** A planned comparison, and what became of it; `seq` is the step that said so. */
export interface Comparison {
  readonly slot: number
  /** Essays shown in slot A and in slot B. */
  readonly a: string
  readonly b: string
  readonly verdict: { readonly winner: 'a' | 'b'; readonly seq: number; readonly why: string | null } | null
}

export interface RankedEssay {
  readonly id: string
  readonly rank: number
  readonly score: number
  readonly se: number
}

/** A batch as it stood after some of its steps. */
export interface Story {
  readonly state: string
  /** Essays with a text, sorted by id: the items of the net. */
  readonly essays: readonly string[]
  readonly comparisons: readonly Comparison[]
  /** How often each transition was taken, by the chart's ids, and those of the last step. */
  readonly taken: ReadonlyMap<string, number>
  readonly last: readonly string[]
  /** The final ranking, once it stands. */
  readonly ranking: readonly RankedEssay[] | null
}

/** What the journal tells, up to its last entry given. */
export function storyOf(entries: readonly JournalEntry[]): Story {
  const essays = essaysOf(entries)
  const planned = plannedOf(entries, essays)
  const verdicts = verdictsOf(entries)
  const taken = new Map<string, number>()
  for (const id of entries.flatMap(({ transitions }) => transitions)) {
    taken.set(id, (taken.get(id) ?? 0) + 1)
  }
  const last = entries.at(-1)
  return {
    state: last?.state ?? '',
    essays,
    comparisons: planned.map((each) => ({ ...each, verdict: verdicts.get(each.slot) ?? null })),
    taken,
    last: last?.transitions ?? [],
    ranking: rankingOf(entries),
  }
}

function essaysOf(entries: readonly JournalEntry[]): string[] {
  const given = (entries[0]?.event?.['essays'] ?? []) as readonly (readonly [string, string])[]
  const fetched = new Set(entries.filter((entry) => typeOf(entry) === 'CONTENT_FETCHED').map(({ event }) => event?.['taskId']))
  return given
    .filter((_, index) => fetched.has(`t${index}`))
    .map(([id]) => id)
    .sort()
}

interface Planned {
  readonly pairs?: readonly { readonly a: number; readonly b: number }[]
}

/** Slots are numbered in the order in which their waves were chosen. */
function plannedOf(entries: readonly JournalEntry[], essays: readonly string[]): Omit<Comparison, 'verdict'>[] {
  return entries
    .filter((entry) => typeOf(entry) === 'xstate.done.actor.choosePairs' && entry.ignored === null)
    .flatMap(({ event }) => (event?.['output'] as Planned | undefined)?.pairs ?? [])
    .map(({ a, b }, slot) => ({ slot, a: essays[a] ?? `#${a}`, b: essays[b] ?? `#${b}` }))
}

/** The first success of a slot counts; those that follow are duplicates. */
function verdictsOf(entries: readonly JournalEntry[]): Map<number, NonNullable<Comparison['verdict']>> {
  const verdicts = new Map<number, NonNullable<Comparison['verdict']>>()
  for (const entry of entries) {
    const { event, seq } = entry
    const winner = event?.['winner']
    const slot = event?.['slot']
    if (typeOf(entry) !== 'VERDICT' || entry.ignored !== null || (winner !== 'a' && winner !== 'b') || typeof slot !== 'number') {
      continue
    }
    if (!verdicts.has(slot)) {
      const details = event?.['details'] as { readonly justification?: string | null } | undefined
      verdicts.set(slot, { winner, seq, why: details?.justification ?? null })
    }
  }
  return verdicts
}

function rankingOf(entries: readonly JournalEntry[]): readonly RankedEssay[] | null {
  const scored = entries.findLast((entry) => typeOf(entry) === 'xstate.done.actor.scoreBatch' && entry.ignored === null)
  const output = scored?.event?.['output'] as { readonly ranking?: readonly RankedEssay[] } | undefined
  return output?.ranking ?? null
}

export function typeOf({ event, kind }: Pick<JournalEntry, 'event' | 'kind'>): string {
  const type = event?.['type']
  return kind === 'create' || typeof type !== 'string' ? kind : type
}
