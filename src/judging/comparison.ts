/** Of a planned judgement: under way, decided, failed and to be retried, or failed for good (also: given up). */
export type SlotState = 'outstanding' | 'won_a' | 'won_b' | 'retryable' | 'failed'
export type Mode = 'coverage' | 'resampling'

/**
 * One planned judgement of an oriented pair: item `a` is shown in slot A. Items are indices into the batch's essays, sorted
 * by id. `attempts` counts submissions, from 1; each has a comparison id of its own.
 */
export interface Slot {
  readonly a: number
  readonly b: number
  readonly mode: Mode
  readonly state: SlotState
  readonly attempts: number
}

/** A verdict: which slot won. */
export interface Judgement {
  readonly a: number
  readonly b: number
  readonly winner: 'a' | 'b'
}

const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const valueOf = new Map([...digits].map((digit, value) => [digit, value]))
const states: readonly SlotState[] = ['outstanding', 'won_a', 'won_b', 'retryable', 'failed']
const width = 6

/** Slots as text, 6 characters each: two base64 digits an item (up to 4,095), one for mode and state, one for attempts (up to 63). */
export function encodeSlots(slots: readonly Slot[]): string {
  return slots.map(encodeSlot).join('')
}

export function decodeSlots(text: string): Slot[] {
  return Array.from({ length: slotCount(text) }, (_, number) => slotAt(text, number))
}

export function slotCount(text: string): number {
  return text.length / width
}

/** The slot of this number, from 0. @throws RangeError when there is none */
export function slotAt(text: string, number: number): Slot {
  const at = number * width
  if (number < 0 || at + width > text.length) {
    throw new RangeError(`there is no slot ${number}`)
  }
  const flags = digitAt(text, at + 4)
  return {
    a: digitAt(text, at) * 64 + digitAt(text, at + 1),
    b: digitAt(text, at + 2) * 64 + digitAt(text, at + 3),
    mode: flags >= 32 ? 'resampling' : 'coverage',
    state: states[flags % 32] ?? 'failed',
    attempts: digitAt(text, at + 5),
  }
}

/** The text with one slot replaced. */
export function withSlot(text: string, number: number, slot: Slot): string {
  return text.slice(0, number * width) + encodeSlot(slot) + text.slice((number + 1) * width)
}

function encodeSlot({ a, b, mode, state, attempts }: Slot): string {
  const flags = states.indexOf(state) + (mode === 'resampling' ? 32 : 0)
  return [a >> 6, a & 63, b >> 6, b & 63, flags, attempts].map(digit).join('')
}

function digit(value: number): string {
  const text = digits[value]
  if (text === undefined) {
    throw new RangeError(`${value} does not fit in a base64 digit`)
  }
  return text
}

function digitAt(text: string, index: number): number {
  return valueOf.get(text.charAt(index)) ?? 0
}

/** The verdicts among slots. */
export function judgementsOf(slots: readonly Slot[]): Judgement[] {
  return slots.flatMap(({ a, b, state }) =>
    state === 'won_a' || state === 'won_b' ? [{ a, b, winner: state === 'won_a' ? ('a' as const) : ('b' as const) }] : [],
  )
}

/** One number for an unordered pair of items below 4,096. */
export function pairKey(a: number, b: number): number {
  return a < b ? a * 4_096 + b : b * 4_096 + a
}
