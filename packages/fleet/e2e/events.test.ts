import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { services, top } from '@clientela/fleet';
import pg from 'pg';
import { expect, test } from 'vitest';
import { client, compileCache, newCompany, shared, type Answer, type Client, type TestStreet } from './street.ts';

let street: TestStreet;
let admin: Client & { user: Answer['body'] };

shared.beforeAll(async ({ street_with_settings: one }) => {
  street = one;
  admin = await newCompany(street.url);
}, 120_000);

const soon = { timeout: 20_000, interval: 50 };
async function ask(service: (typeof services)[number], sql: string, values: unknown[] = []) {
  const db = new pg.Client({ connectionString: street.databases[service].owner_url });
  await db.connect();
  try {
    return (await db.query(sql, values)).rows as Record<string, unknown>[];
  } finally {
    await db.end();
  }
}
const actions = async (id: string) =>
  ((await admin.get(`/api/v1/audit-logs?resource=customer:${id}`)).body.audit_logs as { action: string }[]).map(
    ({ action }) => action,
  );

test('through RabbitMQ, what one service does takes effect in the others, and their figures say that nothing waits', async () => {
  const { customer } = (await admin.post('/api/customers', { full_name: 'Ana' })).body;
  const path = `/api/customers/${customer.id}`;
  expect((await admin.post(`${path}/interactions`, { notes: 'Called', type: 'call' })).status).toBe(201);
  expect((await admin.delete(`${path}?hard_delete=true`)).status).toBe(200);
  await expect
    .poll(() => ask('interaction', 'select 1 from interactions where customer_id = $1', [customer.id]), soon)
    .toEqual([]);
  await expect
    .poll(async () => (await actions(customer.id)).toSorted(), soon)
    .toEqual(['customer.created', 'customer.deleted']);
  for (const service of services) {
    expect(await ask(service, `select 1 from outbox_deliveries where subscriber <> 'broker'`)).toEqual([]);
    const figures = async () => (await fetch(`http://127.0.0.1:${street.ports[service]}/metrics`)).text();
    await expect.poll(figures, soon).toContain('clientela_events_waiting{subscriber="broker"} 0');
  }
});

test('an event that a service could not do is listed, and done when everything that failed is sent again', async () => {
  const id = randomUUID();
  const envelope = {
    id,
    name: 'customer.updated',
    occurred_at: new Date().toISOString(),
    company_id: admin.user.business_id,
    actor_id: admin.user.id,
    request_id: 'request-1',
    sequence: 2,
    data: { customer_id: randomUUID(), number: 1, fields_changed: ['email'] },
  };
  const insert = `insert into inbox_failures (event_id, envelope, attempts, reason) values ($1, $2, 7, 'tested')`;
  await ask('auth', insert, [id, envelope]);
  const { body } = await admin.get('/api/v1/events/failed');
  expect(body).toMatchObject({
    events: [{ id, service: 'auth', reason: 'tested' }],
    unavailable: [],
    next_cursor: null,
  });
  const stranger = await newCompany(street.url);
  expect((await stranger.get('/api/v1/events/failed')).body.events).toEqual([]);
  expect((await stranger.post(`/api/v1/events/failed/${id}/resend`)).status).toBe(404);

  const urls = services.flatMap((service) => [
    [`${service.toUpperCase()}_DATABASE_URL`, street.databases[service].url],
    [`${service.toUpperCase()}_OWNER_DATABASE_URL`, street.databases[service].owner_url],
  ]);
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [join(top, 'packages/fleet/src/resend-failed-events.ts')],
    {
      env: { PATH: process.env['PATH'], NODE_COMPILE_CACHE: compileCache(), ...Object.fromEntries(urls) },
      timeout: 20_000,
    },
  );
  expect(stdout).toContain('auth: 1 event is sent again\n');
  await expect.poll(() => actions(envelope.data.customer_id), soon).toEqual(['customer.updated']);
  expect((await admin.get('/api/v1/events/failed')).body.events).toEqual([]);
  expect((await client(street.url).get('/api/v1/events/failed')).status).toBe(401);
});
