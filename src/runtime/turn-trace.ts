import { messageIdOfOutcome, messageIdOfTimer } from './delivery.ts'
import { actorTypeOf } from './message.ts'
import { noTracing, type Span, type Traceparent, type Tracing } from './tracing.ts'
import type { TurnInput } from './turn.ts'
import type { EntryKind, Turn } from './turn-rows.ts'

/** A delivery, as its span tells of it. */
interface Stepping {
  readonly address: string
  readonly kind: EntryKind
  readonly messageId: string
  readonly traceparent: Traceparent | null | undefined
}

/** A turn's deliveries with the spans they are stepped under. */
export interface TurnTrace {
  /** The input, each delivery standing where its span stands. */
  readonly input: TurnInput
  /** The turn is committed: each span tells the state its step led to. */
  committed(turn: Turn): void
  /** The turn is void, or its commit was refused: whoever decides it anew begins other spans. */
  failed(error: unknown): void
}

/**
 * Each delivery of a turn under a span of its own, a child of what caused it; what the delivery causes becomes a child of that span.
 * The spans are begun before the turn is decided, so that deciding stays pure, and ended when its commit was answered.
 */
export function traceTurn(input: TurnInput, tracing: Tracing): TurnTrace {
  return tracing === noTracing ? { input, committed() {}, failed() {} } : new SteppingSpans(input, tracing)
}

class SteppingSpans implements TurnTrace {
  readonly input: TurnInput
  readonly #tracing: Tracing
  readonly #spans = new Map<string, Span>()

  constructor(input: TurnInput, tracing: Tracing) {
    this.#tracing = tracing
    const born = (address: string): Traceparent | null => input.actors.get(address)?.traceparent ?? null
    const begin = (step: Stepping): Traceparent | null => this.#begin({ ...step, traceparent: step.traceparent ?? born(step.address) })
    this.input = {
      ...input,
      held: input.held.map((row) => ({ ...row, traceparent: begin(row) })),
      records: input.records.map((record) => {
        const traceparent = begin({ ...record, messageId: record.id, traceparent: record.traceparent })
        return traceparent === null ? record : { ...record, traceparent }
      }),
      outcomes: input.outcomes.map((outcome) => {
        const kind = outcome.result.ok ? 'done' : 'error'
        return {
          ...outcome,
          task: { ...outcome.task, traceparent: begin({ ...outcome.task, kind, messageId: messageIdOfOutcome(outcome) }) },
        }
      }),
      timers: input.timers.map((timer) => ({
        ...timer,
        traceparent: begin({ ...timer, kind: 'timer', messageId: messageIdOfTimer(timer), traceparent: undefined }),
      })),
    }
  }

  #begin({ address, kind, messageId, traceparent = null }: Stepping): Traceparent | null {
    const attributes = { 'quire.address': address, 'quire.message.id': messageId, 'quire.message.kind': kind }
    const span = this.#tracing.start({ name: `step ${actorTypeOf(address)}`, kind: 'internal', parent: traceparent, attributes })
    this.#spans.set(keyOf(address, messageId), span)
    return span.traceparent
  }

  committed(turn: Turn): void {
    for (const { address, messageId, state, ignored } of turn.journal) {
      const attributes = { 'quire.state': state, ...(ignored === null ? {} : { 'quire.ignored': ignored }) }
      this.#take(address, messageId)?.end({ attributes })
    }
    for (const { address, messageId, message } of turn.deadLetters) {
      this.#take(address, messageId)?.end({ error: message })
    }
    this.#endAll()
  }

  failed(error: unknown): void {
    this.#endAll(error)
  }

  #take(address: string, messageId: string): Span | undefined {
    const span = this.#spans.get(keyOf(address, messageId))
    this.#spans.delete(keyOf(address, messageId))
    return span
  }

  #endAll(error?: unknown): void {
    for (const span of this.#spans.values()) {
      span.end(error === undefined ? {} : { error })
    }
    this.#spans.clear()
  }
}

function keyOf(address: string, messageId: string): string {
  return `${address} ${messageId}`
}
