import { randomUUID } from 'node:crypto';
import type { InternalUser } from '@clientela/contracts';
import { serviceTest } from '@clientela/testing';
import { expect } from 'vitest';
import { createTestCustomer } from '../testing/test-customer.ts';
import { recordChangeTimes } from './store.ts';

/** Users known to auth, and which of them were looked up. */
const users = new Map<string, InternalUser>();
const lookedUp: string[] = [];

const test = serviceTest(() =>
  createTestCustomer({
    pool: 4,
    users:
      (companies) =>
      async (id, { request_id }) => {
        lookedUp.push(id);
        const user = users.get(id);
        const actor = {
          id: 'service:customer',
          role: 'service',
          session_id: null,
          client_ip: null,
          request_id,
        } as const;
        const company = user?.business_id
          ? await companies(user.business_id, {
              actor: { ...actor, company_id: user.business_id },
              signal: AbortSignal.timeout(1000),
            })
          : undefined;
        return user && company && { user, company };
      },
  }),
).extend('ana', async ({ service, company, admin }) => {
  const id = randomUUID();
  const names = { first_name: 'Ana', last_name: 'Perez', name: 'Ana Perez' };
  const rest = { email: `${id}@example.com`, phone: null, name_changed_at: null, phone_changed_at: null };
  const user: InternalUser = { id, active: true, role: 'customer', business_id: company.id, ...names, ...rest };
  users.set(id, user);
  const client = service.user('customer', company, id);
  const { customer } = (await client.get('/api/customers/me').expect(200)).body;
  const read = async () => (await admin.get(`/api/customers/${customer.id}`).expect(200)).body.customer;
  const changes = async () =>
    (await service.callingService('auth', company).get(`/internal/users/${id}/changes`).expect(200)).body;
  const updated = (sequence: number, fields_changed: string[], values: Partial<InternalUser>, followed?: true) => {
    Object.assign(user, values);
    return service
      .callingService('auth')
      .post('/internal/events', {
        id: randomUUID(),
        name: 'user.updated',
        occurred_at: new Date().toISOString(),
        company_id: company.id,
        actor_id: id,
        request_id: 'request-1',
        sequence,
        data: { user_id: id, fields_changed, ...(followed && { followed }) },
      })
      .expect(200);
  };
  const lastEvent = async () => (await service.events('customer.updated')).at(-1);
  return { id, user, client, customer, read, changes, updated, lastEvent };
});

test('what a person changes in its own record is found with its time, until staff change it', async ({
  ana,
  admin,
}) => {
  expect(await ana.changes()).toEqual({});
  await ana.client.patch('/api/customers/me', { phone: '600111222', gender: 'f' }).expect(200);
  const instant = expect.stringMatching(/Z$/);
  expect(await ana.changes()).toEqual({ phone: { value: '+34600111222', changed_at: instant } });
  expect((await ana.lastEvent())?.data).not.toHaveProperty('followed');
  await ana.client.patch(`/api/customers/${ana.customer.id}`, { full_name: 'Ana Ruiz' }).expect(200);
  const name = { full_name: 'Ana Ruiz', firstname: null, lastname: null };
  expect(await ana.changes()).toMatchObject({
    name: { ...name, changed_at: instant },
    phone: { value: '+34600111222' },
  });
  await admin.patch(`/api/customers/${ana.customer.id}`, { phone: '600333444' }).expect(200);
  expect(await ana.changes()).toMatchObject({ name: { full_name: 'Ana Ruiz' } });
  expect(await ana.changes()).not.toHaveProperty('phone');
});

