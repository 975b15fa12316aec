import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { peers } from '@clientela/fleet';
import { describe, expect, test } from 'vitest';
import { client, newCompany, fleetTest, type Client, type TestFleet } from '../testing/test-fleet.ts';

let fleet: TestFleet;
let admin: Client & { user: { business_id: string; id: string } };

fleetTest.beforeAll(async ({ defaultFleet }) => {
  fleet = defaultFleet;
  admin = await newCompany(fleet.url);
});

const uuid = expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/);
const instant = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

describe('a new user', () => {
  test('registers, signs in and uses every service through the gateway', async () => {
    const anonymous = client(fleet.url);
    const registered = await anonymous.post('/auth/register', {
      email: 'Ada@example.com',
      password: 'securepassword',
      name: 'Ada Lovelace',
      company_name: 'Engines',
    });
    expect(registered).toMatchObject({
      status: 201,
      body: {
        message: expect.any(String),
        user: {
          id: uuid,
          email: 'Ada@example.com',
          role: 'admin',
          company_id: expect.stringMatching(/^COMP-\d{3}$/),
          first_name: 'Ada',
        },
      },
    });
    const signedIn = await anonymous.post('/auth/login', { email: 'ada@example.com', password: 'securepassword' });
    expect(signedIn).toMatchObject({
      status: 200,
      body: {
        token_type: 'Bearer',
        expires_in: 900,
        user: registered.body.user.id ? { id: registered.body.user.id } : {},
      },
    });
    const ada = client(fleet.url, signedIn.body.access_token);
    expect((await ada.get('/auth/me')).body.user).toMatchObject({ id: registered.body.user.id, last_login: instant });

    const created = await ada.post('/api/customers', {
      full_name: 'Grace Hopper',
      email: 'grace@example.com',
      phone: '+34 600 11 22 33',
    });
    expect(created).toMatchObject({
      status: 201,
      body: {
        message: expect.any(String),
        customer: {
          id: uuid,
          number: expect.any(Number),
          business_id: registered.body.user.business_id,
          full_name: 'Grace Hopper',
          phone: '+34600112233',
          status: 'active',
          type: 'regular',
          is_active: true,
          preferences: { newsletter: false, notifications: true, language: 'en' },
          total_orders: 0,
          lifetime_value: '0.00',
          currency: 'EUR',
          created_at: instant,
        },
      },
    });
    const { customer } = created.body;
    const at = `/api/customers/${customer.id}`;
    expect((await ada.get(`/api/customers/?search=HOPPER&per_page=5`)).body).toEqual({
      customers: [customer],
      total: 1,
      page: 1,
      pages: 1,
      per_page: 5,
    });
    expect((await ada.get('/api/customers?search=600112')).body.total).toBe(1);
    const read = await ada.get(at);
    expect(read.body).toEqual({ customer });
    expect(read.headers.get('etag')).toBe('"1"');

    const updated = await ada.put(at, { ...customer, full_name: 'Rear Admiral Hopper' });
    expect(updated).toMatchObject({
      status: 200,
      body: { customer: { full_name: 'Rear Admiral Hopper', email: 'grace@example.com' } },
    });
    expect(await ada.delete(at)).toMatchObject({ status: 200, body: { message: expect.any(String) } });
    expect((await ada.get('/api/customers')).body.total).toBe(0);
    expect((await ada.get(at)).body.customer).toMatchObject({ is_active: false });
    expect((await ada.patch(`${at}/activate`)).body.customer).toMatchObject({ is_active: true, status: 'active' });

    const product = (await ada.post('/api/products', { name: 'Compiler', price: '1234.5', type: 'servico' })).body
      .product;
    expect(product).toMatchObject({ price: '1234.50', currency: 'EUR', type: 'service' });
    const interaction = await ada.post(`${at}/interactions`, { notes: 'Called about the compiler', type: 'call' });
    expect(interaction).toMatchObject({
      status: 201,
      body: { interaction: { customer_id: customer.id, created_by: registered.body.user.id, type: 'call' } },
    });
    expect((await ada.get(`${at}/interactions`)).body).toMatchObject({ total: 1, per_page: 15 });
    const favorite = await ada.post('/rest/v1/favorites', { user_id: customer.number, item_id: product.number });
    expect(favorite).toMatchObject({
      status: 201,
      body: { id: expect.any(Number), user_id: customer.number, item_id: product.number, created_at: instant },
    });
    expect((await ada.post('/api/favorites', { user_id: customer.number, item_id: product.number })).status).toBe(200);
    expect((await ada.get('/rest/v1/favorites')).body).toMatchObject({ count: 1 });

    expect((await ada.delete(`${at}?hard_delete=true`)).status).toBe(200);
    expect((await ada.get(at)).body).toMatchObject({ status: 404, error_code: 'CUSTOMER_NOT_FOUND' });
    await expect.poll(async () => (await ada.get('/rest/v1/favorites')).body.count).toBe(0);
    expect((await ada.get(`${at}/interactions`)).status).toBe(404);
  });

  test('the superuser signs in with the credentials of the first start', async () => {
    expect(fleet.superuser).toMatchObject({ created: true, email: expect.any(String), password: expect.any(String) });
    const { email, password } = fleet.superuser;
    const signedIn = await client(fleet.url).post('/auth/login', { email, password });
    const superuser = client(fleet.url, signedIn.body.access_token);
    const own = (await admin.post('/api/customers', { full_name: 'Seen by superuser' })).body.customer;
    expect((await superuser.get('/api/customers')).body.total).toBeGreaterThan(0);
    expect((await superuser.get(`/api/customers/${own.id}`)).status).toBe(422);
    expect((await superuser.get(`/api/customers/${own.id}?company_id=${own.business_id}`)).body.customer.id).toBe(
      own.id,
    );
    const me = (await admin.get('/auth/me')).body.user;
    expect((await superuser.get(`/api/customers/${own.id}?company_id=${me.company_id}`)).status).toBe(200);
  });

  test('leaves lines of JSON in the logs, and no warning of a library', () => {
    const logs = peers.map((peer) => readFileSync(join(fleet.folder, 'logs', `${peer}.log`), 'utf8'));
    const lines = logs.flatMap((log) => log.split('\n').filter((line) => line !== ''));
    expect(lines.length).toBeGreaterThan(peers.length);
    expect(lines.filter((line) => !line.startsWith('{'))).toEqual([]);
  });
});

