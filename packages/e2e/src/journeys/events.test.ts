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
