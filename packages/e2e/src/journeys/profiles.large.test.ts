import { expect } from 'vitest';
import { queryOf } from '../testing/query.ts';
import { client, fleetTest as test, newCompany } from '../testing/test-fleet.ts';

const polling = { timeout: 45_000, interval: 50 };

test('of changes of one’s own data at auth and in the customer record at once, the later stays on both sides', async ({
  defaultFleet: fleet,
}) => {
  const query = queryOf(fleet);
  const admin = await newCompany(fleet.url);
  await admin.put(`/api/v1/companies/${admin.user.company_id}`, { open_registration: true });
  const email = `${crypto.randomUUID()}@example.com`;
  const password = 'correct horse battery';
  const join = { email, password, name: 'Ana Perez', company_id: admin.user.company_id };
  const { user } = (await client(fleet.url).post('/auth/register', join)).body;
  const { access_token } = (await client(fleet.url).post('/auth/login', { email, password })).body;
  const person = client(fleet.url, access_token as string);

  const waiting = async () => {
    const sql = 'select count(*)::int as waiting from outbox_deliveries';
    const rows = await Promise.all((['auth', 'customer'] as const).map((service) => query(service, sql)));
    return rows.map(([row]) => row?.['waiting']);
  };
  /** When each side takes the name and the phone to have changed. */
  const times = async () => {
    const [there] = await query('auth', 'select name_changed_at, phone_changed_at from users where id = $1', [user.id]);
    const ofFields = `select field, changed_at from user_field_versions where user_id = $1 and field in ('name', 'phone')`;
    const here = Object.fromEntries(
      (await query('customer', ofFields, [user.id])).map(({ field, changed_at }) => [field, String(changed_at)]),
    );
    return [{ name: String(there?.['name_changed_at']), phone: String(there?.['phone_changed_at']) }, here];
  };
  for (let round = 10; round < 30; round += 1) {
    const changes = [
      () => person.patch('/auth/me', { name: `Ana There${round}`, phone: `+346001112${round}` }),
      () => person.patch('/api/customers/me', { full_name: `Eva Here${round}`, phone: `+346009998${round}` }),
    ];
    const sent = await Promise.all((round % 2 ? changes : changes.toReversed()).map((change) => change()));
    expect(sent.map(({ status }) => status)).toEqual([200, 200]);
    await expect.poll(waiting, polling).toEqual([0, 0]);
    const there = (await person.get('/auth/me')).body.user;
    const here = (await person.get('/api/customers/me')).body.customer;
    expect([here.full_name, here.phone]).toEqual([`${there.first_name} ${there.last_name}`, there.phone]);
    expect([here.full_name.slice(-2), here.phone.slice(-2)]).toEqual([String(round), String(round)]);
    const [atThere, atHere] = await times();
    expect(atThere).toEqual(atHere);
  }
});
