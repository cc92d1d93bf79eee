/** What the command's exit status means; documented in the README. */
export const exitCodes = {
  ok: 0,
  /** Something unexpected; the message says what. */
  failed: 1,
  /** Unknown command or option. */
  usage: 2,
  /** Essays, ids or options that cannot be used. */
  badInput: 3,
  /** Another process owns the data folder. */
  folderInUse: 4,
  /** The database did not answer within the time the command waits, or refuses until a person mends it. */
  unavailable: 5,
  /** The batch ended as FAILED or CANCELLED. */
  batchFailed: 6,
  /** The batch's state does not allow it (409 over HTTP). */
  refused: 7,
  /** Data of a newer version. */
  newerVersion: 8,
  /** The data folder cannot be written: permissions, or a full disk. */
  unwritable: 9,
  /** `quire doctor` found something that is not well. */
  unwell: 10,
  /** `quire migrate --check` found migrations that have not run. */
  pending: 11,
} as const
