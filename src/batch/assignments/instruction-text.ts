import type { TenantRows } from '../../runtime/tenant-rows.ts'
import type { Content } from '../judge.ts'
import { instructionTexts } from '../tables.ts'
import { findInstructions, type Instructions, keyOf, type TextUse, textRow } from './instructions.ts'
import { digestOf, fetchText, storeText } from './kept-text.ts'

/** What the calls on assignments work with. */
export interface AssignmentParts {
  readonly rows: TenantRows
  readonly content: Content
  readonly signal: AbortSignal
  /** ms since the epoch. */
  readonly now: number
}

export interface InstructionText {
  readonly instructions: Instructions
  readonly text: string
  readonly storageId: string
  /** ms since the epoch. */
  readonly createdAt: number
}

/** Stores the prompt or the rubric of an assignment; undefined when the assignment is unknown. The same text again is stored once. */
export async function keepText(
  assignmentId: string,
  use: TextUse,
  text: string,
  parts: AssignmentParts,
): Promise<InstructionText | undefined> {
  const subject = { kind: 'assignment', id: assignmentId } as const
  const { rows, now } = parts
  const instructions = await findInstructions(rows, subject)
  if (instructions === undefined) {
    return undefined
  }
  const digest = digestOf(text)
  const before = await rows.one(instructionTexts.name, { ...keyOf(subject), use })
  if (before?.['digest'] === digest) {
    return { instructions, text, storageId: String(before['storage_id']), createdAt: Number(before['created_at']) }
  }
  const storageId = await storeText(text, rows, parts.content, parts)
  await rows.change({ write: [textRow(subject, use, { storageId, digest, createdAt: now })] })
  return { instructions, text, storageId, createdAt: now }
}

/** The prompt or the rubric of an assignment; undefined when the assignment is unknown or has none. */
export async function readText(assignmentId: string, use: TextUse, parts: AssignmentParts): Promise<InstructionText | undefined> {
  const subject = { kind: 'assignment', id: assignmentId } as const
  const { rows, content, signal } = parts
  const [instructions, row] = await Promise.all([
    findInstructions(rows, subject),
    rows.one(instructionTexts.name, { ...keyOf(subject), use }),
  ])
  if (instructions === undefined || row === undefined) {
    return undefined
  }
  const storageId = String(row['storage_id'])
  const scope = { signal, traceparent: null, batchId: `assignment ${assignmentId}` }
  const text = await fetchText(storageId, (table, key) => rows.one(table, key), content, scope)
  return { instructions, text, storageId, createdAt: Number(row['created_at']) }
}
