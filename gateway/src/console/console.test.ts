import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { brotliCompressSync, brotliDecompressSync, gzipSync } from 'node:zlib';
import { expect, onTestFinished, test } from 'vitest';
import { session_id, signingKey, signToken, startTestGateway, user_id } from '../testing/gateway.ts';

const script = 'console.info(1);\n'.repeat(50);

/** Makes the folder of a built console. */
function builtConsole({ isBuilt = true } = {}): { folder: string; build: () => void; remove: () => void } {
  const folder = join(mkdtempSync(join(tmpdir(), 'clientela-console-')), 'built');
  const remove = () => rmSync(folder, { recursive: true, force: true });
  const build = () => {
    mkdirSync(join(folder, 'assets'), { recursive: true });
    writeFileSync(join(folder, 'index.html'), '<!doctype html><title>Clientela</title>');
    writeFileSync(join(folder, 'assets/index-a1b2.js'), script);
    writeFileSync(join(folder, 'assets/index-a1b2.js.br'), brotliCompressSync(script));
    writeFileSync(join(folder, 'assets/index-a1b2.js.gz'), gzipSync(script));
    writeFileSync(join(folder, 'assets/secret.env'), 'SECRET=1');
  };
  if (isBuilt) build();
  onTestFinished(remove);
  return { folder, build, remove };
}

const user = { id: user_id, email: 'ana@example.com' };
const paths = {
  auth: {
    '/auth/login': { post: { open: true, deadline: 15_000, address_rate_limit: 'login' } },
    '/auth/login/mfa': { post: { open: true, address_rate_limit: 'login' } },
    '/auth/refresh': { post: { open: true } },
    '/auth/logout': { post: {} },
  },
};

type Responder = (
  req: IncomingMessage,
  body: string,
) => [status: number, body: object, headers?: Record<string, string>];
const responding =
  (respond: Responder): RequestListener =>
  (req, res) =>
    void text(req).then((body) => {
      const [status, content, headers] = respond(req, body);
      const type = status < 400 ? 'application/json' : 'application/problem+json';
      res.writeHead(status, { 'Content-Type': type, 'Set-Cookie': 'evil=1', ...headers }).end(JSON.stringify(content));
    });

