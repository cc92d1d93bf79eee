import { BasicTracerProvider, InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { openTelemetry } from '../../src/host/open-telemetry.ts'
import type { Tracing } from '../../src/runtime/tracing.ts'

/** What a sender of the platform gives along. */
export const upstream = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' }
export const upstreamTraceparent = `00-${upstream.traceId}-${upstream.spanId}-01`

export interface Recording {
  readonly tracing: Tracing
  /** Spans that have ended. */
  spans(): readonly ReadableSpan[]
  /** Each span of the trace by the names above it, from its first span on; sorted. A step tells its kind of message, too. */
  paths(): readonly string[]
}

/** OpenTelemetry's SDK, its spans kept in memory. */
export function recording(): Recording {
  const exporter = new InMemorySpanExporter()
  const tracing = openTelemetry(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }))
  const spans = (): readonly ReadableSpan[] => exporter.getFinishedSpans()
  return {
    tracing,
    spans,
    paths: () => {
      const byId = new Map(spans().map((span) => [span.spanContext().spanId, span]))
      const pathOf = (span: ReadableSpan): string => {
        const parent = byId.get(span.parentSpanContext?.spanId ?? '')
        const own = [span.name, span.attributes['quire.message.kind']].filter((text) => text !== undefined).join(' ')
        return parent === undefined ? own : `${pathOf(parent)} > ${own}`
      }
      return spans()
        .filter((span) => span.spanContext().traceId === upstream.traceId)
        .map(pathOf)
        .sort()
    },
  }
}
