import { otlpReceiver, testTraceSettings } from '@clientela/testing';
import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { exposeMetrics } from './metrics.ts';
import type { TraceSettings } from './settings.ts';
import { formatTraceparent, parseTraceparent } from './traceparent.ts';
import {
  contextOf,
  currentSpan,
  endSpan,
  failSpan,
  inSpan,
  runAndEnd,
  startSpan,
  startTrace,
  startTracing,
  traceparent,
  type Span,
} from './tracing.ts';

const log = pino({ level: 'silent' });

/** Starts tracing for one test. `stop` sends what waits. */
async function tracing(settings: Partial<TraceSettings> = {}) {
  const receiver = await otlpReceiver();
  const close = await startTracing('test', testTraceSettings(receiver.url, settings), log);
  let isStopped = false;
  const stop = async () => {
    if (!isStopped) await close();
    isStopped = true;
  };
  onTestFinished(async () => {
    await stop();
    await receiver.close();
  });
  return { receiver, stop, names: () => receiver.spans.map(({ name }) => name) };
}
const start = (name: string, origin = {}) => startTrace(name, 'server', origin) as Span;
const never = { OTEL_TRACES_SAMPLER_ARG: 0 };
const counts = async () =>
  Object.fromEntries(
    Array.from(
      (await exposeMetrics()).text.matchAll(/clientela_trace_spans_total\{outcome="(\w+)"\} (\d+)/g),
      (match) => [match[1], Number(match[2])],
    ),
  );

test.each([
  ['00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', true],
  ['00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00', false],
  ['01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-09-later', true],
])('reads the traceparent %s', (header, isSampled) => {
  const context = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', isSampled };
  expect(parseTraceparent(header)).toEqual(context);
  expect(parseTraceparent(formatTraceparent(context))).toEqual(context);
});

test.each([
  undefined,
  '',
  ['00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'],
  '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more',
  '00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01',
  '00-00000000000000000000000000000000-b7ad6b7169203331-01',
  '00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01',
  'ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  `01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-${'x'.repeat(300)}`,
  '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01, 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
])('ignores the malformed traceparent %s', (header) => {
  expect(parseTraceparent(header)).toBeUndefined();
});

test.each([
  testTraceSettings(undefined),
  testTraceSettings('http://127.0.0.1:9', { OTEL_TRACES_SAMPLER: 'always_off' }),
])('is off without an endpoint, and with the sampler always_off: work only runs', async (settings) => {
  const close = await startTracing('test', settings, log);
  expect(startTrace('GET /', 'server', {})).toBeUndefined();
  expect(await inSpan('prepare', 'internal', async (span) => [span, currentSpan(), traceparent()])).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  await close();
});

test('exports a tree with its kinds, times, attributes, links and failures', async () => {
  const { receiver, stop } = await tracing({
    OTEL_SERVICE_NAME: 'clientela-test',
    OTEL_EXPORTER_OTLP_HEADERS: 'Authorization=Basic%20abc==, X-Tenant = t1',
  });
  const caller = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), isSampled: true };
  const before = Date.now();
  const root = start('GET /api/products', { link: caller });
  root.attributes['http.response.status_code'] = 503;
  const failure = Object.assign(new Error('of Ana'), { code: '57014' });
  await runAndEnd(root, async () => {
    await expect(inSpan('transaction', 'internal', () => Promise.reject(failure))).rejects.toBe(failure);
  });
  await stop();
  expect(receiver.headers[0]).toMatchObject({ authorization: 'Basic abc==', 'x-tenant': 't1' });
  const [child, parent] = receiver.spans;
  expect(parent).toMatchObject({
    service: 'clientela-test',
    name: 'GET /api/products',
    kind: 'server',
    parentId: '',
    hasFailed: false,
    attributes: { 'http.response.status_code': 503 },
    links: [{ traceId: caller.traceId, spanId: caller.spanId }],
  });
  expect(parent?.traceId).not.toBe(caller.traceId);
  expect(child).toMatchObject({
    traceId: parent?.traceId,
    parentId: parent?.id,
    kind: 'internal',
    hasFailed: true,
    attributes: { 'error.type': '57014' },
  });
  expect(Math.abs((parent?.start ?? 0) - before)).toBeLessThan(1000);
  expect(parent?.end).toBeGreaterThanOrEqual(child?.end ?? Infinity);
  expect(receiver.bytes().includes('of Ana')).toBe(false);
});

test('goes on with a caller’s trace and decision; an event follows its cause in the same trace without a parent', async () => {
  const { receiver, stop } = await tracing(never);
  const caller = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), isSampled: true };
  endSpan(start('child', { parent: caller }));
  endSpan(start('consumer', { follows: caller }));
  endSpan(start('not sampled', { parent: { ...caller, isSampled: false } }));
  await stop();
  const link = { traceId: caller.traceId, spanId: caller.spanId };
  expect(receiver.spans).toMatchObject([
    { name: 'child', traceId: caller.traceId, parentId: caller.spanId, links: [] },
    { name: 'consumer', traceId: caller.traceId, parentId: '', links: [link] },
  ]);
});

test('keeps what failed or took more than a second although it was not sampled, with at most 64 spans; nothing else', async () => {
  const { receiver, stop } = await tracing(never);
  endSpan(start('fast'));
  const failing = start('failing');
  for (let count = 0; count < 100; count += 1) endSpan(startSpan(`statement ${count}`, 'client', failing) as Span);
  failSpan(failing, 'INTERNAL_ERROR');
  endSpan(failing);
  const slow = start('slow');
  Object.assign(slow, { start: slow.start - 1001 });
  endSpan(slow);
  const stream = start('stream');
  Object.assign(stream, { start: stream.start - 60_000 });
  endSpan(stream, { isStream: true });
  await stop();
  const names = receiver.spans.map(({ name }) => name);
  expect(names.slice(0, 63)).toEqual(Array.from({ length: 63 }, (_, count) => `statement ${count}`));
  expect(names.slice(63)).toEqual(['failing', 'slow']);
  expect(receiver.spans.slice(63).map(({ attributes }) => attributes['clientela.kept'])).toEqual(['error', 'slow']);
});

test('samples the share of traces that the settings say', async () => {
  const { receiver, stop } = await tracing({ OTEL_TRACES_SAMPLER_ARG: 0.1 });
  for (let count = 0; count < 2000; count += 1) endSpan(start('GET /'));
  await stop();
  expect(receiver.spans.length).toBeGreaterThan(120);
  expect(receiver.spans.length).toBeLessThan(280);
});

test('writes the flag of the trace into traceparent', async () => {
  await tracing({ OTEL_TRACES_SAMPLER: 'parentbased_always_off' });
  const root = start('GET /');
  expect(traceparent(root)).toBe(`00-${root.trace.id}-${root.id}-00`);
  expect(contextOf(root).isSampled).toBe(false);
});

test('drops spans beyond the queue and those that are not accepted, counts both, and stops within two seconds', async () => {
  const { receiver, stop } = await tracing();
  const before = await counts();
  receiver.respond(() => {}); // hangs
  for (let count = 0; count < 5000; count += 1) endSpan(start('GET /'));
  await expect.poll(() => receiver.spans.length).toBe(512);
  await stop();
  const { dropped = 0, failed = 0 } = await counts();
  expect(failed).toBe(before['failed'] ?? 0); // else it has waited the 10 s after which a batch is lost
  expect(dropped - (before['dropped'] ?? 0)).toBe(5000 - 2048 - 512);
});
