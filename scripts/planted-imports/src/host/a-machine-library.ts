// forbidden: imports-of-host
export { createMachine } from 'xstate'
