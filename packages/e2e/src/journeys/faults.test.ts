import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { client, newCompany, shared, type Answer, type Client, type TestStreet } from '../testing/test-fleet.ts';

let street: TestStreet;
let admin: Client;

shared.beforeAll(async ({ street: one }) => {
  street = one;
  admin = await newCompany(street.url);
});

const within = { timeout: 5000, interval: 25 };
const newCustomer = async (name: string) => (await admin.post('/api/customers', { full_name: name })).body.customer;
const doors = {
  auth: () => admin.get('/auth/me'),
  customer: () => admin.get('/api/customers'),
  interaction: () => admin.get('/api/interaction-types'),
  product: () => admin.get('/api/products'),
  favorites: () => admin.get('/rest/v1/favorites'),
} as const;
const works = async () =>
  Object.fromEntries(await Promise.all(Object.entries(doors).map(async ([name, ask]) => [name, (await ask()).status])));
const allWork = { auth: 200, customer: 200, interaction: 200, product: 200, favorites: 200 };

describe('a program that is killed', () => {
  test.each(Object.keys(doors) as (keyof typeof doors)[])(
    '%s: a 503 with Retry-After on its own routes only, and back by itself',
    async (service) => {
      const kept = await newCustomer(`Kept while ${service} dies`);
      const before = street.pid(service);
      // Stopped first, so that its absence can be looked at however fast it is started again.
      street.kill(service, 'SIGSTOP');
      try {
        const others = (Object.keys(doors) as (keyof typeof doors)[]).filter((other) => other !== service);
        for (const other of others) expect((await doors[other]()).status, other).toBe(200);
      } finally {
        street.kill(service, 'SIGKILL');
      }

      const seen: Answer[] = [];
      await expect
        .poll(async () => {
          const answer = await doors[service]();
          seen.push(answer);
          return answer.status;
        }, within)
        .toBe(200);
      for (const { status, headers, body } of seen.slice(0, -1)) {
        expect([502, 503], JSON.stringify(body)).toContain(status);
        expect(body).toMatchObject({ error_code: 'SERVICE_UNAVAILABLE', detail: expect.stringContaining(service) });
        if (status === 503) expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
      }
      expect(street.pid(service)).not.toBe(before);
      expect((await admin.get(`/api/customers/${kept.id}`)).body.customer).toEqual(kept);
    },
  );

  test('the gateway: back by itself, with every token still good', async () => {
    street.kill('gateway', 'SIGKILL');
    await expect
      .poll(
        () =>
          doors.customer().then(
            ({ status }) => status,
            () => 0,
          ),
        within,
      )
      .toBe(200);
  });

  test('PostgreSQL: 503 meanwhile, back by itself, every acknowledged write is there', async () => {
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
    const killed = street.postgres.pid();
    if (!killed) throw new Error('PostgreSQL has no process id');
    process.kill(killed, 'SIGKILL');
    const atDeath = acknowledged.length;
    await expect.poll(() => statuses.has(503), within).toBe(true);
    await expect.poll(() => acknowledged.length, within).toBeGreaterThan(atDeath + 20);
    writing = false;
    await writer;
    expect([...statuses].toSorted()).toEqual([201, 503]);
    expect(street.postgres.pid()).not.toBe(killed);
    for (const { id } of acknowledged) expect((await admin.get(`/api/customers/${id}`)).status).toBe(200);
    await expect.poll(works, within).toEqual(allWork);
  });
});

test('lists that cannot go on keep nobody waiting who asks for a record', async () => {
  const customer = await newCustomer('Asked for meanwhile');
  const db = new pg.Client({ connectionString: street.databases.customer.owner_url });
  await db.connect();
  let answered = 0;
  const lists: Promise<Answer>[] = [];
  try {
    await db.query('begin');
    await db.query('lock table customer_counts'); // which lists alone read
    for (let n = 0; n < 12; n += 1) {
      lists.push(admin.get('/api/customers').finally(() => (answered += 1)));
    }
    const waiting = 'select count(*)::int as lists from pg_locks where not granted and relation = $1::regclass';
    await expect
      .poll(async () => (await db.query(waiting, ['customer_counts'])).rows, within)
      .not.toEqual([{ lists: 0 }]);
    const read = await admin.get(`/api/customers/${customer.id}`);
    expect([read.status, read.body.customer, answered]).toEqual([200, customer, 0]);
  } finally {
    await db.end();
  }
  for (const { status } of await Promise.all(lists)) expect([200, 503]).toContain(status);
});

describe('a hard delete', () => {
  test('committed while its hearers are dead reaches them when they are back, and shows once though it is delivered twice', async () => {
    const customer = await newCustomer('To be removed');
    const other = await newCustomer('To be kept');
    const { product } = (await admin.post('/api/products', { name: 'Marked', price: 1 })).body;
    for (const { id, number } of [customer, other]) {
      expect((await admin.post(`/api/customers/${id}/interactions`, { notes: 'Talk', type: 'call' })).status).toBe(201);
      expect((await admin.post('/rest/v1/favorites', { user_id: number, item_id: product.number })).status).toBe(201);
    }
    const database = async (service: 'interaction' | 'favorites' | 'customer', sql: string, values: unknown[] = []) => {
      const db = new pg.Client({ connectionString: street.databases[service].owner_url });
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

    for (const hearer of ['interaction', 'favorites'] as const) street.kill(hearer, 'SIGSTOP');
    expect((await admin.delete(`/api/customers/${customer.id}?hard_delete=true`)).status).toBe(200);
    expect(await left()).toEqual([expect.arrayContaining([customer.id]), expect.arrayContaining([customer.id])]);
    street.kill('customer', 'SIGKILL'); // the speaker dies too
    for (const hearer of ['interaction', 'favorites'] as const) street.kill(hearer, 'SIGKILL');
    await expect.poll(left, { timeout: 10_000 }).toEqual([[other.id], [other.id]]);

    const [said] = await database(
      'customer',
      `select envelope from outbox_events where envelope->>'name' = 'customer.deleted' order by id desc limit 1`,
    );
    for (const hearer of ['interaction', 'favorites'] as const) {
      const again = await client(`http://127.0.0.1:${street.ports[hearer]}`).post(
        '/internal/events',
        said?.['envelope'],
        {
          'X-Service-Key': street.secrets.service_keys.customer,
        },
      );
      expect(again).toMatchObject({ status: 200, body: { processed: false } });
      const inbox = await database(hearer, 'select count(*)::int as times from inbox_events where event_id = $1', [
        (said?.['envelope'] as { id: string } | undefined)?.id,
      ]);
      expect(inbox).toEqual([{ times: 1 }]);
    }
    expect(await left()).toEqual([[other.id], [other.id]]);
    const waiting = () =>
      database('customer', 'select 1 from outbox_deliveries where event_id = $1', [
        (said?.['envelope'] as { id: string } | undefined)?.id,
      ]);
    await expect.poll(waiting).toEqual([]);
  });
});
