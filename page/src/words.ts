import type { BatchItem } from './service/batch-api.ts'

/** The tone of a state, as the chart has it. */
export type Tone = 'busy' | 'waiting' | 'success' | 'failure' | 'plain'

const tones: Readonly<Record<string, Tone>> = {
  INITIALIZING: 'busy',
  GENERATING_PAIRS: 'busy',
  WAITING_CALLBACKS: 'waiting',
  SCORING: 'busy',
  COMPLETED: 'success',
  FAILED: 'failure',
  CANCELLED: 'failure',
}

export function toneOf(state: string): Tone {
  return tones[state] ?? 'plain'
}

/** `WAITING_CALLBACKS` -> `waiting callbacks` */
export function spoken(name: string): string {
  return name.toLowerCase().replaceAll('_', ' ')
}

/** What a batch of the list waits for, in few words; the batch's own view has the whole sentence. */
export function waitsFor({ state, status, progress, paused, parked }: BatchItem): string {
  if (parked !== null) {
    return 'the replay of a dead letter'
  }
  if (paused) {
    return 'an operator to resume it'
  }
  if (['COMPLETED', 'FAILED', 'CANCELLED'].includes(state)) {
    return spoken(status)
  }
  if (state === 'INITIALIZING') {
    return `the texts of ${progress.essays} essays`
  }
  return state === 'WAITING_CALLBACKS' ? `${progress.outstanding} verdicts` : state === 'SCORING' ? 'its scores' : 'its next pairs'
}

/** `3 min`, `2 h`: the largest unit that fits. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000))
  if (seconds < 60) {
    return `${seconds} s`
  }
  const minutes = Math.round(seconds / 60)
  return minutes < 60 ? `${minutes} min` : minutes < 48 * 60 ? `${Math.round(minutes / 60)} h` : `${Math.round(minutes / 1_440)} d`
}

/** `xstate.after.deadline.batch.WAITING_CALLBACKS` -> `deadline` */
export function causeOf(what: string): string {
  return /^xstate\.after\.([^.]+)/.exec(what)?.[1] ?? what
}

export function clockTime(iso: string): string {
  return new Date(iso).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit', fractionalSecondDigits: 3 })
}
