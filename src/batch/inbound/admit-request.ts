import type { BatchInput } from '../../machines/batch.machine.ts'
import type { Decoded, DecodedMessage, InboundText, RowReads } from '../../runtime/define-actor.ts'
import { AssignmentRefused, assertFits } from '../assignments/fits.ts'
import { findInstructions } from '../assignments/instructions.ts'
import { batchAddress } from '../request.ts'
import { refusedRequest } from './refused-request.ts'

/**
 * Refuses a request that does not fit its assignment before a batch is born of it, so that a right one later is a first one
 * (rules 58). Only a request that names an assignment asks the database.
 */
export async function admitRequest(message: DecodedMessage, record: InboundText, rows: RowReads): Promise<Decoded> {
  if (message.messageKind !== 'create') {
    return message
  }
  const input = message.body as BatchInput
  const refusal = await assignmentRefusal(input, rows)
  if (refusal === undefined) {
    return message
  }
  const { bosBatchId: batchId, correlationId } = input
  const { text, timestamp: at } = record
  const known = { text, address: batchAddress(batchId), id: message.id, batchId, correlationId, at }
  return refusedRequest(known, { field: refusal.field, problem: refusal.message })
}

/** Why a request does not fit its assignment, as it stands now; undefined when it does, or names none. */
export async function assignmentRefusal({ assignmentId, options }: BatchInput, rows: RowReads): Promise<AssignmentRefused | undefined> {
  if (assignmentId === null) {
    return undefined
  }
  const found = await findInstructions(rows, { kind: 'assignment', id: assignmentId })
  try {
    assertFits(assignmentId, found, options.llm.judgeRubric !== undefined)
    return undefined
  } catch (error) {
    if (error instanceof AssignmentRefused) {
      return error
    }
    throw error
  }
}
