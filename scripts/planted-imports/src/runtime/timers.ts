// forbidden: timers-of-node-only-in-system
export { setTimeout } from 'node:timers/promises'