describe('a customer’s records', () => {
  test('are written once, readable under every path, and recorded in the history', async () => {
    const phone = '79025163111';
    const again = { 'Idempotency-Key': 'order-4711' };
    const body = { full_name: 'Viktor Known', phone, tags: ['VIP'] };
    const responses = await Promise.all([1, 2, 3].map(() => admin.post('/api/customers/', body, again)));
    expect(responses.map(({ status }) => status)).toEqual([201, 201, 201]);
    const { customer } = responses[0]?.body ?? {};
    for (const response of responses) expect(response.body.customer).toEqual(customer);
    expect((await admin.post('/api/customers', { full_name: 'Another' }, again)).status).toBe(422);
    const at = `/api/customers/${customer.id}`;

    expect((await admin.post(`${at}/tags`, { labels: ['Prompt', 'Abroad'], priority: 2 })).status).toBe(201);
    expect((await admin.post(`${at}/notes`, { content: 'Calls in the evening.' })).status).toBe(201);
    expect((await admin.patch(`${at}/type`, { type: 'vip' })).status).toBe(200);
    const { headers } = await admin.get(at);
    const ifMatch = { 'If-Match': headers.get('etag') ?? '' };
    const suspended = { status: 'suspended', reason: 'Asked for it' };
    expect((await admin.patch(`${at}/status`, suspended, ifMatch)).status).toBe(200);
    expect((await admin.patch(`${at}/status`, { status: 'inactive' }, ifMatch)).status).toBe(412);
    expect((await admin.get(at)).body.customer).toMatchObject({
      tags: ['Abroad', 'Prompt', 'VIP'],
      type: 'vip',
      status: 'suspended',
    });

    const other = `/rest/v1/customers/${customer.number}/`;
    expect((await admin.get(other)).body).toMatchObject({ id: customer.number, phone, lastname: null });
    expect((await admin.patch(other, { phone: '65979638297' })).body).toMatchObject({ success: true });
    expect((await client(fleet.url).get(other)).body).toMatchObject({ success: false, status: 401 });

    const form = new FormData();
    const pixel = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
    form.append('file', new Blob([Buffer.from(pixel, 'base64')]), 'me.png');
    const { avatar_url } = (await admin.post(`${at}/avatar`, form)).body.customer;
    const seen = await client(fleet.url).get(avatar_url);
    expect(Object.fromEntries(seen.headers)).toMatchObject({
      'content-type': 'image/webp',
      'cache-control': 'private, max-age=300',
      'x-content-type-options': 'nosniff',
      'content-security-policy': expect.stringContaining("default-src 'none'"),
    });
    expect((await admin.delete(`${at}/avatar`)).status).toBe(200);
    expect((await client(fleet.url).get(avatar_url)).status).toBe(404);

    const operations = [
      { op: 'upsert', match_on: 'email', data: { email: 'batch@example.com', firstname: 'Ba' } },
      { op: 'upsert', match_on: 'email', data: { email: 'BATCH@example.com', firstname: 'Tch' } },
      { op: 'update', id: customer.id, data: { unknown: 1 } },
    ];
    const batch = (await admin.post('/api/customers/batch', { operations })).body;
    expect(batch.results.map(({ status }: { status: number }) => status)).toEqual([201, 200, 422]);

    const { history } = (await admin.get(`${at}/history`)).body;
    expect(history.map(({ action }: { action: string }) => action)).toEqual([
      'customer.updated',
      'customer.updated',
      'customer.updated',
      'customer.status.changed',
      'customer.updated',
      'customer.note.added',
      'customer.tag.added',
      'customer.created',
    ]);
    expect(history[3]).toMatchObject({
      actor_id: admin.user.id,
      reason: 'Asked for it',
      changes: [{ to: 'suspended' }],
    });
    expect((await admin.get(`${at}/orders`)).body).toMatchObject({ orders: [], summary: { total_orders: 0 } });
  });
});

