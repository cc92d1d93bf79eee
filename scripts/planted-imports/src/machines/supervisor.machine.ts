// allowed
export { createMachine } from 'xstate'
