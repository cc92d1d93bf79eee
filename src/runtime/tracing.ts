/**
 * Where a piece of work stands in a trace, as W3C Trace Context writes it: `00-<trace id>-<span id>-<flags>`. It is kept with
 * messages, actors, tasks and outputs, so that a trace goes on after a restart and in another process.
 */
export type Traceparent = string

/** A tracing system. Spans it does not record still hand their parent on. */
export interface Tracing {
  /** Where the calling code stands, e.g. in a request of a host; undefined where there is no trace. */
  active(): Traceparent | undefined
  /** Begins a span now. `parent` null: a trace of its own, or none. */
  start(span: SpanStart): Span
}

export interface SpanStart {
  readonly name: string
  /** OpenTelemetry's kinds: `consumer` takes a message in, `producer` sends one, `client` calls a service. */
  readonly kind: 'consumer' | 'internal' | 'client' | 'producer'
  readonly parent: Traceparent | null
  readonly attributes: Readonly<Record<string, string | number>>
}

export interface Span {
  /** For what follows from it; null where there is no trace. */
  readonly traceparent: Traceparent | null
  /** Ends it now; with an error, as failed. */
  end(ending?: { readonly error?: unknown; readonly attributes?: SpanStart['attributes'] }): void
}

/** Traces nothing: what follows stands where its cause stood. */
export const noTracing: Tracing = Object.freeze({
  active: () => undefined,
  start: ({ parent }: SpanStart): Span => ({ traceparent: parent, end() {} }),
})

const form = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/

/** The text if it is a trace context; a wrong one is nobody's error, it is left out as if there was none. */
export function traceparentIn(text: unknown): Traceparent | undefined {
  return typeof text === 'string' && form.test(text) ? text : undefined
}

/** The message, with its trace context if there is one. */
export function withTrace<Kind extends object>(message: Kind, text: unknown): Kind & { readonly traceparent?: Traceparent } {
  const traceparent = traceparentIn(text)
  return traceparent === undefined ? message : { ...message, traceparent }
}
