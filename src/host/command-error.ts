import { type ErrorCode, isQuireError } from '../runtime/errors.ts'
import { exitCodes } from './exit-codes.ts'
import { ActRefused } from './act-refused.ts'

/** A command that cannot be carried out: one sentence with the remedy, and the exit status. */
export class CommandError extends Error {
  readonly exitCode: number
  constructor(exitCode: number, message: string) {
    super(message)
    this.name = 'CommandError'
    this.exitCode = exitCode
  }
}

const codes: Partial<Record<ErrorCode, number>> = {
  'invalid-option': exitCodes.badInput,
  'invalid-address': exitCodes.badInput,
  'invalid-message': exitCodes.badInput,
  'unknown-actor': exitCodes.badInput,
  'actor-gone': exitCodes.badInput,
  'dead-letter-unknown': exitCodes.badInput,
  'folder-in-use': exitCodes.folderInUse,
  'folder-newer': exitCodes.newerVersion,
  'schema-newer': exitCodes.newerVersion,
  'folder-unwritable': exitCodes.unwritable,
  'mailbox-unavailable': exitCodes.unavailable,
  'database-unavailable': exitCodes.unavailable,
  timeout: exitCodes.unavailable,
}

/** The exit status of whatever a command threw. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof CommandError) {
    return error.exitCode
  }
  if (error instanceof ActRefused) {
    return exitCodes.refused
  }
  return isQuireError(error) ? (codes[error.code] ?? exitCodes.failed) : exitCodes.failed
}
