import type { RowChange, RowReads, StoredRow, TenantRow } from '../../runtime/define-actor.ts'
import type { TenantRows } from '../../runtime/tenant-rows.ts'
import { anchors, instructions, instructionTexts } from '../tables.ts'
import { recordNumber } from './record-number.ts'

/** Whose instructions: an assignment's, or those of a course. */
export interface Subject {
  readonly kind: 'assignment' | 'course'
  readonly id: string
}

export type ContextOrigin = 'research_experiment' | 'canonical_national'

/** What essays are judged by, as it is stored. Times in ms since the epoch. */
export interface Instructions {
  readonly id: number
  readonly subject: Subject
  readonly text: string
  readonly gradeScale: string
  readonly contextOrigin: ContextOrigin
  readonly promptStorageId: string | null
  readonly rubricStorageId: string | null
  readonly createdAt: number
}

/** What is given for it. A prompt that is absent stays as it is, null takes it away. */
export interface GivenInstructions extends Pick<Instructions, 'subject' | 'text' | 'gradeScale' | 'contextOrigin'> {
  readonly promptStorageId?: string | null
}

export async function findInstructions(rows: RowReads, subject: Subject): Promise<Instructions | undefined> {
  const row = await rows.one(instructions.name, keyOf(subject))
  return row === undefined ? undefined : await instructionsOf(row, rows)
}

/** A page of all, assignments before courses, by id. */
export async function listInstructions(rows: TenantRows, page: { readonly limit: number; readonly offset: number }) {
  const [stored, total] = await Promise.all([rows.list(instructions.name, {}, page), rows.count(instructions.name, {})])
  return { items: await Promise.all(stored.map((row) => instructionsOf(row, rows))), total }
}

/** Makes them, or replaces what stands there; the time of the first stays. */
export async function keepInstructions(rows: TenantRows, given: GivenInstructions, now: number): Promise<Instructions> {
  const { subject, text, gradeScale, contextOrigin, promptStorageId } = given
  const createdAt = (await findInstructions(rows, subject))?.createdAt ?? now
  const values = { body: text, grade_scale: gradeScale, context_origin: contextOrigin, created_at: createdAt }
  const prompt = promptStorageId == null ? [] : [textRow(subject, 'prompt', { storageId: promptStorageId, digest: null, createdAt: now })]
  const removesPrompt: RowChange['remove'] =
    promptStorageId === null ? [{ table: instructionTexts.name, where: { ...keyOf(subject), use: 'prompt' } }] : []
  await rows.change({ remove: removesPrompt, write: [{ table: instructions.name, key: keyOf(subject), values }, ...prompt] })
  return (await findInstructions(rows, subject)) ?? { ...given, ...noTexts, id: numberOf(subject), createdAt }
}

const noTexts = { promptStorageId: null, rubricStorageId: null }

/** Deletes them with their prompt, their rubric and their anchors; false when there are none. */
export async function removeInstructions(rows: TenantRows, subject: Subject): Promise<boolean> {
  if ((await rows.one(instructions.name, keyOf(subject))) === undefined) {
    return false
  }
  const ofAssignment = subject.kind === 'assignment' ? [{ table: anchors.name, where: { assignment_id: subject.id } }] : []
  const where = keyOf(subject)
  await rows.change({ remove: [{ table: instructions.name, where }, { table: instructionTexts.name, where }, ...ofAssignment] })
  return true
}

export function keyOf({ kind, id }: Subject): { readonly kind: string; readonly subject: string } {
  return { kind, subject: id }
}

/** What a text of the instructions is for. */
export type TextUse = 'prompt' | 'rubric'

interface PlacedText {
  readonly storageId: string
  /** Of what was handed in; null when only its place was. */
  readonly digest: string | null
  readonly createdAt: number
}

export function textRow(subject: Subject, use: TextUse, { storageId, digest, createdAt }: PlacedText): TenantRow {
  return {
    table: instructionTexts.name,
    key: { ...keyOf(subject), use },
    values: { storage_id: storageId, digest, created_at: createdAt },
  }
}

async function instructionsOf(row: StoredRow, rows: RowReads): Promise<Instructions> {
  const subject: Subject = { kind: row['kind'] as Subject['kind'], id: String(row['subject']) }
  const texts = await rows.list(instructionTexts.name, keyOf(subject))
  const placeOf = (use: TextUse): string | null => {
    const text = texts.find((stored) => stored['use'] === use)
    return text === undefined ? null : String(text['storage_id'])
  }
  return {
    id: numberOf(subject),
    subject,
    text: String(row['body']),
    gradeScale: String(row['grade_scale']),
    contextOrigin: row['context_origin'] as ContextOrigin,
    promptStorageId: placeOf('prompt'),
    rubricStorageId: placeOf('rubric'),
    createdAt: Number(row['created_at']),
  }
}

function numberOf({ kind, id }: Subject): number {
  return recordNumber(kind, id)
}