describe('requests of legacy clients', () => {
  test('succeed with Portuguese field names and trailing slashes', async () => {
    const anonymous = client(fleet.url);
    const registered = await anonymous.post('/auth/register', {
      ds_user: 'Nome',
      ds_user_email: 'nome@example.com',
      password: 'uma senha longa',
    });
    expect(registered).toMatchObject({
      status: 201,
      body: { message: expect.any(String), user: { email: 'nome@example.com' } },
    });
    const signedIn = await anonymous.post('/auth/login', {
      ds_user_email: 'nome@example.com',
      password: 'uma senha longa',
    });
    expect(signedIn).toMatchObject({
      status: 200,
      body: { message: expect.any(String), access_token: expect.any(String), user: { id: registered.body.user.id } },
    });
    const nome = client(fleet.url, signedIn.body.access_token);

    const { customer } = (await nome.post('/api/customers/', { full_name: 'Cliente', email: 'cliente@example.com' }))
      .body;
    const list = await nome.get('/api/customers/?page=1&per_page=10&active_only=true&search=cliente');
    expect(list).toMatchObject({ status: 200, body: { customers: [{ id: customer.id }], total: 1, pages: 1 } });
    expect((await nome.get(`/api/customers/${customer.id}`)).body.customer).toEqual(customer);
    expect(await nome.put(`/api/customers/${customer.id}`, customer)).toMatchObject({
      status: 200,
      body: { message: expect.any(String), customer },
    });
    expect((await nome.put(`/api/customers/${customer.id}`, { full_name: 'Outro' })).status).toBe(200);

    const interaction = await nome.post(`/api/customers/${customer.id}/interactions/`, {
      ds_notes: 'Conversa',
      id_interaction_type: 'reuniao',
    });
    expect(interaction).toMatchObject({
      status: 201,
      body: { message: expect.any(String), interaction: { notes: 'Conversa', type: 'meeting' } },
    });
    expect(await nome.get(`/api/customers/${customer.id}/interactions/?page=1&per_page=5`)).toMatchObject({
      body: { interactions: [{ notes: 'Conversa' }], total: 1, pages: 1 },
    });

    const { product } = (await nome.post('/api/products/', { name: 'Produto', price: 10, type: 'produto' })).body;
    expect(await nome.get('/api/products/?page=1&per_page=5')).toMatchObject({
      body: { products: [{ id: product.id }], total: 1, pages: 1 },
    });
    expect((await nome.get(`/api/products/${product.id}`)).body).toEqual({ product });
    expect((await nome.put(`/api/products/${product.id}`, product)).body).toMatchObject({
      message: expect.any(String),
      product,
    });
    expect((await nome.delete(`/api/products/${product.id}`)).body).toEqual({ message: expect.any(String) });
    expect((await nome.delete(`/api/products/${product.id}?hard_delete=true`)).status).toBe(200);

    expect((await nome.delete(`/api/customers/${customer.id}`)).body).toEqual({ message: expect.any(String) });
    expect((await nome.patch(`/api/customers/${customer.id}/activate`)).body).toMatchObject({
      message: expect.any(String),
      customer: { is_active: true },
    });
    expect((await nome.delete(`/api/customers/${customer.id}?hard_delete=true`)).status).toBe(200);
  });
});

