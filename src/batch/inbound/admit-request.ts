import type { BatchInput } from '../../machines/batch.machine.ts'
import type { Decoded, DecodedMessage, InboundText, RowReads } from '../../runtime/define-actor.ts'
import { AssignmentRefused, assertFits } from '../assignments/fits.ts'
import { findInstructions } from '../assignments/instructions.ts'
import { batchAddress } from '../request.ts'
import { refusedRequest } from './refused-request.ts'

/**
 * Refuses a request that does not fit its assignment before a batch is born of it, so that a right one later is a first one
 * (rules 58). Only a request that names an assignment waits for the database.
 */
export async function admitRequest(message: DecodedMessage, record: InboundText, rows: RowReads): Promise<Decoded> {
  const input = message.body as BatchInput
  if (message.messageKind !== 'create' || input.assignmentId === null) {
    return message
  }
  const refusal = await refusalOf(input.assignmentId, input.options.llm.judgeRubric !== undefined, rows)
  if (refusal === undefined) {
    return message
  }
  const { bosBatchId: batchId, correlationId } = input
  const { text, timestamp: at } = record
  const known = { text, address: batchAddress(batchId), id: message.id, batchId, correlationId, at }
  return refusedRequest(known, { field: refusal.field, problem: refusal.message })
}

async function refusalOf(assignmentId: string, hasOwnRubric: boolean, rows: RowReads): Promise<AssignmentRefused | undefined> {
  const found = await findInstructions(rows, { kind: 'assignment', id: assignmentId })
  try {
    assertFits(assignmentId, found, hasOwnRubric)
    return undefined
  } catch (error) {
    if (error instanceof AssignmentRefused) {
      return error
    }
    throw error
  }
}
