// allowed
export { createMachine } from '../machines/supervisor.machine.ts'