describe('a service’s own port', () => {
  test('returns 401 without the service key, whatever the identity headers', async () => {
    const claims = { 'X-User-Id': admin.user.id, 'X-User-Role': 'admin', 'X-Company-Id': admin.user.business_id };
    const routes = {
      auth: '/auth/me',
      customer: '/api/customers',
      interaction: '/api/interaction-types',
      product: '/api/products',
      favorites: '/rest/v1/favorites',
    } as const;
    for (const [service, path] of Object.entries(routes)) {
      const direct = client(`http://127.0.0.1:${fleet.ports[service as keyof typeof routes]}`, admin.token);
      expect(await direct.get(path, claims), service).toMatchObject({
        status: 401,
        body: { error_code: 'UNAUTHENTICATED' },
      });
      expect((await direct.get(path, { ...claims, 'X-Service-Key': 'A'.repeat(43) })).status).toBe(401);
      expect((await direct.get('/health')).body).toMatchObject({ status: 'healthy', service });
      expect((await direct.get('/ready')).status).toBe(200);
    }
  });

  test('rejects another service’s key, and the gateway’s key on internal routes', async () => {
    const customer = `http://127.0.0.1:${fleet.ports.customer}`;
    const key = (peer: keyof typeof fleet.secrets.serviceKeys) => ({
      'X-Service-Key': fleet.secrets.serviceKeys[peer],
    });
    const claims = { 'X-User-Id': admin.user.id, 'X-User-Role': 'admin', 'X-Company-Id': admin.user.business_id };
    expect((await client(customer).get('/api/customers', { ...claims, ...key('favorites') })).status).toBe(403);
    expect(
      (await client(customer).get(`/internal/customers/${admin.user.id}`, { ...claims, ...key('gateway') })).status,
    ).toBe(403);
    expect(
      (await client(customer).get(`/internal/customers/${admin.user.id}`, { ...claims, ...key('interaction') })).status,
    ).toBe(404);
    expect((await client(customer).get('/api/customers', { ...claims, ...key('gateway') })).status).toBe(200);
  });
});

