import type { Json } from '../../runtime/define-actor.ts'
import type { Transition } from '../../runtime/watch.ts'
import type { Stored } from './stored.ts'

/** What lines show of an entry's event. `by` and `reason` stand in an operator's act, the others in what no state tells of. */
interface Told {
  readonly type?: string
  readonly by?: string
  readonly reason?: string | null
  readonly what?: string
  readonly deadLetter?: string
  readonly from?: number
  readonly to?: number
  readonly details?: Json
}

const pageSize = 1_000

/** All of it: the end, where a look at a large batch mostly aims, stands behind many pages. */
export async function wholeJournal(stored: Pick<Stored, 'journal'>, address: string): Promise<readonly Transition[]> {
  const entries: Transition[] = []
  for (let isMore = true; isMore; ) {
    const page = await stored.journal(address, { after: entries.at(-1)?.position.entry ?? -1, limit: pageSize })
    entries.push(...page)
    isMore = page.length === pageSize
  }
  return entries
}

/** An entry of the journal for people: what happened, what came of it, and who did it and why. */
export function journalLines(entry: Transition): string[] {
  const { at, seq, kind, ignored, notes, state } = entry
  const told = (entry.event ?? {}) as Told
  const name = plain(kind === 'create' ? 'create' : (told.type ?? kind))
  const about = kind === 'act' || kind === 'gap' ? subjectOf(told) : undefined
  const line = [
    `${iso(at)}  #${seq}  ${name}`,
    ...(about === undefined ? [] : [about]),
    ...(state === '' ? [] : [`-> ${state}`]),
    ...(ignored === null ? [] : [` (ignored: ${ignored})`]),
    ...(typeof told.by === 'string' ? [` by ${told.by}${told.reason ? `: ${told.reason}` : ''}`] : []),
  ].join(' ')
  const details = kind === 'act' && told.details !== undefined ? [told.details] : []
  return [line, ...[...details, ...notes].map((note) => `    ${noteText(note)}`)]
}

function subjectOf({ what, deadLetter, from, to }: Told): string | undefined {
  return what ?? deadLetter ?? (from === undefined ? undefined : `from ${from} to ${to}`)
}

function noteText(note: Json): string {
  const decision = (note as { readonly decision?: { readonly row: number | string; readonly action: string; readonly reason: string } })
    .decision
  return decision === undefined ? JSON.stringify(note) : `row ${decision.row}: ${decision.action}, ${decision.reason}`
}

/** XState's event names in plain words. */
export function plain(name: string): string {
  const after = /^xstate\.after\.(\w+)\./.exec(name)
  const ended = /^xstate\.(done|error)\.actor\.(.+)$/.exec(name)
  return after !== null ? `the ${after[1]} delay` : ended !== null ? `task ${ended[2]} ${ended[1] === 'done' ? 'done' : 'failed'}` : name
}

export function iso(at: number): string {
  return new Date(at).toISOString()
}
