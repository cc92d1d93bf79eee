import type { Logger } from './ports.ts'
import type { DeadLetterRow } from './turn-rows.ts'

/** A line for each: whom it is about and why, never what it says (domain 14). The platform waits for a refused output: an error. */
export function tellDeadLetters(letters: readonly DeadLetterRow[], logger: Logger): void {
  for (const { id, address, messageId, kind, cause } of letters) {
    const fields = { deadLetter: id, address, messageId, kind, cause }
    if (kind === 'output') {
      logger.error(fields, 'an output was refused for good; it is in the dead letters')
    } else {
      logger.warn(fields, 'a message could not be handled; it is in the dead letters')
    }
  }
}