describe('the gateway', () => {
  test('drops forged identity headers in any spelling', async () => {
    const victim = await newCompany(fleet.url);
    const { customer } = (await victim.post('/api/customers', { full_name: 'Hidden' })).body;
    const at = `/api/customers/${customer.id}`;
    const spellings = ['X-User-Id', 'x-user-id', 'X_User_Id', 'x_user-id', 'X-USER-ID'];
    for (const name of spellings) {
      const forged = {
        [name]: victim.user.id,
        'X-Company-Id': customer.business_id,
        'X-User-Role': 'superuser',
        X_Company_Id: customer.business_id,
      };
      expect((await admin.get(at, forged)).status, name).toBe(404);
      expect((await client(fleet.url).get(at, forged)).status, name).toBe(401);
      expect((await admin.get('/auth/me', forged)).body.user.id, name).toBe(admin.user.id);
    }
    for (const extra of [
      'Expect: 100-continue',
      `Connection: X-User-Id\r\nX-User-Id: ${victim.user.id}`,
      `X-User-Id: ${victim.user.id}\r\nX-User-Id: ${victim.user.id}`,
    ]) {
      const response = await raw(
        `GET ${at} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${admin.token}\r\nX-Company-Id: ${customer.business_id}\r\n${extra}\r\nConnection: close\r\n\r\n`,
      );
      expect(response, extra).toMatch(/^HTTP\/1\.1 (404|400) |\r\nHTTP\/1\.1 404 /);
      expect(response).not.toContain('Hidden');
    }
  });

  test('serves no internal route in any spelling', async () => {
    for (const path of [
      '/internal/customers/1',
      '/internal/events',
      '/%69nternal/events',
      '/api/customers/internal/create',
      '/api/customers/internal/user/x',
      '//internal/events',
      '/api/../internal/events',
      '/internal%2fevents',
    ]) {
      for (const caller of [admin, client(fleet.url)]) {
        const response = await caller.get(path);
        expect(
          response.status === 404 || (response.status === 405 && !path.startsWith('/internal')),
          `${path} ${response.status}`,
        ).toBe(true);
      }
    }
  });

  test('reports its name, version, health and readiness', async () => {
    expect((await client(fleet.url).get('/')).body).toMatchObject({
      message: expect.any(String),
      service: 'gateway',
      version: expect.any(String),
      docs_url: expect.any(String),
    });
    expect((await client(fleet.url).get('/health')).body).toMatchObject({ status: 'healthy', service: 'gateway' });
    expect(await client(fleet.url).get('/ready?all=1')).toMatchObject({ status: 200 });
  });
});

describe('another company', () => {
  test('finds none of the records: 404 on every route, absent from lists and searches', async () => {
    const stranger = await newCompany(fleet.url);
    const { customer } = (await admin.post('/api/customers', { full_name: 'Secret Agent', phone: '600 99 88 77' }))
      .body;
    const { product } = (await admin.post('/api/products', { name: 'Secret gadget', price: 1 })).body;
    await admin.post(`/api/customers/${customer.id}/interactions`, { notes: 'Secret talk', type: 'call' });
    await admin.post('/rest/v1/favorites', { user_id: customer.number, item_id: product.number });

    const attempts: [string, () => Promise<{ status: number; body: unknown }>][] = [
      ['get', () => stranger.get(`/api/customers/${customer.id}`)],
      ['put', () => stranger.put(`/api/customers/${customer.id}`, { full_name: 'Stolen' })],
      ['patch', () => stranger.patch(`/api/customers/${customer.id}`, { full_name: 'Stolen' })],
      ['delete', () => stranger.delete(`/api/customers/${customer.id}`)],
      ['hard delete', () => stranger.delete(`/api/customers/${customer.id}?hard_delete=true`)],
      ['activate', () => stranger.patch(`/api/customers/${customer.id}/activate`)],
      ['interactions', () => stranger.get(`/api/customers/${customer.id}/interactions`)],
      ['interact', () => stranger.post(`/api/customers/${customer.id}/interactions`, { notes: 'x', type: 'call' })],
      ['product', () => stranger.get(`/api/products/${product.id}`)],
      ['product put', () => stranger.put(`/api/products/${product.id}`, { name: 'Stolen' })],
      ['product patch', () => stranger.patch(`/api/products/${product.id}`, { name: 'Stolen' })],
      ['product delete', () => stranger.delete(`/api/products/${product.id}`)],
      ['product activate', () => stranger.patch(`/api/products/${product.id}/activate`)],
      ['favorite', () => stranger.post('/rest/v1/favorites', { user_id: customer.number, item_id: product.number })],
    ];
    for (const [what, attempt] of attempts) expect((await attempt()).status, what).toBe(404);
    expect((await stranger.get('/api/customers?active_only=false')).body.total).toBe(0);
    expect((await stranger.get('/api/customers?search=secret')).body.total).toBe(0);
    expect((await stranger.get('/api/products?active_only=false&search=secret')).body.total).toBe(0);
    expect((await stranger.get('/rest/v1/favorites')).body).toEqual({ items: [], count: 0 });
    expect((await stranger.get(`/api/customers?company_id=${customer.business_id}`)).status).toBe(403);
    expect((await admin.get(`/api/customers/${customer.id}`)).body).toEqual({ customer });
    expect((await admin.get(`/api/products/${product.id}`)).body).toEqual({ product });
  });
});

