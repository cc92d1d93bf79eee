// forbidden: imports-of-persistence
export { Command } from 'commander'
