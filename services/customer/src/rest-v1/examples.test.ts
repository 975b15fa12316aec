import { serviceTest, type TestUser } from '@clientela/testing';
import { expect } from 'vitest';
import { createTestCustomer } from '../testing/test-customer.ts';

// Every customer request of the legacy API's documentation, as documented: slashes, bodies and responses.

let client: TestUser;

const test = serviceTest(createTestCustomer);

const example = {
  phone: '50110556645',
  firstname: 'string',
  lastname: 'string',
  email: 'user@example.com',
  birthday: '2023-12-21',
  gender: 'M',
  city_id: 0,
  last_auth_at: '2023-12-21T04:20:37.024Z',
};

test('the documented requests work in sequence', async ({ service }) => {
  client = service.user('manager', service.company());
  const { body: made } = await client.post('/rest/v1/customers/', example).expect(201);
  expect(made).toEqual({ id: expect.any(Number), ...example });
  const one = `/rest/v1/customers/${made.id}/`;
  expect((await client.get(one).expect(200)).body).toEqual(made);

  const { phone: _, ...change } = { ...example, last_auth_at: '2023-12-21T04:30:57.957Z' };
  const changed = await client.patch(one, change).expect(200);
  expect(changed.body).toEqual({ ...made, last_auth_at: '2023-12-21T04:30:57.957Z' });

  const done = { success: true, message: expect.any(String) };
  expect((await client.patch(one, { phone: '65979638297' }).expect(200)).body).toEqual(done);
  expect((await client.get(one).expect(200)).body.phone).toBe('65979638297');

  expect((await client.delete(one).expect(200)).body).toEqual(done);
  await client.get(one).expect(404);
});

test('the list has the documented shape', async ({ service }) => {
  client = service.user('viewer', service.company());
  const manager = service.user('manager', { id: client.company_id as string });
  const input = { phone: '79025163111', firstname: 'Виктор', email: 'ving@mail.ru' };
  const { id } = (await manager.post('/rest/v1/customers/', input).expect(201)).body;
  expect((await client.get('/rest/v1/customers/?limit=10&offset=0').expect(200)).body).toEqual({
    items: [
      {
        id,
        phone: { id, code: '7', number: '9025163111' },
        firstname: 'Виктор',
        lastname: null,
        email: 'ving@mail.ru',
        birthday: null,
      },
    ],
    count: 1,
  });
});
