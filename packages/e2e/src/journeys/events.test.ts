import { randomUUID } from 'node:crypto';
import { services } from '@clientela/fleet';
import pg from 'pg';
import { expect, test } from 'vitest';
import { runCommand } from '../testing/run-command.ts';
import {
  client,
  newCompany,
  fleetTest,
  type TestResponse,
  type Client,
  type TestFleet,
} from '../testing/test-fleet.ts';

let fleet: TestFleet;
let admin: Client & { user: TestResponse['body'] };

fleetTest.beforeAll(async ({ configuredFleet }) => {
  fleet = configuredFleet;
  admin = await newCompany(fleet.url);
}, 120_000);

const polling = { timeout: 45_000, interval: 50 };
async function query(service: (typeof services)[number], sql: string, values: unknown[] = []) {
  const db = new pg.Client({ connectionString: fleet.databases[service].ownerUrl });
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

const run = (command: string, ...args: string[]) => runCommand(fleet, command, ...args);

test('delivers events over RabbitMQ to all subscribers; the metrics report an empty outbox', async () => {
  const { customer } = (await admin.post('/api/customers', { full_name: 'Ana' })).body;
  const path = `/api/customers/${customer.id}`;
  expect((await admin.post(`${path}/interactions`, { notes: 'Called', type: 'call' })).status).toBe(201);
  expect((await admin.delete(`${path}?hard_delete=true`)).status).toBe(200);
  await expect
    .poll(() => query('interaction', 'select 1 from interactions where customer_id = $1', [customer.id]), polling)
    .toEqual([]);
  await expect
    .poll(async () => (await actions(customer.id)).toSorted(), polling)
    .toEqual(['customer.created', 'customer.deleted']);
  for (const service of services) {
    expect(await query(service, `select 1 from outbox_deliveries where subscriber <> 'broker'`)).toEqual([]);
    const metrics = async () => (await fetch(`http://127.0.0.1:${fleet.ports[service]}/metrics`)).text();
    await expect.poll(metrics, polling).toContain('clientela_outbox_pending{subscriber="broker"} 0');
  }
});

test('lists a dead letter, and processes it when failed events are sent again', async () => {
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
  await query('auth', insert, [id, envelope]);
  const { body } = await admin.get('/api/v1/events/failed');
  expect(body).toMatchObject({
    events: [{ id, service: 'auth', reason: 'tested' }],
    unavailable: [],
    next_cursor: null,
  });
  const stranger = await newCompany(fleet.url);
  expect((await stranger.get('/api/v1/events/failed')).body.events).toEqual([]);
  expect((await stranger.post(`/api/v1/events/failed/${id}/resend`)).status).toBe(404);

  const { stdout } = await run('resend-failed-events');
  expect(stdout).toContain('auth: 1 event will be sent again\n');
  await expect.poll(() => actions(envelope.data.customer_id), polling).toEqual(['customer.updated']);
  expect((await admin.get('/api/v1/events/failed')).body.events).toEqual([]);
  expect((await client(fleet.url).get('/api/v1/events/failed')).status).toBe(401);
});

test('counts a customer’s records; a recount finds and repairs a wrong counter', async () => {
  const { customer } = (await admin.post('/api/customers', { full_name: 'Bea' })).body;
  const path = `/api/customers/${customer.id}`;
  const create = async (what: string, body: object): Promise<string> => {
    const response = await admin.post(`${path}/${what}s`, body);
    expect(response.status).toBe(201);
    return response.body[what].id;
  };
  const addTransaction = (amount: string, at: string, values: object = {}) =>
    create('transaction', { kind: 'order', direction: 'in', amount, occurred_at: `2026-0${at}T00:00:00Z`, ...values });
  const addInteraction = (type: string, at: string) =>
    create('interaction', { notes: 'Met', type, occurred_at: `2026-0${at}T00:00:00Z` });
  const stats = async () => (await admin.get(`${path}/stats`)).body;
  const summary = async (what: string) => (await admin.get(`${path}/${what}`)).body.summary;

  const first = await addTransaction('100.10', '1-01');
  await addTransaction('20', '2-01', { status: 'pending' });
  await addTransaction('3', '3-01', { currency: 'USD' });
  await addTransaction('5.05', '4-01', { kind: 'refund', direction: 'out' });
  const appointment = await addInteraction('appointment', '5-01');
  const [complaint, mistake] = [await addInteraction('complaint', '6-01'), await addInteraction('complaint', '7-01')];
  const changes = [
    admin.patch(`${path}/transactions/${first}`, { status: 'cancelled' }),
    admin.patch(`${path}/interactions/${appointment}`, { status: 'cancelled', scheduled_at: '2026-08-01T00:00:00Z' }),
    admin.patch(`${path}/interactions/${complaint}`, { status: 'resolved' }),
    admin.delete(`${path}/interactions/${mistake}`),
  ];
  expect((await Promise.all(changes)).map(({ status }) => status)).toEqual([200, 200, 200, 200]);

  const counters = {
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
    last_complaint_date: '2026-06-01T00:00:00.000Z',
    customer_since: customer.created_at,
  };
  await expect.poll(stats, polling).toEqual(counters);
  const { total_orders, last_order_date, lifetime_value: total_order_value, last_appointment_date } = counters;
  expect(await summary('orders')).toMatchObject({ total_orders, last_order_date, total_order_value });
  expect(await summary('appointments')).toMatchObject({ cancelled_appointments: 1, last_appointment_date });
  expect(await summary('complaints')).toMatchObject({ total_complaints: 1, open_complaints: 0 });

  const [{ count: customers } = {}] = await query('customer', 'select count(*)::int from customer_counters');
  const correct = { customers, equal: customers, behind: 0 };
  const recount = async (...args: string[]) => {
    const { stdout, code } = await run('recount', ...args);
    return { ...JSON.parse(stdout), code };
  };
  await query(
    'customer',
    'update customer_counters set total_orders = 99, last_order_date = null where customer_id = $1',
    [customer.id],
  );
  const repaired = { ...correct, equal: Number(customers) - 1 };
  expect(await recount('--check')).toEqual({ ...repaired, different: 1, code: 1 });
  expect(await recount()).toEqual({ ...repaired, repaired: 1, code: 0 });
  expect(await stats()).toEqual(counters);
});

// Without findings: events.large.test.ts.
test('the doctor ends with 1 and a line for each record whose value another one has in another spelling, and no other line', async () => {
  const create = async (document_number: string) => {
    const body = { full_name: 'Tienda', document_type: 'nit', document_number };
    return (await admin.post('/api/customers', body)).body.customer as { id: string; number: number };
  };
  const newer = await create('860002964');
  await query('customer', 'update customers set document_key = null where id = $1', [newer.id]);
  const older = await create('860.002.964-4');
  const { stdout, code } = await run('doctor');
  expect(code).toBe(1);
  expect(stdout).toMatch(
    new RegExp(
      `^warning: customer: customer ${newer.number} of company [0-9a-f-]+: its document_number is that of customer ${older.number} [^\\n]*\n$`,
    ),
  );
});
