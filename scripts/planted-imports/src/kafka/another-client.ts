// forbidden: imports-of-kafka
export { default as pg } from 'pg'
