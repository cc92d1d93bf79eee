import { batchMachine } from '../machines/batch.machine.ts'

/** The batch's states by their names, in the order the machine declares them. */
export const batchStates = Object.keys(batchMachine.states) as [string, ...string[]]
