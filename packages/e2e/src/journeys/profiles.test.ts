import pg from 'pg';
import { expect, test } from 'vitest';
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

fleetTest.beforeAll(async ({ defaultFleet }) => {
  fleet = defaultFleet;
  admin = await newCompany(fleet.url);
  await admin.put(`/api/v1/companies/${admin.user.company_id}`, { open_registration: true });
});

const polling = { timeout: 45_000, interval: 50 };
let people = 0;
const signUp = (values: object = {}) => {
  people += 1;
  return client(fleet.url).post('/auth/register', {
    email: `joined${people}@example.com`,
    password: 'correct horse battery',
    name: 'Ana Perez',
    company_id: admin.user.company_id,
    ...values,
  });
};
/** The customers of the company that are linked to a user. */
const profilesOf = async (user_id: string) => {
  const { status, body } = await admin.get('/api/customers?per_page=100');
  expect(status).toBe(200);
  return (body.customers as TestResponse['body'][]).filter((customer) => customer.user_id === user_id);
};

/** How often the customer service processed the events of one name about a user. */
async function processedCount(name: string, user_id: string): Promise<number> {
  const query = async (service: 'auth' | 'customer', sql: string, values: unknown[]) => {
    const db = new pg.Client({ connectionString: fleet.databases[service].ownerUrl });
    await db.connect();
    try {
      return (await db.query(sql, values)).rows as Record<string, unknown>[];
    } finally {
      await db.end();
    }
  };
  const published = await query(
    'auth',
    `select id from outbox_events where envelope->>'name' = $1 and envelope->'data'->>'user_id' = $2`,
    [name, user_id],
  );
  const processed = await query('customer', 'select event_id from inbox_events where event_id = any($1)', [
    published.map(({ id }) => id),
  ]);
  return processed.length;
}

test('registering with a company creates exactly one customer profile at once', async () => {
  const { status, body } = await signUp({ phone: '600111222' });
  expect(status).toBe(201);
  expect(await profilesOf(body.user.id)).toMatchObject([
    { full_name: 'Ana Perez', email: body.user.email, phone: '+34600111222', business_id: admin.user.business_id },
  ]);
  await expect.poll(() => processedCount('user.registered', body.user.id), polling).toBe(1);
  expect(await profilesOf(body.user.id)).toHaveLength(1);
});

test('registration succeeds while the customer service hangs or is down; the profile follows when it is back', async () => {
  fleet.kill('customer', 'SIGSTOP');
  const { status, body } = await signUp(); // waits one second for the profile; the gateway would give up after five
  expect(status).toBe(201);
  fleet.kill('customer', 'SIGKILL');
  const other = await signUp();
  expect(other.status).toBe(201);

  await expect.poll(() => admin.get('/api/customers').then((response) => response.status), polling).toBe(200);
  for (const { user } of [body, other.body]) {
    await expect.poll(() => profilesOf(user.id), polling).toMatchObject([{ email: user.email }]);
    await expect.poll(() => processedCount('user.registered', user.id), polling).toBe(1);
    expect(await profilesOf(user.id)).toHaveLength(1);
  }
});

test('copies a changed name, e-mail and phone into the profile', async () => {
  const { user } = (await signUp()).body;
  const changed = await admin.put(`/api/v1/users/${user.id}`, {
    first_name: 'Eva',
    last_name: 'Ruiz',
    email: 'eva.ruiz@example.com',
    phone: '600999888',
  });
  expect(changed.status).toBe(200);
  await expect
    .poll(() => profilesOf(user.id), polling)
    .toMatchObject([{ full_name: 'Eva Ruiz', email: 'eva.ruiz@example.com', phone: '+34600999888' }]);
});

test('what a customer changes in its own record follows into its user, once; an address by the verified flow only', async () => {
  const { user } = (await signUp()).body;
  const { access_token } = (
    await client(fleet.url).post('/auth/login', { email: user.email, password: 'correct horse battery' })
  ).body;
  const person = client(fleet.url, access_token as string);
  const changed = await person.patch('/api/customers/me', { full_name: 'Eva Gil', phone: '600777123' });
  expect(changed.status).toBe(200);
  const me = async () => (await person.get('/auth/me')).body.user;
  await expect.poll(me, polling).toMatchObject({ first_name: 'Eva', last_name: 'Gil', phone: '+34600777123' });
  await expect.poll(() => processedCount('user.updated', user.id), polling).toBe(1);
  expect(await profilesOf(user.id)).toMatchObject([{ version: changed.body.customer.version }]);
  // Also after a change at auth, from which the record has the parts of the name too.
  expect((await person.patch('/auth/me', { name: 'Ana Sol' })).status).toBe(200);
  await expect.poll(() => profilesOf(user.id), polling).toMatchObject([{ full_name: 'Ana Sol', firstname: 'Ana' }]);
  expect((await person.patch('/api/customers/me', { full_name: 'Luz Rey' })).status).toBe(200);
  await expect.poll(me, polling).toMatchObject({ first_name: 'Luz', last_name: 'Rey' });
  const { status, body } = await person.patch('/api/customers/me', { email: 'other@example.com' });
  expect([status, body.errors[0].message]).toEqual([422, 'is changed by POST /auth/change-email only']);
});

test('audits auth’s changes at once, and those of other services by their events', async () => {
  const { user } = (await signUp()).body;
  const actions = async () => {
    const { status, body } = await admin.get(`/api/v1/audit-logs?actor=${user.id}`);
    expect(status).toBe(200);
    return (body.audit_logs as TestResponse['body'][])
      .map(({ action, resource_type }) => `${action} ${resource_type}`)
      .toSorted();
  };
  expect(await actions()).toContain('user.registered user');
  await expect.poll(actions, polling).toEqual(['customer.created customer', 'user.registered user']);
});
