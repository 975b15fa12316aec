import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { SpanKind, SpanStatusCode, TraceFlags, type HrTime } from '@opentelemetry/api';
import { ExportResultCode, type ExportResult } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import type { Log } from './log.ts';
import { counter, version } from './metrics.ts';
import type { TraceSettings } from './settings.ts';
import type { Span, SpanExporter } from './tracing.ts';

const maxQueued = 2048; // spans
const batchSize = 512;
const interval = 1000; // milliseconds
const exportTimeout = 10_000;
const closeTimeout = 2000;

const spans = counter('clientela_trace_spans_total', 'Spans by what became of them', {
  outcome: ['exported', 'dropped', 'failed'],
});

const kinds = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
};

/** Reads `name=value,…`, percent-encoded (OTEL_EXPORTER_OTLP_HEADERS). */
const readHeaders = (text: string | undefined): Record<string, string> =>
  Object.fromEntries(
    (text?.split(',') ?? []).map((pair) => {
      const [name = '', ...value] = pair.split('=');
      return [name.trim(), decodeURIComponent(value.join('=').trim())];
    }),
  );

/**
 * Sends spans to an OTLP endpoint in batches, one after the other, in the background. Spans beyond the bound of the queue are dropped, and
 * a batch that is not accepted within 10 s is lost: both are counted.
 */
export function createSpanExporter(
  service: string,
  settings: TraceSettings & { OTEL_EXPORTER_OTLP_ENDPOINT: string },
  log: Log,
): SpanExporter {
  const endpoint = settings.OTEL_EXPORTER_OTLP_ENDPOINT.replace(/\/$/, '');
  const otlp = new OTLPTraceExporter({
    url: `${endpoint}/v1/traces`,
    headers: readHeaders(settings.OTEL_EXPORTER_OTLP_HEADERS),
    timeoutMillis: exportTimeout,
  });
  const resource = resourceFromAttributes({
    'service.name': settings.OTEL_SERVICE_NAME ?? service,
    'service.version': version,
    'service.instance.id': `${hostname()}:${process.pid}`,
  });
  const common = {
    resource,
    instrumentationScope: { name: 'clientela', version },
    events: [],
    ended: true,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
  let queue: Span[] = [];
  let sending: Promise<void> | undefined;
  let failures = 0;

  const toReadable = (span: Span): ReadableSpan => {
    const { trace, start, end, link } = span;
    trace.timeOrigin ??= Date.now() - performance.now();
    const { timeOrigin } = trace;
    const contextOf = (spanId: string) => ({ traceId: trace.id, spanId, traceFlags: TraceFlags.SAMPLED });
    return {
      ...common,
      name: span.name,
      kind: kinds[span.kind],
      spanContext: () => contextOf(span.id),
      ...(span.parentId !== undefined && { parentSpanContext: contextOf(span.parentId) }),
      startTime: toHrTime(timeOrigin + start),
      endTime: toHrTime(timeOrigin + end),
      duration: toHrTime(end - start),
      status: { code: span.hasFailed ? SpanStatusCode.ERROR : SpanStatusCode.UNSET },
      attributes: span.attributes,
      links: link
        ? [{ context: { ...link, traceFlags: link.isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE }, attributes: {} }]
        : [],
    };
  };

  /** Exports one batch. Never rejects. */
  const exportBatch = async (): Promise<void> => {
    const batch = queue.splice(0, batchSize).map(toReadable);
    const result: ExportResult = await Promise.race([
      new Promise<ExportResult>((resolve) => otlp.export(batch, resolve)),
      // The exporter's own timeout starts again with each byte of a response.
      sleep(exportTimeout + 1000, { code: ExportResultCode.FAILED }, { ref: false }),
    ]).catch((error: Error) => ({ code: ExportResultCode.FAILED, error }));
    const isExported = result.code === ExportResultCode.SUCCESS;
    spans.add({ outcome: isExported ? 'exported' : 'failed' }, batch.length);
    failures = isExported ? 0 : failures + 1;
    if (failures === 1) log.warn({ err: result.error }, 'traces: spans are not accepted and are lost');
  };
  const flush = () => {
    if (queue.length === 0) return;
    sending ??= exportBatch().finally(() => {
      sending = undefined;
      if (queue.length >= batchSize) flush();
    });
  };
  const timer = setInterval(flush, interval);
  timer.unref();

  return {
    isSampled: samplerOf(settings),
    add: (span) => {
      if (queue.length >= maxQueued) spans.add({ outcome: 'dropped' });
      else if (queue.push(span) >= batchSize) flush();
    },
    close: async () => {
      clearInterval(timer);
      const deadline = AbortSignal.timeout(closeTimeout);
      const flushAll = async () => {
        while ((queue.length > 0 || sending) && !deadline.aborted) await (sending ?? exportBatch());
      };
      await Promise.race([flushAll(), sleep(closeTimeout, undefined, { ref: false })]);
      queue = [];
    },
  };
}

/** Of the 32 of an id the last 14 are random (W3C Trace Context Level 2, random flag). */
const comparedDigits = 12;

/** Decides about a trace without a parent, by its id: alike in all processes of the fleet with the same ratio. */
function samplerOf({
  OTEL_TRACES_SAMPLER: name,
  OTEL_TRACES_SAMPLER_ARG,
}: TraceSettings): (traceId: string) => boolean {
  const ratio = name.endsWith('always_on') ? 1 : name.endsWith('always_off') ? 0 : OTEL_TRACES_SAMPLER_ARG;
  if (ratio === 1) return () => true;
  // Compares digits of the same length as text, which costs less than reading a number at each request.
  const bound = Math.floor(ratio * 16 ** comparedDigits)
    .toString(16)
    .padStart(comparedDigits, '0');
  return (traceId) => traceId.slice(-comparedDigits) < bound;
}

const toHrTime = (milliseconds: number): HrTime => {
  const seconds = Math.floor(milliseconds / 1000);
  return [seconds, Math.round((milliseconds - seconds * 1000) * 1e6)];
};
