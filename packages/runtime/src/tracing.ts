import { AsyncLocalStorage } from 'node:async_hooks';
import { randomBytes } from 'node:crypto';
import type { Log } from './log.ts';
import type { TraceSettings } from './settings.ts';
import { formatTraceparent, type TraceContext } from './traceparent.ts';

export type SpanKind = 'internal' | 'server' | 'client' | 'producer' | 'consumer';
/** Ids, names from the code, numbers and states; never a person's values. */
export type SpanAttributes = Record<string, string | number>;

/** The spans of a trace in this process below one of them, its local root. */
type LocalTrace = {
  id: string;
  /** The decision of the sampler where the trace began. */
  isSampled: boolean;
  /** What makes a `performance.now()` a Unix time, in milliseconds: the same for all its spans, known when the first is exported. */
  timeOrigin: number | undefined;
  root: Span;
  /** Those that ended before the root, when the trace is not sampled: its end decides. */
  waiting: Span[];
  fate: 'open' | 'kept' | 'discarded';
};

/** One operation. Times are those of `performance.now()`. */
export type Span = {
  readonly trace: LocalTrace;
  readonly id: string;
  readonly parentId: string | undefined;
  readonly kind: SpanKind;
  start: number;
  readonly link: TraceContext | undefined;
  name: string;
  attributes: SpanAttributes;
  end: number;
  /** Whether it failed. */
  hasFailed: boolean;
};

/** Receives the spans that are kept. Never waits, never throws. */
export type SpanExporter = {
  isSampled: (traceId: string) => boolean;
  add: (span: Span) => void;
  /** Sends what is queued, for at most two seconds. */
  close: () => Promise<void>;
};

const maxWaiting = 64; // spans of one request
const slow = 1000; // milliseconds

/** Undefined: tracing is off. */
let exporter: SpanExporter | undefined;
/** Whether the sampler asks the parent of a trace first. */
let followsParent = true;
const current = new AsyncLocalStorage<Span>();

/**
 * Starts tracing when an endpoint is set. Only then OpenTelemetry is loaded.
 * @param service the name of the process, unless OTEL_SERVICE_NAME sets one
 * @returns what sends the last spans and ends tracing
 */
export async function startTracing(service: string, settings: TraceSettings, log: Log): Promise<() => Promise<void>> {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_TRACES_SAMPLER: sampler } = settings;
  if (endpoint === undefined || sampler === 'always_off') return async () => {};
  const { createSpanExporter } = await import('./tracing-export.ts');
  const started = createSpanExporter(service, { ...settings, OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }, log);
  followsParent = sampler.startsWith('parentbased_');
  exporter = started;
  return async () => {
    exporter = undefined;
    await started.close();
  };
}

export const isTracing = (): boolean => exporter !== undefined;

/**
 * Starts the local root of a trace: the first span of a request or an event in this process.
 * @param origin.parent the caller's span
 * @param origin.follows a span of the same trace that caused this one earlier: linked, not the parent
 * @param origin.link a span of another trace
 * @param origin.start when it began; default now
 * @returns undefined when tracing is off
 */
export function startTrace(
  name: string,
  kind: SpanKind,
  origin: {
    parent?: TraceContext | undefined;
    follows?: TraceContext | undefined;
    link?: TraceContext | undefined;
    start?: number;
  },
): Span | undefined {
  if (!exporter) return undefined;
  const from = origin.parent ?? origin.follows;
  const id = from?.traceId ?? randomHex(16);
  const trace: LocalTrace = {
    id,
    isSampled: from && followsParent ? from.isSampled : exporter.isSampled(id),
    timeOrigin: undefined,
    root: undefined as unknown as Span,
    waiting: [],
    fate: 'open',
  };
  const link = origin.follows ?? origin.link;
  trace.root = {
    trace,
    id: randomHex(8),
    parentId: origin.parent?.spanId,
    kind,
    start: origin.start ?? performance.now(),
    link,
    name,
    attributes: {},
    end: 0,
    hasFailed: false,
  };
  return trace.root;
}

/** Starts a span below another one. @param parent default the current span @returns undefined where nothing is traced */
export function startSpan(name: string, kind: SpanKind, parent: Span | undefined = currentSpan()): Span | undefined {
  if (!parent) return undefined;
  const { trace } = parent;
  if (trace.fate === 'discarded') return undefined;
  return {
    trace,
    id: randomHex(8),
    parentId: parent.id,
    kind,
    start: performance.now(),
    link: undefined,
    name,
    attributes: {},
    end: 0,
    hasFailed: false,
  };
}

/**
 * Ends a span. The end of a local root decides about a trace that is not sampled: it is kept when the root has failed or was slow.
 * @param options.isStream its duration says nothing
 */
export function endSpan(span: Span, options: { isStream?: boolean } = {}): void {
  const { trace } = span;
  span.end = performance.now();
  if (trace.isSampled || trace.fate === 'kept') {
    exporter?.add(span);
    return;
  }
  if (trace.fate === 'discarded') return;
  if (span !== trace.root) {
    if (trace.waiting.length < maxWaiting - 1) trace.waiting.push(span);
    return;
  }
  const reason = span.hasFailed ? 'error' : !options.isStream && span.end - span.start > slow ? 'slow' : undefined;
  trace.fate = reason ? 'kept' : 'discarded';
  if (reason) {
    span.attributes['clientela.kept'] = reason;
    for (const each of [...trace.waiting, span]) exporter?.add(each);
  }
  trace.waiting.length = 0;
}

/** Marks a span as failed. @param error what was thrown, or a name for it */
export function failSpan(span: Span, error: unknown): void {
  span.hasFailed = true;
  span.attributes['error.type'] = typeof error === 'string' ? error : errorType(error);
}

/** The kind of an error, never its message: its code, else its name. */
function errorType(error: unknown): string {
  if (!(error instanceof Error)) return 'Error';
  const { error_code, code, name } = error as { error_code?: unknown; code?: unknown; name: unknown };
  for (const each of [error_code, code, name]) if (typeof each === 'string' && /^\w{1,60}$/.test(each)) return each;
  return 'Error';
}

/** Runs work with a span as the current one. */
export const runInSpan = <T>(span: Span, run: () => T): T => current.run(span, run);

/** Runs work as a span below the current one; where nothing is traced it only runs it. */
export function inSpan<T>(name: string, kind: SpanKind, run: (span?: Span) => Promise<T>): Promise<T> {
  const span = startSpan(name, kind);
  return span ? runAndEnd(span, run) : run();
}

/** Runs work as a span, and ends that with it. */
export const runAndEnd = <T>(span: Span, run: (span: Span) => Promise<T>): Promise<T> =>
  current.run(span, async () => {
    try {
      return await run(span);
    } catch (error) {
      failSpan(span, error);
      throw error;
    } finally {
      endSpan(span);
    }
  });

export const currentSpan = (): Span | undefined => (exporter ? current.getStore() : undefined);

export const contextOf = ({ id, trace }: Span): TraceContext => ({
  traceId: trace.id,
  spanId: id,
  isSampled: trace.isSampled,
});

/** The `traceparent` of a span. @param span default the current one @returns undefined where nothing is traced */
export function traceparent(span: Span | undefined = currentSpan()): string | undefined {
  return span && formatTraceparent(contextOf(span));
}

let digits = '';
let used = 0;

/** Returns random bytes in hex, a part of many that were made at once. */
function randomHex(bytes: number): string {
  const length = bytes * 2;
  if (used + length > digits.length) {
    digits = randomBytes(2048).toString('hex');
    used = 0;
  }
  used += length;
  return digits.slice(used - length, used);
}
