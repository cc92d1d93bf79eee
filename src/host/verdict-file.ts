import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { CsvError, parse } from 'csv-parse/sync'
import { messageOf } from '../runtime/errors.ts'
import { CommandError } from './command-error.ts'
import { exitCodes } from './exit-codes.ts'

/** One recorded judgement; essays by their ids, `essayA` the one that was shown first. */
export interface RecordedVerdict {
  readonly essayA: string
  readonly essayB: string
  readonly winner: 'a' | 'b'
  /** Who judged; the file's name where it does not say. */
  readonly judge: string
}

export interface VerdictFile {
  readonly verdicts: readonly RecordedVerdict[]
  /** Of the verdicts as they were read: another digest is another judge. */
  readonly digest: string
}

/** One wave holds them all: more would make a turn of tens of megabytes. */
const mostRows = 20_000

interface Row {
  readonly line: number
  readonly cells: Readonly<Record<string, string>>
}

/**
 * Reads a file of judgements: CSV with a header, columns `essay_a`, `essay_b`, `winner` and perhaps `judge`; others are ignored.
 * Essays are named by file name, with or without its ending; the winner by its name, or as A or B.
 * @param essays ids of the essays that can be judged
 * @throws CommandError naming file, line and column, and what was expected there
 */
export async function readVerdictFile(path: string, essays: readonly string[]): Promise<VerdictFile> {
  const name = basename(path)
  const rows = rowsOf(await textOf(path), name)
  if (rows.length === 0) {
    throw refused(`${name} holds no judgement; put one a line below the header essay_a,essay_b,winner`)
  }
  if (rows.length > mostRows) {
    throw refused(`${name} holds ${rows.length} judgements, at most ${mostRows} are allowed; split it`)
  }
  const idOf = namesOf(essays)
  const verdicts = rows.map((row) => verdictOf(row, name, idOf))
  return { verdicts, digest: createHash('sha256').update(JSON.stringify(verdicts)).digest('hex').slice(0, 12) }
}

async function textOf(path: string): Promise<string> {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(path))
  } catch (error) {
    throw refused(`${path} cannot be read (${messageOf(error)}); name a CSV file in UTF-8`)
  }
}

const needed = ['essay_a', 'essay_b', 'winner'] as const

function rowsOf(text: string, name: string): Row[] {
  const [first = ''] = text.trimStart().split('\n', 1)
  const delimiter = [';', '\t'].find((mark) => first.includes(mark)) ?? ','
  const records = parseCsv(text, delimiter, name)
  const [header, ...rest] = records
  const columns = header?.record.map((cell) => cell.trim().toLowerCase()) ?? []
  const missing = needed.find((column) => !columns.includes(column))
  if (missing !== undefined) {
    throw refused(`${name}:1 has no column '${missing}'; begin the file with the line essay_a,essay_b,winner`)
  }
  return rest.map(({ record, line }) => ({
    line,
    cells: Object.fromEntries(columns.map((column, index) => [column, (record[index] ?? '').trim()])),
  }))
}

function parseCsv(text: string, delimiter: string, name: string): { readonly record: readonly string[]; readonly line: number }[] {
  try {
    const lines: number[] = []
    const records: string[][] = parse(text, {
      delimiter,
      bom: true,
      skip_empty_lines: true,
      // A spreadsheet writes the rows below its last one as commas.
      skip_records_with_empty_values: true,
      relax_column_count: true,
      on_record: (record: string[], { lines: line }) => {
        lines.push(line)
        return record
      },
    })
    return records.map((record, index) => ({ record, line: lines[index] ?? 0 }))
  } catch (error) {
    const at = error instanceof CsvError ? `:${String(Reflect.get(error, 'lines'))}` : ''
    throw refused(`${name}${at} is no CSV: ${messageOf(error)}`)
  }
}

/** Finds an essay by its name, with or without its ending where that is no other's. */
function namesOf(essays: readonly string[]): (name: string) => string | undefined {
  const byName = new Map<string, string | undefined>()
  for (const id of essays) {
    const short = id.replace(/\.[^.]+$/, '')
    byName.set(short, byName.has(short) ? undefined : id)
  }
  const exact = new Set(essays)
  return (name) => {
    const composed = name.normalize('NFC')
    return exact.has(composed) ? composed : byName.get(composed)
  }
}

function verdictOf({ line, cells }: Row, name: string, idOf: (name: string) => string | undefined): RecordedVerdict {
  const at = (column: string): string => `${name}:${line}, column ${column}:`
  const essay = (column: 'essay_a' | 'essay_b'): string => {
    const id = idOf(cells[column] ?? '')
    if (id === undefined) {
      throw refused(`${at(column)} '${cells[column] ?? ''}' names no essay of the folder; write the file's name`)
    }
    return id
  }
  const [essayA, essayB] = [essay('essay_a'), essay('essay_b')]
  if (essayA === essayB) {
    throw refused(`${at('essay_b')} '${cells['essay_b']}' is compared with itself; name two essays`)
  }
  const given = cells['winner'] ?? ''
  const place = slotOf(given)
  const named = (text: string): 'a' | 'b' | undefined => (idOf(text) === essayA ? 'a' : idOf(text) === essayB ? 'b' : undefined)
  const isRepeated = given === cells['essay_a'] || given === cells['essay_b']
  // Files named a.txt and b.txt: A may be meant either way, and guessing would turn the verdict round.
  if (place !== undefined && !isRepeated && (named(given) ?? named(given.toLowerCase()) ?? place) !== place) {
    throw refused(`${at('winner')} '${given}' may be the place or the other essay; write ${essayA} or ${essayB}`)
  }
  const winner = named(given) ?? place
  if (winner === undefined) {
    throw refused(`${at('winner')} '${given}' is none of the two; write ${cells['essay_a']}, ${cells['essay_b']}, A or B`)
  }
  return { essayA, essayB, winner, judge: cells['judge'] || name }
}

function slotOf(text: string): 'a' | 'b' | undefined {
  const match = /^(?:essay[ _])?([ab])$/i.exec(text)
  return match === null ? undefined : (match[1]?.toLowerCase() as 'a' | 'b')
}

function refused(message: string): CommandError {
  return new CommandError(exitCodes.badInput, message)
}
