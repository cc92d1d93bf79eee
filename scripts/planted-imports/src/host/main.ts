// allowed
export { Command } from 'commander'
