import { serviceTest, type TestUser } from '@clientela/testing';
import { expect } from 'vitest';
import { sampleImage } from '../avatars/testing/sample-images.ts';
import { createTestCustomer } from '../testing/test-customer.ts';

const test = serviceTest(() => createTestCustomer({ pool: 2 }))
  .extend('person', ({ service, company }) => service.user('customer', company))
  .extend('at', async ({ admin, person }) => {
    const { body } = await admin.post('/api/customers', { user_id: person.user_id, full_name: 'Ana' }).expect(201);
    return `/api/customers/${body.customer.id}`;
  });

const changes = (by: TestUser, at: string) => [
  by.put(at, { gender: 'female' }),
  by.patch(at, { gender: 'female' }),
  by.patch('/api/customers/me', { gender: 'female' }),
  by.patch(at, {}),
  by.delete(`${at}/avatar`),
];

test.for(['suspended', 'inactive'])(
  'a customer whose record is %s reads it and changes nothing',
  async (status, { admin, person, at }) => {
    await admin.patch(`${at}/status`, { status }).expect(200);
    const { body } = await person.get(at).expect(200);
    expect(body.customer.status).toBe(status);
    for (const path of ['/api/customers/me', '/api/customers/me/statistics', `${at}/stats`, `${at}/orders`])
      await person.get(path).expect(200);
    await person.get('/api/gdpr/requests').expect(200);

    const picture = await sampleImage('png');
    for (const call of [...changes(person, at), person.post(`${at}/avatar`).attach('file', picture, 'me.png')])
      expect((await call.expect(403)).body).toMatchObject({ error_code: 'CUSTOMER_SUSPENDED', status: 403 });
    expect((await person.get(at)).body).toEqual(body);
    await admin.patch(at, { city_id: 7 }).expect(200); // staff may
    await admin.patch(`${at}/status`, { status: 'active' }).expect(200);
    for (const call of changes(person, at)) await call.expect(200);
  },
);

test('a deleted record is the same 409 for its customer, whatever its status; another’s stays a 404', async ({
  admin,
  person,
  at,
}) => {
  await admin.patch(`${at}/status`, { status: 'suspended' }).expect(200);
  await admin.delete(at).expect(200);
  expect((await person.patch(at, { city_id: 1 }).expect(409)).body.error_code).toBe('CUSTOMER_DELETED');
  const { customer } = (await admin.post('/api/customers', { full_name: 'Other', status: 'suspended' })).body;
  await person.patch(`/api/customers/${customer.id}`, { city_id: 1 }).expect(404);
});
