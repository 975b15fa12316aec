import { otlpReceiver, testTraceSettings, type ReceivedSpan } from '@clientela/testing';
import { startTracing, type TraceSettings } from '@clientela/runtime';
import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { echo, startTestGateway, unusedUrl } from './testing/gateway.ts';

const path = '/api/products/{product_id}';
const paths = { product: { [path]: { get: {}, post: {} } } };
const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const callerTrace = traceparent.slice(3, 35);
const never = { OTEL_TRACES_SAMPLER_ARG: 0 };

/** Starts tracing and a gateway. `spans` ends both and returns what was exported. */
async function tracedGateway(
  settings: Partial<TraceSettings> = {},
  options: Parameters<typeof startTestGateway>[0] = {},
) {
  const receiver = await otlpReceiver();
  const stop = await startTracing('gateway', testTraceSettings(receiver.url, settings), pino({ level: 'silent' }));
  const gateway = await startTestGateway({ paths, ...options });
  onTestFinished(async () => {
    await stop();
    await receiver.close();
  });
  const spans = async (): Promise<ReceivedSpan[]> => {
    await gateway.close();
    await stop();
    return receiver.spans;
  };
  return { ...gateway, receiver, spans };
}

test('traces a request and its hop, which the service continues; the log names the trace', async () => {
  const gateway = await tracedGateway();
  const { status, headers } = await gateway.callSignedIn({ path: '/api/products/Canary?search=Canary' });
  expect(status).toBe(200);
  const sent = gateway.reached[0]?.headers['traceparent'];
  const [hop, root] = await gateway.spans();
  expect(root).toMatchObject({
    name: `GET ${path}`,
    kind: 'server',
    parentId: '',
    hasFailed: false,
    attributes: {
      'http.request.method': 'GET',
      'http.route': path,
      'http.response.status_code': 200,
      'clientela.request_id': headers['x-request-id'],
    },
  });
  expect(hop).toMatchObject({
    name: 'GET product',
    kind: 'client',
    parentId: root?.id,
    attributes: { 'server.address': 'product', 'http.response.status_code': 200 },
  });
  expect(sent).toBe(`00-${root?.traceId}-${hop?.id}-01`);
  expect(gateway.logLines.find(({ route }) => route === path)).toMatchObject({ trace_id: root?.traceId });
  expect(gateway.receiver.bytes().includes('Canary')).toBe(false);
});

test('begins a new trace that links to the caller’s, unless TRUST_TRACEPARENT is on: then it goes on with that', async () => {
  const call = { path: '/api/products/1', headers: { traceparent } };
  const gateway = await tracedGateway();
  await gateway.callSignedIn(call);
  const [, root] = await gateway.spans();
  expect(root).toMatchObject({ links: [{ traceId: callerTrace, spanId: 'b7ad6b7169203331' }], parentId: '' });
  expect(root?.traceId).not.toBe(callerTrace);

  const trusting = await tracedGateway(never, { settings: { TRUST_TRACEPARENT: 'on' } });
  await trusting.callSignedIn(call);
  await trusting.callSignedIn({ ...call, headers: { traceparent: 'malformed' } });
  expect(await trusting.spans()).toMatchObject([
    { name: 'GET product', traceId: callerTrace },
    { name: `GET ${path}`, traceId: callerTrace, parentId: 'b7ad6b7169203331', links: [] },
  ]);
});

test('keeps a failed request although it was not sampled, and says so to no service; a rejected one is not kept', async () => {
  const gateway = await tracedGateway(never, {
    serve: { product: (req, res) => (req.method === 'POST' ? void res.writeHead(500).end() : echo(req, res)) },
  });
  await gateway.callSignedIn({ path: '/api/products/1' });
  await gateway.call({ path: '/api/products/1' }); // 401
  await gateway.callSignedIn({ method: 'POST', path: '/api/products/1' });
  expect(gateway.reached.map(({ headers }) => headers['traceparent']?.slice(-3))).toEqual(['-00', '-00']);
  expect(await gateway.spans()).toMatchObject([
    { name: 'POST product', hasFailed: true, attributes: { 'error.type': '500' } },
    { name: `POST ${path}`, hasFailed: true, attributes: { 'error.type': '500', 'clientela.kept': 'error' } },
  ]);
});

test('traces a hop that failed with its reason, and each attempt of one that was sent again', async () => {
  const [gone, other] = [await unusedUrl(), await unusedUrl()];
  const gateway = await tracedGateway({}, { urls: { product: `${gone},${other}` } });
  expect((await gateway.callSignedIn({ path: '/api/products/1' })).status).toBe(503);
  expect(gateway.logLines.find(({ route }) => route === path)).toMatchObject({ error_type: 'SERVICE_UNAVAILABLE' });
  expect(await gateway.spans()).toMatchObject([
    { name: 'GET product', hasFailed: true, attributes: { 'error.type': 'ECONNREFUSED' } },
    { name: 'GET product', hasFailed: true, attributes: { 'error.type': 'ECONNREFUSED', 'http.resend_count': 1 } },
    { name: `GET ${path}`, hasFailed: true, attributes: { 'error.type': 'SERVICE_UNAVAILABLE' } },
  ]);
});

test('sends no traceparent, a client’s neither, and logs no trace when tracing is off', async () => {
  const gateway = await startTestGateway({ paths });
  await gateway.callSignedIn({ path: '/api/products/1', headers: { traceparent } });
  expect(gateway.reached[0]?.headers['traceparent']).toBeUndefined();
  await gateway.close();
  expect(gateway.logLines.find(({ route }) => route === path)).not.toHaveProperty('trace_id');
});
