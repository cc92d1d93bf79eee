import { type DestinationStream, type Logger as PinoLogger, pino } from 'pino'
import { batchIdsOf } from './batch-ids.ts'
import { redacted } from './redaction.ts'

export interface LogOptions {
  /** Least level that is written. */
  readonly level: string
  /** Default: standard output. */
  readonly destination?: DestinationStream
}

/**
 * The service's log: JSON lines. Tokens, passwords, keys, texts of essays and prompts never stand in it; a line about an actor
 * that is a batch carries the batch's ids.
 */
export function createLog({ level, destination }: LogOptions): PinoLogger {
  const options = {
    level,
    base: { service: 'quire' },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: {
      level: (label: string) => ({ level: label }),
      log: (fields: object) => ({ ...(redacted(fields) as object), ...batchIdsOf(fields) }),
    },
  }
  return destination === undefined ? pino(options) : pino(options, destination)
}
