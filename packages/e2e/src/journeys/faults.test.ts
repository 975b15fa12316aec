import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { checkKilledService, routesOf } from '../testing/killed-service.ts';
import {
  client,
  newCompany,
  fleetTest,
  type TestResponse,
  type Client,
  type TestFleet,
} from '../testing/test-fleet.ts';

let fleet: TestFleet;
let admin: Client;

fleetTest.beforeAll(async ({ defaultFleet }) => {
  fleet = defaultFleet;
  admin = await newCompany(fleet.url);
});

const polling = { timeout: 45_000, interval: 50 };
const newCustomer = async (name: string) => (await admin.post('/api/customers', { full_name: name })).body.customer;
const works = async () =>
  Object.fromEntries(
    await Promise.all(Object.entries(routesOf(admin)).map(async ([name, ask]) => [name, (await ask()).status])),
  );
const allWork = { auth: 200, customer: 200, interaction: 200, product: 200, favorites: 200 };

describe('a killed process', () => {
  // The others: system-faults.large.test.ts.
  test('customer: returns 503 with Retry-After on its own routes only, and is restarted', () =>
    checkKilledService(fleet, admin, 'customer'));

  test('PostgreSQL: returns 503 meanwhile, is restarted, and keeps every acknowledged write', async () => {
    const acknowledged: { id: string }[] = [];
    const statuses = new Set<number>();
    let writing = true;
    const writer = (async () => {
      for (let n = 0; writing; n += 1) {
        const { status, body } = await admin.post('/api/customers', { full_name: `Written ${n}` });
        statuses.add(status);
        if (status === 201) acknowledged.push(body.customer);
      }
    })();
    await expect.poll(() => acknowledged.length).toBeGreaterThan(20);
    const pid = fleet.postgres.pid();
    if (!pid) throw new Error('PostgreSQL has no process id');
    process.kill(pid, 'SIGKILL');
    const countAtKill = acknowledged.length;
    await expect.poll(() => statuses.has(503), polling).toBe(true);
    await expect.poll(() => acknowledged.length, polling).toBeGreaterThan(countAtKill + 20);
    writing = false;
    await writer;
    expect([...statuses].toSorted()).toEqual([201, 503]);
    expect(fleet.postgres.pid()).not.toBe(pid);
    for (const { id } of acknowledged) expect((await admin.get(`/api/customers/${id}`)).status).toBe(200);
    await expect.poll(works, polling).toEqual(allWork);
  });
});

test('blocked lists do not delay reads of single records', async () => {
  const customer = await newCustomer('Read meanwhile');
  const db = new pg.Client({ connectionString: fleet.databases.customer.ownerUrl });
  await db.connect();
  let answered = 0;
  const lists: Promise<TestResponse>[] = [];
  try {
    await db.query('begin');
    await db.query('lock table customer_counts'); // only lists read it
    for (let n = 0; n < 12; n += 1) {
      lists.push(admin.get('/api/customers').finally(() => (answered += 1)));
    }
    const waiting = 'select count(*)::int as lists from pg_locks where not granted and relation = $1::regclass';
    await expect
      .poll(async () => (await db.query(waiting, ['customer_counts'])).rows, polling)
      .not.toEqual([{ lists: 0 }]);
    const read = await admin.get(`/api/customers/${customer.id}`);
    expect([read.status, read.body.customer, answered]).toEqual([200, customer, 0]);
  } finally {
    await db.end();
  }
  for (const { status } of await Promise.all(lists)) expect([200, 503]).toContain(status);
});

describe('a hard delete', () => {
  test('reaches subscribers that were down when it was committed, and takes effect once although it is delivered twice', async () => {
    const customer = await newCustomer('To be removed');
    const other = await newCustomer('To be kept');
    const { product } = (await admin.post('/api/products', { name: 'Marked', price: 1 })).body;
    for (const { id, number } of [customer, other]) {
      expect((await admin.post(`/api/customers/${id}/interactions`, { notes: 'Talk', type: 'call' })).status).toBe(201);
      expect((await admin.post('/rest/v1/favorites', { user_id: number, item_id: product.number })).status).toBe(201);
    }
    const database = async (service: 'interaction' | 'favorites' | 'customer', sql: string, values: unknown[] = []) => {
      const db = new pg.Client({ connectionString: fleet.databases[service].ownerUrl });
      await db.connect();
      try {
        return (await db.query(sql, values)).rows as Record<string, unknown>[];
      } finally {
        await db.end();
      }
    };
    const left = async () => [
      (
        await database('interaction', 'select customer_id from interactions where customer_id = any($1)', [
          [customer.id, other.id],
        ])
      ).map(({ customer_id }) => customer_id),
      (
        await database('favorites', 'select customer_id from favorites where customer_id = any($1)', [
          [customer.id, other.id],
        ])
      ).map(({ customer_id }) => customer_id),
    ];
    expect(await left()).toEqual([
      expect.arrayContaining([customer.id, other.id]),
      expect.arrayContaining([customer.id, other.id]),
    ]);

    for (const subscriber of ['interaction', 'favorites'] as const) fleet.kill(subscriber, 'SIGSTOP');
    expect((await admin.delete(`/api/customers/${customer.id}?hard_delete=true`)).status).toBe(200);
    expect(await left()).toEqual([expect.arrayContaining([customer.id]), expect.arrayContaining([customer.id])]);
    fleet.kill('customer', 'SIGKILL'); // the publisher is killed too
    for (const subscriber of ['interaction', 'favorites'] as const) fleet.kill(subscriber, 'SIGKILL');
    await expect.poll(left, { timeout: 45_000 }).toEqual([[other.id], [other.id]]);

    const [published] = await database(
      'customer',
      `select envelope from outbox_events where envelope->>'name' = 'customer.deleted' order by id desc limit 1`,
    );
    for (const subscriber of ['interaction', 'favorites'] as const) {
      const again = await client(`http://127.0.0.1:${fleet.ports[subscriber]}`).post(
        '/internal/events',
        published?.['envelope'],
        {
          'X-Service-Key': fleet.secrets.serviceKeys.customer,
        },
      );
      expect(again).toMatchObject({ status: 200, body: { processed: false } });
      const inbox = await database(subscriber, 'select count(*)::int as times from inbox_events where event_id = $1', [
        (published?.['envelope'] as { id: string } | undefined)?.id,
      ]);
      expect(inbox).toEqual([{ times: 1 }]);
    }
    expect(await left()).toEqual([[other.id], [other.id]]);
    const waiting = () =>
      database('customer', 'select 1 from outbox_deliveries where event_id = $1', [
        (published?.['envelope'] as { id: string } | undefined)?.id,
      ]);
    await expect.poll(waiting).toEqual([]);
  });
});
