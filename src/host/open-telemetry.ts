import { ROOT_CONTEXT, type SpanContext, SpanKind, SpanStatusCode, trace, type TracerProvider } from '@opentelemetry/api'
import { messageOf } from '../runtime/errors.ts'
import { type Span, type SpanStart, traceparentIn, type Traceparent, type Tracing } from '../runtime/tracing.ts'
import { version } from './version.ts'

const kinds: Readonly<Record<SpanStart['kind'], SpanKind>> = {
  consumer: SpanKind.CONSUMER,
  internal: SpanKind.INTERNAL,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
}

/**
 * Spans by OpenTelemetry's API: from a record to the step it causes, to the calls and outputs that follow. Where no SDK is
 * registered nothing is recorded, and trace contexts are handed on.
 * @param provider default the global one, also when it is registered later
 */
export function openTelemetry(provider: TracerProvider = trace.getTracerProvider()): Tracing {
  const tracer = provider.getTracer('quire', version())
  return {
    active: () => traceparentOf(trace.getActiveSpan()?.spanContext()) ?? undefined,
    start({ name, kind, parent, attributes }): Span {
      const context = parent === null ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, spanContextOf(parent))
      const span = tracer.startSpan(name, { kind: kinds[kind], attributes }, context)
      return {
        traceparent: traceparentOf(span.spanContext()) ?? parent,
        end({ error, attributes: more } = {}) {
          if (more !== undefined) {
            span.setAttributes(more)
          }
          if (error !== undefined) {
            span.setStatus({ code: SpanStatusCode.ERROR, message: messageOf(error) })
          }
          span.end()
        },
      }
    },
  }
}

function spanContextOf(traceparent: Traceparent): SpanContext {
  const [, traceId = '', spanId = '', flags = ''] = traceparent.split('-')
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true }
}

/** Null for the context of no trace. */
function traceparentOf(context: SpanContext | undefined): Traceparent | null {
  if (context === undefined) {
    return null
  }
  const { traceId, spanId, traceFlags } = context
  return traceparentIn(`00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`) ?? null
}