test('of the full name and its parts that is found which the person changed last', async ({ ana, admin }) => {
  const patch = (names: object) => ana.client.patch('/api/customers/me', names).expect(200);
  const found = async () => (await ana.changes()).name;
  await patch({ full_name: 'Ana Ruiz', firstname: 'Ana', lastname: 'Ruiz' });
  expect(await found()).toMatchObject({ full_name: 'Ana Ruiz', firstname: 'Ana', lastname: 'Ruiz' });
  await patch({ full_name: 'Eva Gil' }); // as a form with one field for the name does
  expect(await found()).toMatchObject({ full_name: 'Eva Gil', firstname: null, lastname: null });
  await patch({ gender: 'f' });
  expect(await found()).toMatchObject({ full_name: 'Eva Gil', firstname: null });
  await patch({ lastname: 'Sol' });
  expect(await found()).toMatchObject({ full_name: 'Eva Gil', firstname: 'Ana', lastname: 'Sol' });
  await patch({ full_name: null }); // is built from the parts again
  expect(await found()).toMatchObject({ full_name: 'Ana Sol', firstname: 'Ana', lastname: 'Sol' });
  await patch({ full_name: 'Eva Paz' });
  await admin.patch(`/api/customers/${ana.customer.id}`, { full_name: 'Eva Mar' }).expect(200);
  expect(await found()).toBeUndefined();
  await ana.updated(2, ['name'], {
    name: 'Luz Rey',
    first_name: 'Luz',
    last_name: 'Rey',
    name_changed_at: '2100-01-01T00:00:00.000Z',
  });
  expect(await found()).toMatchObject({ full_name: 'Luz Rey', firstname: 'Luz', lastname: 'Rey' });
});

test('of a change here and one in auth the later stays; what follows says so, and is followed by nothing', async ({
  ana,
}) => {
  await ana.client.patch('/api/customers/me', { phone: '600111222' }).expect(200);
  const { phone } = (await ana.changes()) as { phone: { changed_at: string } };
  const at = (milliseconds: number) => new Date(Date.parse(phone.changed_at) + milliseconds).toISOString();
  await ana.updated(2, ['phone'], { phone: '+34600999888', phone_changed_at: at(-5) });
  expect(await ana.read()).toMatchObject({ phone: '+34600111222' });
  await ana.updated(3, ['phone'], { phone: '+34600777666', phone_changed_at: at(5) });
  expect(await ana.read()).toMatchObject({ phone: '+34600777666' });
  expect((await ana.lastEvent())?.data).toMatchObject({ fields_changed: ['phone'], followed: true });
  expect(await ana.changes()).toEqual({ phone: { value: '+34600777666', changed_at: at(5) } });
  lookedUp.length = 0;
  await ana.updated(4, ['phone'], { phone: '+34600555444', phone_changed_at: at(9) }, true);
  expect(lookedUp).toEqual([]);
  expect(await ana.read()).toMatchObject({ phone: '+34600777666' });
});

test('a change here and one in auth at the same time lock the customer first, so that neither fails', async ({
  ana,
  service,
  company,
}) => {
  const waitsForThis = 'select 1 from pg_locks where not granted and pg_backend_pid() = any(pg_blocking_pids(pid))';
  const { event } = await service.database.owner.transaction(async (tx) => {
    await tx('customers').select('id').where({ company_id: company.id, id: ana.customer.id }).forUpdate();
    const delivered = ana.updated(2, ['phone'], { phone: '+34600999888' }).then(() => {});
    await expect.poll(async () => (await tx.raw<{ rows: unknown[] }>(waitsForThis)).rows.length).toBe(1);
    await recordChangeTimes(tx, company.id, ana.id, ['phone'], null);
    return { event: delivered };
  });
  await event;
  expect(await ana.read()).toMatchObject({ phone: '+34600999888' });
});

test('the e-mail of one’s own record changes by the verified flow only', async ({ ana, admin }) => {
  const email = `${randomUUID()}@example.com`;
  for (const path of ['/api/customers/me', `/api/customers/${ana.customer.id}`]) {
    for (const value of [email, null]) {
      const { body } = await ana.client.patch(path, { email: value }).expect(422);
      expect(body.errors).toEqual([{ path: 'email', message: 'is changed by POST /auth/change-email only' }]);
    }
    await ana.client.patch(path, { email: ana.user.email, gender: 'f' }).expect(200);
  }
  await admin.patch(`/api/customers/${ana.customer.id}`, { email }).expect(200);
});
