import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { expect, test } from 'vitest';
import { openConnection, sendRaw, startTestGateway, until } from './testing/gateway.ts';

const METRICS_TOKEN = 'a-token-of-the-metrics';
const origin = 'https://app.example.com';
const paths = {
  customer: {
    '/api/customers': { get: { deadline: 15_000 }, post: {} },
    '/api/customers/{id}': { get: {} },
    '/rest/v1/customers/{id}': { get: {} },
  },
};
const host = 'Host: a\r\n';
const body = '{"full_name":"Some One"}';
const bodyHeader = `Content-Length: ${body.length}\r\n`;

/** Starts a gateway whose customer service is full with one request, which the test ends. */
async function startFull() {
  const held: ServerResponse[] = [];
  const gateway = await startTestGateway({
    paths,
    limits: { maxInFlight: 1 },
    settings: { METRICS_TOKEN, CORS_ORIGINS: origin },
    serve: { customer: (_req, res) => void held.push(res) },
  });
  const first = gateway.callSignedIn({ path: '/api/customers' });
  first.catch(() => {}); // a test may fail before its end
  await until(() => held.length === 1, 'a request in progress');
  const finish = async () => {
    held[0]?.end('{}');
    expect((await first).status).toBe(200);
  };
  return { gateway, finish };
}

/** Parses the complete responses that a connection received. */
function readResponses(received: string) {
  const responses: { status: string; headers: Record<string, string>; body: string }[] = [];
  for (let rest = received; rest !== '';) {
    const end = rest.indexOf('\r\n\r\n');
    if (end < 0) break;
    const [status = '', ...lines] = rest.slice(0, end).split('\r\n');
    const headers = Object.fromEntries(lines.map((line) => line.split(': ') as [string, string]));
    const length = Number(headers['Content-Length'] ?? headers['content-length']);
    if (rest.length < end + 4 + length) break;
    responses.push({ status, headers, body: rest.slice(end + 4, end + 4 + length) });
    rest = rest.slice(end + 4 + length);
  }
  return responses;
}

/** Sends requests on one connection, each after the response to the one before. */
async function exchange(port: number, requests: readonly string[]) {
  const connection = openConnection(port);
  for (const [index, request] of requests.entries()) {
    connection.send(request);
    await until(() => readResponses(connection.received()).length > index, `response ${index + 1}`);
  }
  return readResponses(connection.received());
}

const securityHeaders = {
  'Content-Security-Policy': "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'Strict-Transport-Security': 'max-age=31536000',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
};

test('a refusal has the headers and the body of every problem document, and nothing else', async () => {
  const { gateway, finish } = await startFull();
  const request_id = randomUUID();
  const request = (more = '') => `GET /api/customers/1 HTTP/1.1\r\n${host}${more}\r\n`;
  const [refused, ofOrigin, legacy] = await exchange(gateway.port, [
    request(`X-Request-Id: ${request_id}\r\n`),
    request(`Origin: ${origin}\r\n`),
    request().replace('/api/', '/rest/v1/'),
  ]);

  expect(refused?.status).toBe('HTTP/1.1 503 Service Unavailable');
  const problem = JSON.parse(refused?.body ?? '') as Record<string, unknown>;
  const common = {
    ...securityHeaders,
    Vary: 'Origin',
    'Cache-Control': 'no-store',
    'Content-Type': 'application/problem+json; charset=utf-8',
    'Retry-After': '1',
    'X-Request-Id': expect.stringMatching(/^[\w-]{36}$/),
    Date: expect.stringMatching(/ GMT$/),
    Connection: 'keep-alive',
  };
  expect(refused?.headers).toEqual({
    ...common,
    'X-Request-Id': request_id,
    'Content-Length': String(refused?.body.length),
  });
  const expected = {
    type: 'urn:clientela:problem:overloaded',
    title: 'Service unavailable',
    status: 503,
    detail: 'Too many requests are in progress; retry later',
    error_code: 'OVERLOADED',
    timestamp: expect.any(String),
    errors: [],
  };
  expect(problem).toEqual({ ...expected, request_id });
  expect(Math.abs(Date.parse(String(problem['timestamp'])) - Date.now())).toBeLessThan(60_000);

  expect(ofOrigin?.headers).toEqual({
    ...common,
    'Content-Length': String(ofOrigin?.body.length),
    'Access-Control-Allow-Origin': origin,
    'Access-Control-Expose-Headers': expect.stringContaining('Retry-After'),
  });
  expect(JSON.parse(legacy?.body ?? '')).toEqual({
    success: false,
    message: expected.detail,
    ...expected,
    request_id: legacy?.headers['X-Request-Id'],
  });
  await finish();
});

