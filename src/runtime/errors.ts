/** Every code a `QuireError` may carry, with the sentence that says what to do. Kept equal to docs/errors.md by a test. */
export const errorCatalogue = {
  'invalid-option': 'An option is missing or wrong. The message names the field; correct it and start again.',
  'invalid-definition': 'An actor definition uses something Quire does not support. The message names the state and the remedy.',
  'invalid-address': 'An address has the form <actor type>/<id>, and an id does not begin with #. Correct the address.',
  'invalid-message': 'A message holds a value JSON would destroy. The message names the path; send plain JSON values.',
  'unknown-actor-type': 'No actor definition has this type. Add it to createQuire({ actors }).',
  'unknown-actor': 'No actor was born at this address. Create it first, or check the address.',
  'actor-gone': 'The actor was archived or forgotten. The message says when, by whom, and where its archive is.',
  'mailbox-unavailable': 'The mailbox did not acknowledge in time; the outcome is unknown. Send the same id again.',
  timeout: 'The condition was not met in time. Nothing was undone; wait again, or inspect the actor.',
  stopped: 'This Quire was stopped. Create a new one.',
  'snapshot-newer': 'The snapshot was written by a newer version. Deploy that version, or restore an older backup.',
  'snapshot-foreign': 'The snapshot belongs to another machine. Check the actor types of createQuire({ actors }).',
  'snapshot-unmigratable': 'No migration leads from the stored version to the current one. Declare it in defineActor({ migrations }).',
  'snapshot-lossy': 'The context holds a value JSON would destroy. The message names the path; store a plain JSON value.',
  'endless-microsteps': 'The machine took more than 1,000 microsteps on one event. Look for an endless `always` or raise loop.',
  'unhandled-task-error':
    'A task the machine invoked failed and no transition handles it. Add onError, deploy, and replay the dead letter.',
  'task-deadly': 'A task was leased ten times and never ended; it may kill the process. Mend it, deploy, and replay the dead letter.',
  'step-failed': 'A guard, action or delay of the machine threw. Mend the machine, deploy, and replay the dead letter.',
  'commit-refused': 'The database refused a row for good. The cause names it; the message is in the dead letters.',
  'delivery-deadly': 'A delivery ended the process that stepped it, again and again. Mend the machine, deploy, and replay the dead letter.',
  'fence-broken': 'Another position was found under the own epoch: a programming error. Stop, and report it.',
  'schema-newer': 'The database was migrated by a newer version of Quire. Upgrade this process.',
  'folder-newer': 'The data folder was written by a newer version of Quire. Upgrade this process.',
  'folder-in-use': 'Another process owns the data folder. Stop it, or use another folder.',
  'folder-unwritable': 'The data folder cannot be written. Free some space or correct its permissions.',
  'partitions-mismatch': 'The database was created with another number of mailbox partitions. Configure that number.',
  'log-mismatch': 'The database belongs to another log. Configure the one the message names.',
  'database-unavailable': 'The database does not answer. Quire goes on by itself when it does.',
  'dead-letter-unknown': 'There is no such dead letter. List them first.',
  'not-running': 'Call start() first.',
} as const

export type ErrorCode = keyof typeof errorCatalogue

const brand = Symbol.for('quire.error')

/** The one error Quire throws. Known by its brand (`isQuireError`), not by `instanceof`, so that two copies of the package agree. */
export class QuireError extends Error {
  readonly code: ErrorCode
  readonly details: Readonly<Record<string, unknown>>

  constructor(code: ErrorCode, message: string, options: { details?: Record<string, unknown>; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'QuireError'
    this.code = code
    this.details = options.details ?? {}
    Object.defineProperty(this, brand, { value: true })
  }
}

export function isQuireError(value: unknown, code?: ErrorCode): value is QuireError {
  return (
    typeof value === 'object' && value !== null && Reflect.has(value, brand) && (code === undefined || Reflect.get(value, 'code') === code)
  )
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
