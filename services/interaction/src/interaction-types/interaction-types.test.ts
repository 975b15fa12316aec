import { serviceTest } from '@clientela/testing';
import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import { createTestInteraction } from '../testing/test-interaction.ts';

const test = serviceTest(createTestInteraction);

const path = '/api/interaction-types';
const seeded = ['call', 'email', 'meeting', 'appointment', 'complaint', 'visit', 'sale', 'note'];
const names = ({ body }: { body: { interaction_types: { name: string }[] } }) =>
  body.interaction_types.map(({ name }) => name);

test('lists built-in types for every company, then the types it added', async ({ service }) => {
  const company = service.company();
  const admin = service.user('admin', company);
  expect(names(await admin.get(path).expect(200))).toEqual(seeded);

  const { body } = await admin.post(path, { name: ' Orçamento ' }).expect(201);
  expect(body).toEqual({
    message: 'Interaction type added',
    interaction_type: {
      name: 'orçamento',
      built_in: false,
      created_by: admin.user_id,
      created_at: expect.any(String),
      version: 1,
    },
  });
  await admin.post(path, { name: 'demo' }).expect(201);
  const list = await service.user('viewer', company).get(path).expect(200);
  expect(list.body).toMatchObject({ total: 10, page: 1, pages: 1, per_page: 20 });
  expect(names(list)).toEqual([...seeded, 'demo', 'orçamento']);
  expect(list.body.interaction_types[0]).toEqual({
    name: 'call',
    built_in: true,
    created_by: null,
    created_at: null,
    version: 1,
  });
  expect(names(await admin.get(`${path}?per_page=3&page=3`))).toEqual(['sale', 'note', 'demo']);
  expect(names(await admin.get(`${path}?per_page=3&page=4`))).toEqual(['orçamento']);
  expect(names(await admin.get(`${path}?per_page=3&page=5`))).toEqual([]);

  const interactions = `/api/customers/${randomUUID()}/interactions`;
  await admin.post(interactions, { notes: 'Sent', type: 'ORÇAMENTO' }).expect(201);
  expect((await admin.get(`${interactions}?type=Orçamento`).expect(200)).body.total).toBe(1);
});

test('hides a company’s own types from another company', async ({ service }) => {
  await service.user('admin', service.company()).post(path, { name: 'tasting' }).expect(201);
  const otherAdmin = service.user('admin', service.company());
  expect(names(await otherAdmin.get(path).expect(200))).toEqual(seeded);
  const interactions = `/api/customers/${randomUUID()}/interactions`;
  expect((await otherAdmin.post(interactions, { notes: 'a', type: 'tasting' }).expect(422)).body.errors).toEqual([
    { path: 'type', message: 'is not a known type' },
  ]);
  await otherAdmin.post(path, { name: 'tasting' }).expect(201);
});

test('rejects an existing name, built-in name or alias with a 409 that shows the type', async ({ service }) => {
  const admin = service.user('admin', service.company());
  await admin.post(path, { name: 'tasting' }).expect(201);
  for (const [given, name] of [
    ['Tasting', 'tasting'],
    ['CALL', 'call'],
    ['Ligação', 'call'],
    ['venda', 'sale'],
  ] as const) {
    const { body } = await admin.post(path, { name: given }).expect(409);
    expect(body).toMatchObject({
      error_code: 'INTERACTION_TYPE_NAME_TAKEN',
      errors: [{ path: 'name' }],
      existing: { name },
    });
  }
});

test('lets only managers add a type, and only with a valid name', async ({ service }) => {
  const company = service.company();
  for (const role of ['manager', 'viewer', 'customer'] as const)
    await service.user(role, company).post(path, { name: 'mine' }).expect(403);
  await service.user('customer', company).get(path).expect(403);
  const admin = service.user('admin', company);
  for (const body of [{}, { name: '' }, { name: 'n'.repeat(51) }, { name: 5 }, { name: null }, { name: 'a\u0000' }]) {
    expect((await admin.post(path, body).expect(422)).body.errors).toMatchObject([{ path: 'name' }]);
  }
  await admin.post(path, { name: 'n', colour: 'red' }).expect(422);
  await admin.get(`${path}?sort=name`).expect(422);
  expect(names(await admin.get(path))).toEqual(seeded);
});
