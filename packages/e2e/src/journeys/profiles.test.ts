import pg from 'pg';
import { expect, test } from 'vitest';
import { client, newCompany, shared, type Answer, type Client, type TestStreet } from '../testing/test-fleet.ts';

let street: TestStreet;
let admin: Client & { user: Answer['body'] };

shared.beforeAll(async ({ street: one }) => {
  street = one;
  admin = await newCompany(street.url);
  await admin.put(`/api/v1/companies/${admin.user.company_id}`, { open_registration: true });
});

const within = { timeout: 10_000, interval: 25 };
let people = 0;
const signUp = (values: object = {}) => {
  people += 1;
  return client(street.url).post('/auth/register', {
    email: `joined${people}@example.com`,
    password: 'correct horse battery',
    name: 'Ana Perez',
    company_id: admin.user.company_id,
    ...values,
  });
};
/** The customers that are linked to a user; the company has a handful. */
const profilesOf = async (user_id: string) => {
  const { status, body } = await admin.get('/api/customers?per_page=100');
  expect(status).toBe(200);
  return (body.customers as Answer['body'][]).filter((customer) => customer.user_id === user_id);
};

/** How often the customer service made something of one event. */
async function heardBy(name: string, user_id: string): Promise<number> {
  const ask = async (service: 'auth' | 'customer', sql: string, values: unknown[]) => {
    const db = new pg.Client({ connectionString: street.databases[service].owner_url });
    await db.connect();
    try {
      return (await db.query(sql, values)).rows as Record<string, unknown>[];
    } finally {
      await db.end();
    }
  };
  const said = await ask(
    'auth',
    `select id from outbox_events where envelope->>'name' = $1 and envelope->'data'->>'user_id' = $2`,
    [name, user_id],
  );
  const heard = await ask('customer', 'select event_id from inbox_events where event_id = any($1)', [
    said.map(({ id }) => id),
  ]);
  return heard.length;
}

test('who registers with a company is a customer of it at once, and once', async () => {
  const { status, body } = await signUp({ phone: '600111222' });
  expect(status).toBe(201);
  expect(await profilesOf(body.user.id)).toMatchObject([
    { full_name: 'Ana Perez', email: body.user.email, phone: '+34600111222', business_id: admin.user.business_id },
  ]);
  await expect.poll(() => heardBy('user.registered', body.user.id), within).toBe(1);
  expect(await profilesOf(body.user.id)).toHaveLength(1);
});

test('while the customer service is stuck, and then dead, a registration succeeds; the profile is there when it is back', async () => {
  street.kill('customer', 'SIGSTOP');
  const begun = performance.now();
  const { status, body } = await signUp();
  expect(status).toBe(201);
  expect(performance.now() - begun).toBeLessThan(3000); // it waits a second for the profile, and no longer
  street.kill('customer', 'SIGKILL');
  const other = await signUp();
  expect(other.status).toBe(201);

  await expect.poll(() => admin.get('/api/customers').then((answer) => answer.status), within).toBe(200);
  for (const { user } of [body, other.body]) {
    await expect.poll(() => profilesOf(user.id), within).toMatchObject([{ email: user.email }]);
    await expect.poll(() => heardBy('user.registered', user.id), within).toBe(1);
    expect(await profilesOf(user.id)).toHaveLength(1);
  }
});

test('a changed name, e-mail or phone moves into the profile', async () => {
  const { user } = (await signUp()).body;
  const changed = await admin.put(`/api/v1/users/${user.id}`, {
    first_name: 'Eva',
    last_name: 'Ruiz',
    email: 'eva.ruiz@example.com',
    phone: '600999888',
  });
  expect(changed.status).toBe(200);
  await expect
    .poll(() => profilesOf(user.id), within)
    .toMatchObject([{ full_name: 'Eva Ruiz', email: 'eva.ruiz@example.com', phone: '+34600999888' }]);
});

test('what happened is in the trail: of auth at once, of the others by their events', async () => {
  const { user } = (await signUp()).body;
  const actions = async () => {
    const { status, body } = await admin.get(`/api/v1/audit-logs?actor=${user.id}`);
    expect(status).toBe(200);
    return (body.audit_logs as Answer['body'][])
      .map(({ action, resource_type }) => `${action} ${resource_type}`)
      .toSorted();
  };
  expect(await actions()).toContain('user.registered user');
  await expect.poll(actions, within).toEqual(['customer.created customer', 'user.registered user']);
});