test('is the response that the app would send', async () => {
  const { gateway, finish } = await startFull();
  const anyId = (text: string) => text.replaceAll(/[0-9a-f-]{36}|\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'any');
  for (const path of ['/api/customers', '/api/customers/']) {
    const post = (more: string) => `POST ${path} HTTP/1.1\r\n${host}Origin: ${origin}\r\n${more}${bodyHeader}\r\n`;
    // The app handles a client that waits for 100 Continue.
    const [app] = await exchange(gateway.port, [post('Expect: 100-continue\r\n')]);
    const [refused] = await exchange(gateway.port, [post('') + body]);
    expect(anyId(refused?.body ?? '')).toBe(anyId(app?.body ?? ''));
    const withoutId = ({ headers }: NonNullable<typeof app>) => ({ ...headers, 'X-Request-Id': '', Date: '' });
    expect(refused && withoutId(refused)).toEqual(app && withoutId(app));
  }
  await finish();
});

test('refusals are counted, and logged once a second', async () => {
  const { gateway, finish } = await startFull();
  const series = [
    'clientela_gateway_rejections_total{reason="overloaded"}',
    'http_server_request_duration_seconds_count{service="gateway",method="GET",route="/api/customers/{id}",status="503"}',
    'http_server_request_duration_seconds_count{service="gateway",method="POST",route="/api/customers",status="503"}',
  ];
  const count = async () => {
    const { text } = await gateway.call({ path: '/metrics', headers: { Authorization: `Bearer ${METRICS_TOKEN}` } });
    return series.map((name) =>
      Number(
        text
          .split('\n')
          .find((line) => line.startsWith(`${name} `))
          ?.split(' ')[1] ?? 0,
      ),
    );
  };
  const before = await count();
  const read = `GET /api/customers/1 HTTP/1.1\r\n${host}\r\n`;
  const write = `POST /api/customers HTTP/1.1\r\n${host}${bodyHeader}\r\n${body}`;
  expect(await exchange(gateway.port, [read, write, read, read])).toHaveLength(4);
  const after = await count();
  expect(after.map((value, index) => value - (before[index] ?? 0))).toEqual([4, 3, 1]);

  const lines = () => gateway.logLines.filter(({ msg }) => msg === 'overloaded');
  const logged = () => lines().reduce((sum, { refused }) => sum + Number(refused), 0);
  await until(() => logged() === 4, 'the lines of the refusals');
  expect(lines()[0]).toMatchObject({ level: 'warn', status: 503, error_type: 'OVERLOADED' });
  expect(gateway.logLines.filter(({ status, route }) => status === 503 && route !== '/ready' && route)).toEqual([]);
  await finish();
});

test('a connection goes on after a refusal, whose body is read, and its responses stay in order', async () => {
  const { gateway, finish } = await startFull();
  const head = `POST /api/customers HTTP/1.1\r\n${host}${bodyHeader}\r\n`;
  const health = `GET /health HTTP/1.1\r\n${host}\r\n`;
  const connection = openConnection(gateway.port);
  const statuses = () => readResponses(connection.received()).map(({ status }) => status.slice(9, 12));
  connection.send(head + body + health + head + body);
  await until(() => statuses().length === 3, 'pipelined responses');
  connection.send(head);
  await until(() => statuses().length === 4, 'a refusal before the body has arrived');
  connection.send(body + health);
  await until(() => statuses().length === 5, 'a response after the late body');
  expect(statuses()).toEqual(['503', '200', '503', '503', '200']);
  await finish();
});

test('what is no request to a route of the busy service is handled as ever', async () => {
  const { gateway, finish } = await startFull();
  const closing = 'Connection: close\r\n';
  const cases: [status: string, request: string][] = [
    ['404', `GET /nowhere HTTP/1.1\r\n${host}${closing}\r\n`],
    ['405', `DELETE /api/customers HTTP/1.1\r\n${host}${closing}\r\n`],
    ['400', `GET /api/customers HTTP/1.1\r\n${host}${host}${closing}\r\n`],
    ['400', `GET /api/customers/%ff HTTP/1.1\r\n${host}${closing}\r\n`],
    ['204', `OPTIONS /api/customers HTTP/1.1\r\n${host}${closing}\r\n`],
    ['200', `GET /ready HTTP/1.1\r\n${host}${closing}\r\n`],
    ['503', `GET /api/customers HTTP/1.1\r\n${host}Upgrade: h2c\r\nConnection: Upgrade\r\n\r\n`],
    ['503', `GET /api/customers HTTP/1.0\r\n\r\n`],
  ];
  for (const [status, request] of cases) {
    const response = await sendRaw(gateway.port, request);
    expect([request, response.slice(9, 12), /^connection: (.*)\r$/im.exec(response)?.[1]]).toEqual([
      request,
      status,
      'close',
    ]);
  }
  await finish();
});