async function startConsole(
  options: {
    folder?: string;
    respond?: Responder;
    settings?: Record<string, string>;
    key?: ReturnType<typeof signingKey>;
  } = {},
) {
  const bodies: string[] = [];
  const respond: Responder = options.respond ?? (() => [200, {}]);
  const gateway = await startTestGateway({
    paths,
    serve: {
      auth: responding((req, body) => {
        bodies.push(body);
        return respond(req, body);
      }),
    },
    settings: { CONSOLE_FOLDER: options.folder ?? builtConsole().folder, ...options.settings },
    ...(options.key && { keys: { keys: [options.key.jwk] } }),
  });
  const send = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
    gateway.call({
      method,
      path,
      headers: { 'Content-Type': 'application/json', 'Sec-Fetch-Site': 'same-origin', ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  return { ...gateway, send, bodies };
}

const signedIn = (refresh_token = 'r1.secret'): ReturnType<Responder> => [
  200,
  { message: 'Signed in', access_token: 'a1', refresh_token, token_type: 'Bearer', expires_in: 900, user },
];

test('serves the files of the console as immutable and compressed, and its page for every other path, from memory', async () => {
  const built = builtConsole();
  const gateway = await startConsole({ folder: built.folder });
  const page = await gateway.call({ path: '/console' });
  built.remove(); // a file that is gone, or no descriptor left, must not end the gateway
  expect(page).toMatchObject({
    status: 200,
    text: '<!doctype html><title>Clientela</title>',
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-cache',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    },
  });
  expect(page.headers['content-security-policy']).toBe(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types clientela-none; report-uri /console/csp-reports",
  );
  expect(page.headers['access-control-allow-origin']).toBeUndefined();
  for (const path of ['/console/', '/console/customers/1?tab=notes', '/console/index.html', '/console/%2e%2e/x'])
    expect((await gateway.call({ path })).text, path).toBe(page.text);
  const headers = { 'If-None-Match': String(page.headers.etag) };
  expect(await gateway.call({ path: '/console/team', headers })).toMatchObject({ status: 304, text: '' });

  const path = '/console/assets/index-a1b2.js';
  const plain = await gateway.call({ path });
  expect(plain).toMatchObject({
    status: 200,
    text: script,
    headers: {
      'cache-control': 'public, max-age=31536000, immutable',
      'content-type': 'text/javascript; charset=utf-8',
      vary: 'Accept-Encoding',
    },
  });
  const gzip = await gateway.call({ path, headers: { 'Accept-Encoding': 'gzip' } });
  expect(gzip.headers).toMatchObject({ 'content-encoding': 'gzip', 'content-length': String(gzipSync(script).length) });
  const response = await fetch(`http://127.0.0.1:${gateway.port}${path}`, {
    headers: { 'Accept-Encoding': 'gzip, br' },
  });
  expect([response.headers.get('content-encoding'), await response.text()]).toEqual(['br', script]);
  expect(brotliDecompressSync(brotliCompressSync(script)).toString()).toBe(script);
  expect(await gateway.call({ method: 'HEAD', path })).toMatchObject({ status: 200, text: '' });

  for (const missing of ['/console/assets/index-old.js', '/console/assets/secret.env', '/console/assets/..%2findex.js'])
    expect((await gateway.call({ path: missing })).status, missing).toBe(404);
  expect((await gateway.call({ path: '/consoles' })).status).toBe(404);
  for (const method of ['POST', 'PUT', 'DELETE'])
    expect(await gateway.call({ method, path })).toMatchObject({
      status: 405,
      headers: { allow: 'GET, HEAD, OPTIONS' },
    });
  expect(gateway.reached).toEqual([]);
});

test('answers 503 with a page that reloads itself until the console is built, and CONSOLE=off removes it', async () => {
  const built = builtConsole({ isBuilt: false });
  const gateway = await startConsole({ folder: built.folder });
  const waiting = await gateway.call({ path: '/console/customers' });
  expect(waiting).toMatchObject({ status: 503, headers: { 'retry-after': '1', 'cache-control': 'no-store' } });
  expect(waiting.text).toContain('<meta http-equiv="refresh" content="1">');
  built.build();
  expect((await gateway.call({ path: '/console/customers' })).status).toBe(200);

  const html = { Accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };
  expect(await gateway.call({ headers: html })).toMatchObject({ status: 303, headers: { location: '/console' } });
  expect((await gateway.call({ headers: { Accept: '*/*' } })).json).toMatchObject({ service: 'gateway' });

  const off = await startConsole({ folder: built.folder, settings: { CONSOLE: 'off' } });
  expect((await off.call({ headers: html })).json).toMatchObject({ service: 'gateway' });
  for (const path of ['/console', '/console/session', '/console/assets/index-a1b2.js'])
    expect((await off.send('GET', path)).status, path).toBe(404);
  expect((await off.send('POST', '/console/session', {})).status).toBe(404);
});

test('counts reports of the content security policy, and keeps nothing of them', async () => {
  const token = 'm'.repeat(32);
  const gateway = await startConsole({ settings: { METRICS_TOKEN: token, RATE_LIMIT_IP_PER_MINUTE: '3' } });
  const count = async () => {
    const metrics = await gateway.call({ path: '/metrics', headers: { Authorization: `Bearer ${token}` } });
    return Number(/^clientela_csp_violations_total (\d+)/m.exec(metrics.text)?.[1]);
  };
  const before = await count();
  const report = { 'csp-report': { 'blocked-uri': 'https://evil.example/canary' } };
  const statuses = [];
  for (let sent = 0; sent < 4; sent += 1) {
    const headers = { 'Content-Type': 'application/csp-report' };
    statuses.push((await gateway.send('POST', '/console/csp-reports', report, headers)).status);
  }
  expect(statuses).toEqual([204, 204, 204, 429]);
  expect((await count()) - before).toBe(3);
  expect(JSON.stringify(gateway.logLines)).not.toContain('canary');
});

test('signs in: the refresh token goes into a cookie that no script reads, and never into the body', async () => {
  const gateway = await startConsole({ respond: () => signedIn() });
  const credentials = { email: 'ana@example.com', password: 'correct horse battery' };
  const plain = await gateway.send('POST', '/console/session', credentials, {
    Cookie: 'other=1',
    'Accept-Language': 'ro',
    'User-Agent': 'Firefox',
    'X-Service-Key': 'forged',
  });
  expect(plain.status).toBe(200);
  expect(plain.json).toEqual({
    message: 'Signed in',
    access_token: 'a1',
    token_type: 'Bearer',
    expires_in: 900,
    user,
    idle_minutes: null,
  });
  expect(plain.headers['set-cookie']).toEqual([
    'clientela=r1.secret; Path=/; Max-Age=2592000; HttpOnly; SameSite=Strict',
  ]);
  expect(plain.headers).toMatchObject({ 'cache-control': 'no-store' });
  expect(plain.headers['access-control-allow-origin']).toBeUndefined();
  const [asked] = gateway.reached;
  expect(asked).toMatchObject({ method: 'POST', url: '/auth/login' });
  expect(JSON.parse(gateway.bodies[0] ?? '')).toEqual(credentials);
  expect(asked?.headers).toMatchObject({
    'accept-language': 'ro',
    'user-agent': 'Firefox',
    'x-client-ip': '127.0.0.1',
    'x-request-id': plain.headers['x-request-id'],
    'x-service-key': gateway.serviceKey,
  });
  expect(asked?.headers.cookie).toBeUndefined();
  expect(JSON.stringify(gateway.logLines)).not.toMatch(/r1\.secret|ana@example/);

  // Behind TLS: said by the origin of the page, or by a trusted proxy.
  const secured = '__Host-clientela=r1.secret; Path=/; Max-Age=2592000; HttpOnly; SameSite=Strict; Secure';
  const byOrigin = await gateway.send('POST', '/console/session', credentials, { Origin: 'https://crm.example.com' });
  expect(byOrigin.headers['set-cookie']).toEqual([secured]);
  const proxied = await startConsole({ respond: () => signedIn(), settings: { TRUST_PROXY: '1' } });
  const forwarded = await proxied.send('POST', '/console/session', credentials, { 'X-Forwarded-Proto': 'https' });
  expect(forwarded.headers['set-cookie']).toEqual([secured]);
});

test('passes on what auth rejects, a second factor too, and is limited as the sign-in is', async () => {
  const problem = { error_code: 'MFA_REQUIRED', mfa_token: 'm1' };
  const gateway = await startConsole({
    settings: { LOGIN_RATE: '3/minute' },
    respond: (req) => (req.url === '/auth/login' ? [401, problem, { 'Retry-After': '7' }] : signedIn()),
  });
  const rejected = await gateway.send('POST', '/console/session', { email: 'a@example.com', password: 'x' });
  expect(rejected).toMatchObject({ status: 401, json: problem, headers: { 'retry-after': '7' } });
  expect(rejected.headers['set-cookie']).toBeUndefined();
  const body = { mfa_token: 'm1', code: '123456' };
  const second = await gateway.send('POST', '/console/session/mfa', body);
  expect([second.status, second.json['refresh_token']]).toEqual([200, undefined]);
  expect(second.headers['set-cookie']?.[0]).toContain('clientela=r1.secret;');
  expect(gateway.reached.map(({ url }) => url)).toEqual(['/auth/login', '/auth/login/mfa']);
  // Auth of this test has no invitations.
  expect((await gateway.send('POST', '/console/session/invitation', {})).status).toBe(404);

  const large = await gateway.send('POST', '/console/session', { password: 'x'.repeat(20_000) });
  expect(large.status).toBe(413);
  expect((await gateway.send('POST', '/console/session', {})).status).toBe(429);
  expect(gateway.reached).toHaveLength(2);
});

test.for([
  ['a page of another site', { 'Sec-Fetch-Site': 'cross-site' }, 403],
  ['a page of another subdomain', { 'Sec-Fetch-Site': 'same-site', Origin: 'https://evil.example.com' }, 403],
  ['an address that somebody typed', { 'Sec-Fetch-Site': 'none' }, 403],
  ['an older browser with another origin', { Origin: 'https://evil.example' }, 403],
  ['an older browser with an origin that is no URL', { Origin: 'null' }, 403],
  ['a client without any of both headers', {}, 403],
  ['a form, which can send no JSON', { 'Sec-Fetch-Site': 'same-origin', 'Content-Type': 'text/plain' }, 415],
  ['an older browser of this origin', { Host: 'crm.example', Origin: 'https://crm.example' }, 200],
] as const)('of %s the session takes nothing but its own', async ([, headers, status]) => {
  const gateway = await startConsole({ respond: () => signedIn(), settings: { LOGIN_RATE: '1/minute' } });
  const requests = [['POST', '/console/session/refresh']];
  if (status !== 200) requests.push(['POST', '/console/session'], ['DELETE', '/console/session']);
  for (const [method = '', path = ''] of requests) {
    const cookie = { Cookie: 'clientela=r0.secret; __Host-clientela=r0.secret' };
    const all = { 'Content-Type': 'application/json', ...cookie, ...headers };
    const response = await gateway.call({ method, path, headers: all, body: '{}' });
    expect([method, path, response.status]).toEqual([method, path, status]);
    if (status !== 200) expect(response.headers['set-cookie']).toBeUndefined();
  }
  expect(gateway.reached).toHaveLength(status === 200 ? 1 : 0);
  // The refused requests did not count as sign-ins of this address.
  if (status !== 200) expect((await gateway.send('POST', '/console/session', {})).status).toBe(200);
});

test('refreshes by the cookie, replaces it, and drops one that auth rejects', async () => {
  let isAccepted = true;
  const gateway = await startConsole({
    respond: () => (isAccepted ? signedIn('r2.secret') : [401, { error_code: 'UNAUTHENTICATED' }]),
  });
  const none = { status: 200, json: { message: 'Not signed in', access_token: null } };
  expect(await gateway.send('POST', '/console/session/refresh', {})).toMatchObject(none);
  const cookie = { Cookie: 'theme=dark; clientela=r1.secret' };
  const renewed = await gateway.send('POST', '/console/session/refresh', {}, cookie);
  expect([renewed.status, renewed.json['access_token'], renewed.text.includes('r2.secret')]).toEqual([
    200,
    'a1',
    false,
  ]);
  expect(renewed.headers['set-cookie']?.[0]).toContain('clientela=r2.secret;');
  expect(JSON.parse(gateway.bodies[0] ?? '')).toEqual({ refresh_token: 'r1.secret' });

  isAccepted = false;
  const ended = await gateway.send('POST', '/console/session/refresh', {}, cookie);
  expect([ended.status, ended.headers['set-cookie']?.[0]]).toEqual([
    401,
    expect.stringContaining('clientela=; Path=/; Max-Age=0'),
  ]);
  const forged = await gateway.send('POST', '/console/session/refresh', {}, { Cookie: 'clientela=a"b' });
  expect(forged).toMatchObject(none);
});

test('says after how many idle minutes the console signs out; the cookie outlives them by ten minutes only', async () => {
  const gateway = await startConsole({ respond: () => signedIn(), settings: { CONSOLE_IDLE_MINUTES: '15' } });
  const cookie = { Cookie: 'clientela=r1.secret' };
  for (const path of ['', '/mfa', '/refresh']) {
    const response = await gateway.send('POST', `/console/session${path}`, {}, cookie);
    expect([path, response.status, response.json['idle_minutes']]).toEqual([path, 200, 15]);
    expect(response.headers['set-cookie']).toEqual([
      'clientela=r1.secret; Path=/; Max-Age=1500; HttpOnly; SameSite=Strict',
    ]);
  }
});

test('keeps the cookie while auth is away', async () => {
  const gateway = await startConsole({ respond: () => [503, { error_code: 'OVERLOADED' }, { 'Retry-After': '1' }] });
  const cookie = { Cookie: 'clientela=r1.secret' };
  const response = await gateway.send('POST', '/console/session/refresh', {}, cookie);
  expect(response).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
  expect(response.headers['set-cookie']).toBeUndefined();
});

test('signs out: auth ends the session of the cookie, and the browser drops it in any case', async () => {
  const key = signingKey();
  let isAway = false;
  const gateway = await startConsole({
    key,
    respond: (req) => {
      if (isAway) return [503, {}];
      if (req.url === '/auth/logout') return [200, { message: 'Signed out' }];
      const [status, body] = signedIn('r2.secret');
      return [status, { ...body, access_token: signToken(key) }];
    },
  });
  const cookie = { Cookie: 'clientela=r1.secret' };
  const dropped = [expect.stringContaining('clientela=; Path=/; Max-Age=0; HttpOnly')];
  const ended = await gateway.send('DELETE', '/console/session', undefined, cookie);
  expect(ended).toMatchObject({ status: 200, json: { message: 'Signed out', session_ended: true } });
  expect(ended.headers['set-cookie']).toEqual(dropped);
  expect(gateway.reached[1]).toMatchObject({
    method: 'POST',
    url: '/auth/logout',
    headers: { 'x-user-id': user_id, 'x-session-id': session_id, 'x-user-role': 'admin' },
  });

  isAway = true;
  const local = await gateway.send('DELETE', '/console/session', undefined, cookie);
  expect(local).toMatchObject({ status: 200, json: { session_ended: false }, headers: { 'set-cookie': dropped } });
  expect(await gateway.send('DELETE', '/console/session')).toMatchObject({
    status: 200,
    json: { session_ended: true },
  });
});
