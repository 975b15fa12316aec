import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { services, repoRoot } from '@clientela/fleet';
import { childEnv } from '@clientela/testing';
import pg from 'pg';
import { expect, test } from 'vitest';
import { client, newCompany, shared, type Answer, type Client, type TestStreet } from '../testing/test-fleet.ts';

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

/** Runs one of the verbs beside this street. */
async function run(verb: string, ...given: string[]): Promise<{ stdout: string; code: unknown }> {
  const urls = services.flatMap((service) => [
    [`${service.toUpperCase()}_DATABASE_URL`, street.databases[service].url],
    [`${service.toUpperCase()}_OWNER_DATABASE_URL`, street.databases[service].owner_url],
  ]);
  const env = {
    ...childEnv,
    ...Object.fromEntries(urls),
    CUSTOMER_SERVICE_KEY: street.secrets.service_keys.customer,
    INTERACTION_PORT: String(street.ports.interaction),
  };
  const script = join(repoRoot, `packages/fleet/src/commands/${verb}.ts`);
  const ended = promisify(execFile)(process.execPath, [script, ...given], { env, timeout: 30_000 });
  return ended.then(
    ({ stdout }) => ({ stdout, code: 0 }),
    ({ stdout, code }: { stdout: string; code: unknown }) => ({ stdout, code }),
  );
}

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
    await expect.poll(figures, soon).toContain('clientela_outbox_pending{subscriber="broker"} 0');
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
  const insert = `insert into dead_letters (event_id, envelope, attempts, reason) values ($1, $2, 7, 'tested')`;
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

  const { stdout } = await run('resend-failed-events');
  expect(stdout).toContain('auth: 1 event is sent again\n');
  await expect.poll(() => actions(envelope.data.customer_id), soon).toEqual(['customer.updated']);
  expect((await admin.get('/api/v1/events/failed')).body.events).toEqual([]);
  expect((await client(street.url).get('/api/v1/events/failed')).status).toBe(401);
});

test('a customer’s counters are what was recorded, which a recount finds, and repairs where they were spoilt', async () => {
  const { customer } = (await admin.post('/api/customers', { full_name: 'Bea' })).body;
  const path = `/api/customers/${customer.id}`;
  const made = async (what: string, body: object): Promise<string> => {
    const answer = await admin.post(`${path}/${what}s`, body);
    expect(answer.status).toBe(201);
    return answer.body[what].id;
  };
  const spent = (amount: string, at: string, values: object = {}) =>
    made('transaction', { kind: 'order', direction: 'in', amount, occurred_at: `2026-0${at}T00:00:00Z`, ...values });
  const met = (type: string, at: string) =>
    made('interaction', { notes: 'Met', type, occurred_at: `2026-0${at}T00:00:00Z` });
  const stats = async () => (await admin.get(`${path}/stats`)).body;
  const summary = async (what: string) => (await admin.get(`${path}/${what}`)).body.summary;

  const first = await spent('100.10', '1-01');
  await spent('20', '2-01', { status: 'pending' });
  await spent('3', '3-01', { currency: 'USD' });
  await spent('5.05', '4-01', { kind: 'refund', direction: 'out' });
  const appointment = await met('appointment', '5-01');
  const [complaint, mistake] = [await met('complaint', '6-01'), await met('complaint', '7-01')];
  const changes = [
    admin.patch(`${path}/transactions/${first}`, { status: 'cancelled' }),
    admin.patch(`${path}/interactions/${appointment}`, { status: 'cancelled', scheduled_at: '2026-08-01T00:00:00Z' }),
    admin.patch(`${path}/interactions/${complaint}`, { status: 'resolved' }),
    admin.delete(`${path}/interactions/${mistake}`),
  ];
  expect((await Promise.all(changes)).map(({ status }) => status)).toEqual([200, 200, 200, 200]);

  const counted = {
    total_orders: 2,
    total_appointments: 1,
    total_complaints: 1,
    open_complaints: 0,
    first_order_date: '2026-02-01T00:00:00.000Z',
    last_order_date: '2026-03-01T00:00:00.000Z',
    first_appointment_date: '2026-08-01T00:00:00.000Z',
    last_appointment_date: '2026-08-01T00:00:00.000Z',
    returned_orders: 1,
    cancelled_appointments: 1,
    lifetime_value: '14.95',
    currency: customer.currency,
    by_currency: { USD: '3.00' },
  };
  await expect.poll(stats, soon).toEqual(counted);
  const { total_orders, last_order_date, lifetime_value: total_order_value, last_appointment_date } = counted;
  expect(await summary('orders')).toMatchObject({ total_orders, last_order_date, total_order_value });
  expect(await summary('appointments')).toMatchObject({ cancelled_appointments: 1, last_appointment_date });
  expect(await summary('complaints')).toMatchObject({ total_complaints: 1, open_complaints: 0 });

  const [{ count: customers } = {}] = await ask('customer', 'select count(*)::int from customer_counters');
  const well = { customers, equal: customers, behind: 0 };
  const recount = async (...given: string[]) => {
    const { stdout, code } = await run('recount', ...given);
    return { ...JSON.parse(stdout), code };
  };
  expect(await recount()).toEqual({ ...well, repaired: 0, code: 0 });
  await ask(
    'customer',
    'update customer_counters set total_orders = 99, last_order_date = null where customer_id = $1',
    [customer.id],
  );
  const spoilt = { ...well, equal: Number(customers) - 1 };
  expect(await recount('--check')).toEqual({ ...spoilt, different: 1, code: 1 });
  expect(await recount()).toEqual({ ...spoilt, repaired: 1, code: 0 });
  expect(await stats()).toEqual(counted);
});
