import type { StoredRow } from '../../runtime/define-actor.ts'
import type { TenantRows } from '../../runtime/tenant-rows.ts'
import { anchors } from '../tables.ts'
import type { AssignmentParts } from './instruction-text.ts'
import { digestOf, storeText } from './kept-text.ts'
import { recordNumber } from './record-number.ts'

/** A text of known grade. `createdAt` in ms since the epoch. */
export interface Anchor {
  readonly id: number
  readonly assignmentId: string
  readonly label: string
  readonly grade: string
  readonly gradeScale: string
  readonly storageId: string
  readonly createdAt: number
}

export interface GivenAnchor extends Pick<Anchor, 'assignmentId' | 'label' | 'grade' | 'gradeScale'> {
  readonly text: string
}

/** Anchors of one scale of an assignment: every batch of it compares them all. */
export const mostAnchors = 200

/**
 * Registers an anchor, or replaces the one with its label in this scale. The same text again is stored once.
 * @returns undefined when the scale of this assignment has as many anchors as it may
 */
export async function registerAnchor(given: GivenAnchor, parts: AssignmentParts): Promise<Anchor | undefined> {
  const { rows, now } = parts
  const { assignmentId, label, grade, gradeScale, text } = given
  const key = { assignment_id: assignmentId, grade_scale: gradeScale, label }
  const before = await rows.one(anchors.name, key)
  const { label: _, ...ofScale } = key
  if (before === undefined && (await rows.count(anchors.name, ofScale)) >= mostAnchors) {
    return undefined
  }
  const digest = digestOf(text)
  const isSame = before?.['digest'] === digest
  const storageId = isSame ? String(before?.['storage_id']) : await storeText(text, rows, parts.content, parts)
  const values = { grade, storage_id: storageId, digest, created_at: before === undefined ? now : Number(before['created_at']) }
  await rows.change({ write: [{ table: anchors.name, key, values }] })
  return anchorOf({ ...key, ...values })
}

/** All anchors of an assignment, of all scales, by scale and label. */
export async function anchorsOf(rows: Pick<TenantRows, 'list'>, assignmentId: string): Promise<Anchor[]> {
  return (await rows.list(anchors.name, { assignment_id: assignmentId })).map(anchorOf)
}

export function anchorOf(row: StoredRow): Anchor {
  const [assignmentId, gradeScale, label] = [String(row['assignment_id']), String(row['grade_scale']), String(row['label'])]
  return {
    id: recordNumber(assignmentId, gradeScale, label),
    assignmentId,
    label,
    grade: String(row['grade']),
    gradeScale,
    storageId: String(row['storage_id']),
    createdAt: Number(row['created_at']),
  }
}
