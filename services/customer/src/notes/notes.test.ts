import { randomUUID } from 'node:crypto';
import { serviceTest, type TestUser, type TestService } from '@clientela/testing';
import { describe, expect } from 'vitest';
import { createTestCustomer } from '../testing/test-customer.ts';

const test = serviceTest(createTestCustomer);

const path = '/api/customers';
const createCustomer = async (admin: TestUser, body: object = { full_name: 'Ana' }) =>
  (await admin.post(path, body).expect(201)).body.customer;
const eventsOf = async (service: TestService, id: string) =>
  (await service.events()).filter(({ data }) => data['customer_id'] === id);
const historyOf = async (admin: TestUser, id: string) =>
  (await admin.get(`${path}/${id}/history`).expect(200)).body.history;
const instant = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

describe('a note', () => {
  test('creates a note with its author; event and history omit its text, and the version stays', async ({
    service,
    company,
    admin,
    manager,
  }) => {
    const customer = await createCustomer(admin);
    const at = `${path}/${customer.id}/notes`;
    const { body } = await manager.post(at, { content: '  Asked to be called back\n\tnext week ' }).expect(201);
    expect(body).toEqual({
      message: 'Note added',
      note: {
        id: expect.stringMatching(/^[\da-f-]{36}$/),
        customer_id: customer.id,
        content: 'Asked to be called back\n\tnext week',
        created_by: manager.user_id,
        created_at: instant,
      },
    });
    expect((await admin.get(at).expect(200)).body).toEqual({
      notes: [body.note],
      total: 1,
      page: 1,
      pages: 1,
      per_page: 20,
    });
    const after = await admin.get(`${path}/${customer.id}`).expect(200);
    expect(after.body.customer).toEqual(customer);
    expect(after.headers['etag']).toBe('"1"');
    const published = (await eventsOf(service, customer.id)).slice(1);
    expect(published).toMatchObject([{ name: 'customer.note.added', sequence: 1, company_id: company.id }]);
    expect(published[0]?.data).toEqual({ customer_id: customer.id, number: customer.number, note_id: body.note.id });
    expect((await historyOf(admin, customer.id))[0]).toEqual({
      id: expect.any(String),
      at: instant,
      actor_id: manager.user_id,
      action: 'customer.note.added',
      changes: [],
    });
    const history = await service.database.owner('customer_history').where({ customer_id: customer.id });
    expect(JSON.stringify([history, published])).not.toMatch(/called|next week/);
  });

  test('is removed once; the history has an entry, and no event is published', async ({ service, admin, manager }) => {
    const customer = await createCustomer(admin);
    const at = `${path}/${customer.id}/notes`;
    const { note } = (await admin.post(at, { content: 'Gone' }).expect(201)).body;
    const other = await createCustomer(admin);
    await admin.delete(`${path}/${other.id}/notes/${note.id}`).expect(404);
    expect((await manager.delete(`${at}/${note.id}`).expect(200)).body).toEqual({ message: 'Note removed' });
    expect((await manager.delete(`${at}/${note.id}`).expect(404)).body.error_code).toBe('NOTE_NOT_FOUND');
    expect((await admin.get(at)).body).toMatchObject({ notes: [], total: 0, pages: 0 });
    expect((await historyOf(admin, customer.id))[0]).toEqual({
      id: expect.any(String),
      at: instant,
      actor_id: manager.user_id,
      action: 'customer.note.removed',
      changes: [],
    });
    expect((await eventsOf(service, customer.id)).map(({ name }) => name)).toEqual([
      'customer.created',
      'customer.note.added',
    ]);
  });
});

test('pages notes newest first, ties by id', async ({ service, admin }) => {
  const customer = await createCustomer(admin);
  const at = `${path}/${customer.id}/notes`;
  for (let i = 0; i < 5; i += 1) await admin.post(at, { content: `note ${i}` }).expect(201);
  const read = async (query: string) => (await admin.get(`${at}${query}`).expect(200)).body;
  const contents = ({ notes }: { notes: { content: string }[] }) => notes.map(({ content }) => content);
  expect(contents(await read(''))).toEqual(['note 4', 'note 3', 'note 2', 'note 1', 'note 0']);
  expect(await read('?page=2&per_page=2')).toMatchObject({ total: 5, page: 2, pages: 3, per_page: 2 });
  expect(contents(await read('?page=2&per_page=2'))).toEqual(['note 2', 'note 1']);
  expect(await read('?page=9')).toEqual({ notes: [], total: 5, page: 9, pages: 1, per_page: 20 });

  await service.database
    .owner('customer_notes')
    .where({ customer_id: customer.id })
    .update({ created_at: '2026-01-01T00:00:00Z' });
  const ids = (await read('')).notes.map(({ id }: { id: string }) => id);
  expect(ids).toEqual(ids.toSorted().toReversed());

  for (const query of [
    'page=0',
    'page=1000001',
    'per_page=101',
    'per_page=0',
    'sort=created_at',
    'search=note',
    'cursor=',
  ])
    expect((await admin.get(`${at}?${query}`).expect(422)).body.errors).toMatchObject([{ path: query.split('=')[0] }]);
});

