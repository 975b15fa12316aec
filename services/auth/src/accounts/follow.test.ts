import { randomUUID } from 'node:crypto';
import type { OwnChanges } from '@clientela/contracts';
import type { ServiceClient } from '@clientela/http';
import { serviceTest } from '@clientela/testing';
import { expect } from 'vitest';
import { createTestAuth } from '../testing/test-auth.ts';

/** What the customer service has of each user, and which of them were looked up. */
const changesOf = new Map<string, OwnChanges>();
const lookedUp: string[] = [];
const customer = {
  service: 'customer',
  get: async (path: string) => {
    const id = path.split('/')[3] ?? '';
    lookedUp.push(id);
    return changesOf.get(id);
  },
} as unknown as ServiceClient;

const test = serviceTest(() => createTestAuth({ customer })).extend('ana', async ({ service, superuser }) => {
  const founder = await service.register();
  const company = founder.user.business_id ?? '';
  const email = `${randomUUID()}@example.com`;
  const body = { email, password: 'correct horse battery', first_name: 'Ana', last_name: 'Perez', role: 'customer' };
  const { id } = (await founder.client.post('/api/v1/users', body).expect(201)).body as { id: string };
  const read = async () => (await superuser.get(`/api/v1/users/${id}`).expect(200)).body;
  const updated = (
    fields_changed: string[],
    changes: OwnChanges,
    values: { followed?: true; actor_id?: string } = {},
  ) => {
    changesOf.set(id, changes);
    const { actor_id = id, followed } = values;
    return service
      .callingService('customer')
      .post('/internal/events', {
        id: randomUUID(),
        name: 'customer.updated',
        occurred_at: new Date().toISOString(),
        company_id: company,
        actor_id,
        request_id: 'request-1',
        sequence: 2,
        data: {
          customer_id: randomUUID(),
          number: 10_000_000,
          user_id: id,
          fields_changed,
          ...(followed && { followed }),
        },
      })
      .expect(200, { processed: true });
  };
  const client = service.user('customer', { id: company }, id);
  return { id, founder, client, read, updated };
});
const at = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString();
const phone = (value: string | null, changed_at = at(60)) => ({ phone: { value, changed_at } });

test('name and phone that a customer changed in its own record reach its user, by an event that nothing follows', async ({
  service,
  ana,
}) => {
  const name = { full_name: 'Eva Ruiz Gil', firstname: null, lastname: null, changed_at: at(60) };
  await ana.updated(['full_name', 'phone'], { name, ...phone('+34600111222') });
  const user = await ana.read();
  expect(user).toMatchObject({ first_name: 'Eva', last_name: 'Ruiz Gil', phone: '+34600111222' });
  const event = (await service.events('user.updated')).at(-1);
  expect(event?.data).toEqual({
    user_id: ana.id,
    fields_changed: ['first_name', 'last_name', 'phone'],
    followed: true,
  });
  const { body } = await ana.founder.client.get(`/api/v1/audit-logs?actor=${ana.id}&action=user.updated`).expect(200);
  expect(body.audit_logs).toMatchObject([{ fields: ['first_name', 'last_name', 'phone'] }]);
  await ana.updated(['firstname'], { name: { ...name, firstname: 'Maria José', lastname: null, changed_at: at(90) } });
  expect(await ana.read()).toMatchObject({ first_name: 'Maria José', last_name: null });
});

test('of two changes the later stays; null, staff’s and followed changes do not follow', async ({ service, ana }) => {
  await ana.client.patch('/auth/me', { phone: '+34600999888' }).expect(200);
  expect((await service.events('user.updated')).at(-1)?.data).not.toHaveProperty('followed');
  const unchanged = await ana.read();
  await ana.updated(['phone'], phone('+34600111222', at(-60)));
  await ana.updated(['phone'], phone(null));
  await ana.updated(['phone'], {}); // staff have changed it since
  lookedUp.length = 0;
  await ana.updated(['phone'], phone('+34600111222'), { followed: true });
  await ana.updated(['phone'], phone('+34600111222'), { actor_id: ana.founder.user.id });
  await ana.updated(['gender'], phone('+34600111222'));
  expect(lookedUp).toEqual([]);
  expect(await ana.read()).toEqual(unchanged);
  await ana.updated(['phone'], phone('+34600111222'));
  expect(await ana.read()).toMatchObject({ phone: '+34600111222' });
  const internal = (await service.callingService('customer').get(`/internal/users/${ana.id}`).expect(200)).body;
  expect(internal.phone_changed_at).toBe(changesOf.get(ana.id)?.phone?.changed_at);
});

test('a user who is no customer, or of another company, follows nothing', async ({ ana, service }) => {
  await service.database.owner('users').where({ id: ana.id }).update({ role: 'viewer' });
  const before = await ana.read();
  await ana.updated(['phone'], phone('+34600111222'));
  expect(await ana.read()).toEqual(before);
});
