import { requestOwner } from '../../persistence/folder-lock.ts'
import { CommandError } from '../command-error.ts'
import { exitCodes } from '../exit-codes.ts'

/** Asks the process that owns a data folder, by the names it answers to (rules 15). */
export function askOwner(dataDir: string): (op: string, ...args: unknown[]) => Promise<never> {
  return async (op, ...args) => {
    const answer = await requestOwner(dataDir, { op, args })
    if (answer === undefined) {
      throw new CommandError(exitCodes.unavailable, 'the owner of the data folder has just ended; try again')
    }
    return answer as never
  }
}