describe('bad input', () => {
  const paths = (response: { body: { errors: { path: string }[] } }) =>
    response.body.errors.map(({ path }) => path).toSorted();
  test('returns the 4xx of the contract with every invalid field, and never a 500', async () => {
    const before = (await admin.get('/api/customers?active_only=false')).body.total;
    expect(await admin.post('/api/customers', '{"full_name":')).toMatchObject({
      status: 400,
      body: { error_code: 'MALFORMED_REQUEST' },
    });
    expect(await admin.post('/api/customers', new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x7d]))).toMatchObject({
      status: 400,
    });
    const wrong = await admin.post('/api/customers', {
      full_name: 7,
      email: 'nobody',
      birthday: '2026-02-30',
      nickname: 'x',
      phone: '1',
      preferences: { theme: 1 },
    });
    expect(wrong).toMatchObject({ status: 422, body: { error_code: 'VALIDATION_FAILED' } });
    expect(paths(wrong)).toEqual(['birthday', 'email', 'full_name', 'nickname', 'phone', 'preferences.theme']);
    expect(
      paths(await admin.post('/api/customers', '{"full_name":"a\\u0000b","firstname":"\\ud800","lastname":"\\u0007"}')),
    ).toEqual(['firstname', 'full_name', 'lastname']);
    expect(await admin.post('/api/customers', { full_name: 'x'.repeat(10_000_000) })).toMatchObject({
      status: 413,
      body: { error_code: 'PAYLOAD_TOO_LARGE' },
    });
    expect(
      await admin.post('/api/customers', 'a=1', { 'Content-Type': 'application/x-www-form-urlencoded' }),
    ).toMatchObject({ status: 415 });
    const query = await admin.get('/api/customers?page=-1&sort=password&per_page=101&colour=red');
    expect([query.status, paths(query)]).toEqual([422, ['colour', 'page', 'per_page', 'sort']]);
    expect(await admin.get('/api/customers/not-an-id')).toMatchObject({
      status: 400,
      body: { error_code: 'MALFORMED_REQUEST' },
    });
    expect(await admin.post('/api/customers/')).toMatchObject({ status: 422 });
    expect((await admin.delete('/api/customers')).status).toBe(405);
    expect((await admin.delete('/api/customers')).headers.get('allow')).toBe('GET, HEAD, OPTIONS, POST');
    expect(await admin.get('/api/nothing')).toMatchObject({ status: 404 });
    expect(await client(fleet.url, 'not.a.token').get('/api/customers')).toMatchObject({
      status: 401,
      body: { error_code: 'UNAUTHENTICATED' },
    });
    expect((await admin.get('/api/customers?active_only=false')).body.total).toBe(before);
  });

  test('every response has the request id, and errors reveal no internals', async () => {
    const response = await admin.get('/api/customers/not-an-id', { 'X-Request-Id': 'my-request-1' });
    expect(response.headers.get('x-request-id')).toBe('my-request-1');
    expect(response.body).toMatchObject({ request_id: 'my-request-1', timestamp: instant });
    expect(response.headers.get('content-type')).toContain('application/problem+json');
    expect(JSON.stringify(response.body)).not.toMatch(/127\.0\.0\.1|select|node_modules|at \w+ \(/);
    expect(response.headers.get('x-powered-by')).toBeNull();
  });
});

/** Sends raw bytes, which a correct HTTP client would not send. */
function raw(request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(fleet.url).port), '127.0.0.1', () => socket.write(request));
    let response = '';
    socket.on('data', (chunk) => (response += chunk.toString()));
    socket.on('end', () => resolve(response));
    socket.on('error', reject);
    socket.setTimeout(15_000, () => socket.destroy(new Error('no response')));
  });
}
