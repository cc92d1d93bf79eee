// forbidden: imports-of-judging
export { readFileSync } from 'node:fs'