test('accepts 1 to 500 characters of any script and no other field', async ({ admin }) => {
  const { id } = await createCustomer(admin);
  const at = `${path}/${id}/notes`;
  await admin.post(at, { content: '🦊'.repeat(500) }).expect(201);
  for (const content of ['', ' \n ', 'x'.repeat(501), 'a\u0000b', 'a\u0007', 'a\ud800', 5, null, ['a'], undefined])
    expect((await admin.post(at, { content }).expect(422)).body.errors).toMatchObject([{ path: 'content' }]);
  for (const more of ['created_by', 'created_at', 'id'])
    expect((await admin.post(at, { content: 'a', [more]: randomUUID() }).expect(422)).body.errors).toMatchObject([
      { path: more },
    ]);
  await admin.post(at).expect(422);
  await admin.post(`${path}/x/notes`, { content: 'a' }).expect(400);
  await admin.delete(`${at}/x`).expect(400);
  expect((await admin.get(at)).body.total).toBe(1);
});

test('a deleted customer keeps its notes and rejects changes; a removed one has none', async ({ service, admin }) => {
  const customer = await createCustomer(admin);
  const at = `${path}/${customer.id}/notes`;
  const { note } = (await admin.post(at, { content: 'Kept' }).expect(201)).body;
  await admin.delete(`${path}/${customer.id}`).expect(200);
  for (const call of [admin.post(at, { content: 'Late' }), admin.delete(`${at}/${note.id}`)])
    expect((await call.expect(409)).body.error_code).toBe('CUSTOMER_DELETED');
  expect((await admin.get(at).expect(200)).body.notes).toEqual([note]);
  await admin.delete(`${path}/${customer.id}?hard_delete=true`).expect(200);
  for (const call of [admin.get(at), admin.post(at, { content: 'Late' }), admin.delete(`${at}/${note.id}`)])
    expect((await call.expect(404)).body.error_code).toBe('CUSTOMER_NOT_FOUND');
  expect(await service.database.owner('customer_notes').where({ customer_id: customer.id })).toEqual([]);
});

test('If-Match refers to the version of the customer', async ({ admin }) => {
  const customer = await createCustomer(admin);
  const at = `${path}/${customer.id}/notes`;
  await admin.post(at, { content: 'a' }).set('If-Match', '"2"').expect(412);
  const { note } = (await admin.post(at, { content: 'a' }).set('If-Match', '"1"').expect(201)).body;
  await admin.delete(`${at}/${note.id}`).set('If-Match', '"2"').expect(412);
  await admin.delete(`${at}/${note.id}`).set('If-Match', '"1"').expect(200);
});

test('role customer has no access, a viewer reads, and another company gets a 404', async ({
  service,
  company,
  admin,
}) => {
  const person = service.user('customer', company);
  const customer = await createCustomer(admin, { full_name: 'Own', user_id: person.user_id });
  const { note } = (await admin.post(`${path}/${customer.id}/notes`, { content: 'Secret' }).expect(201)).body;
  const calls = (caller: TestUser, id: string) => [
    caller.get(`${path}/${id}/notes`),
    caller.post(`${path}/${id}/notes`, { content: 'Mine' }),
    caller.delete(`${path}/${id}/notes/${note.id}`),
  ];
  for (const call of calls(person, customer.id)) await call.expect(403);
  for (const call of calls(service.anonymous(), customer.id)) await call.expect(401);
  const [read, ...changes] = calls(service.user('viewer', company), customer.id);
  await read?.expect(200);
  for (const call of changes) await call.expect(403);
  const strip = ({ body }: { body: object }) => ({ ...body, timestamp: '', request_id: '' });
  const stranger = service.user('admin', service.company());
  const unknown = calls(stranger, randomUUID());
  for (const [index, call] of calls(stranger, customer.id).entries())
    expect(strip(await call.expect(404))).toEqual(strip((await unknown[index]?.expect(404)) ?? { body: {} }));
  for (const call of calls(service.user('superuser'), customer.id))
    expect((await call.expect(422)).body.errors).toMatchObject([{ path: 'company_id' }]);
  expect((await admin.get(`${path}/${customer.id}/notes`)).body.total).toBe(1);
});
