/** What a specified batch is born with. */
export interface Terms {
  readonly essays: number
  /** True: the request names a prompt. */
  readonly prompt: boolean
  /** True: it names an assignment, which brings its own. */
  readonly assignment: boolean
  /** Submissions in all; `asked` when the request named the number. */
  readonly budget: number
  readonly asked: boolean
  readonly retries: number
  readonly deadlineMs: number
  readonly timeoutMs: number
}

export interface SpecifiedSlot {
  readonly pair: readonly [number, number]
  state: 'open' | 'a' | 'b' | 'again' | 'lost'
  attempts: number
  acceptedAt: number | null
}

/** A net of at most 10 essays. */
export interface SmallNet {
  readonly slots: readonly Readonly<SpecifiedSlot>[]
  readonly items: number
  /** Number of the first slot of the last wave. */
  readonly lastWave: number
  readonly noPairLeft: boolean
  readonly terms: Terms
}

/** The table of the completion policy when nothing is under way; `stable` is asked only where scores must tell. */
export function nextStep(net: SmallNet, stable: boolean): 'retry' | 'submit' | 'fail' | 'COMPLETE_STABLE' | 'COMPLETE_MAX_COMPARISONS' {
  const { slots, terms } = net
  const [won, lost, again] = [wonOf(slots), count(slots, 'lost'), count(slots, 'again')]
  const retried = Math.min(again, budgetLeft(net))
  const fresh = Math.min(capOf(net) - slots.length, budgetLeft(net) - retried)
  const best = (won + retried + fresh) / (won + lost + again + fresh)
  if (isFruitless(net) || best < 0.8) {
    return 'fail'
  }
  if (retried > 0) {
    return 'retry'
  }
  const more = maySubmit(net)
  if (more || terms.asked ? stable : isOrder(net)) {
    return 'COMPLETE_STABLE'
  }
  return more ? 'submit' : won === 0 || won / (won + lost + again) < 0.8 ? 'fail' : 'COMPLETE_MAX_COMPARISONS'
}

/** A whole wave came to nothing; one that was clipped says so only when the rate is too low as it is. */
function isFruitless({ slots, items, lastWave }: SmallNet): boolean {
  const wave = slots.slice(lastWave)
  const rate = wonOf(slots) / Math.max(1, wonOf(slots) + count(slots, 'lost'))
  return wave.length > 0 && (wave.length >= Math.floor(items / 2) || rate < 0.8) && wave.every(({ state }) => state === 'lost')
}

function maySubmit(net: SmallNet): boolean {
  const { slots, items, terms } = net
  const planned = new Map<string, number>()
  slots.forEach(({ pair }) => planned.set(keyOf(pair), (planned.get(keyOf(pair)) ?? 0) + 1))
  const isUnseen = planned.size < pairsOf(items)
  const mayRepeat = slots.some(({ pair, state }) => isWon(state) && (planned.get(keyOf(pair)) ?? 0) <= (terms.asked ? 4 : 0))
  return slots.length < capOf(net) && budgetLeft(net) > 0 && !net.noPairLeft && (isUnseen || mayRepeat)
}

/** Every pair is decided, and no verdicts go round in a circle: then the numbers of wins are 0, 1, 2, ... */
function isOrder({ slots, items }: SmallNet): boolean {
  const wins = new Array<number>(items).fill(0)
  for (const { pair, state } of slots.filter((slot) => isWon(slot.state))) {
    const winner = state === 'a' ? pair[0] : pair[1]
    wins[winner] = (wins[winner] ?? 0) + 1
  }
  return wonOf(slots) === pairsOf(items) && wins.toSorted((one, other) => one - other).every((number, place) => number === place)
}

/** 80 % of what may be planned is settled, and 80 % of that with a verdict. */
export function mayBeForced(net: SmallNet): boolean {
  const settled = wonOf(net.slots) + count(net.slots, 'lost')
  return capOf(net) > 0 && settled / capOf(net) >= 0.8 && wonOf(net.slots) / settled >= 0.8
}

/** Five passes over all pairs for who asked for a number, one for who did not. */
function capOf({ items, terms }: SmallNet): number {
  return Math.min(terms.budget, pairsOf(items) * (terms.asked ? 5 : 1))
}

export function budgetLeft({ slots, terms }: SmallNet): number {
  return terms.budget - slots.reduce((sum, { attempts }) => sum + attempts, 0)
}

export function count(slots: SmallNet['slots'], state: SpecifiedSlot['state']): number {
  return slots.filter((slot) => slot.state === state).length
}

function wonOf(slots: SmallNet['slots']): number {
  return count(slots, 'a') + count(slots, 'b')
}

export function isWon(state: SpecifiedSlot['state']): boolean {
  return state === 'a' || state === 'b'
}

function pairsOf(items: number): number {
  return (items * (items - 1)) / 2
}

function keyOf([one, other]: readonly [number, number]): string {
  return one < other ? `${one}-${other}` : `${other}-${one}`
}
