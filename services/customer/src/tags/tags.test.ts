import { randomUUID } from 'node:crypto';
import { serviceTest, type TestUser, type TestService } from '@clientela/testing';
import { describe, expect } from 'vitest';
import { createTestCustomer } from '../testing/test-customer.ts';

const test = serviceTest(createTestCustomer);

const path = '/api/customers';
const createCustomer = async (admin: TestUser, body: object = { full_name: 'Ana' }) =>
  (await admin.post(path, body).expect(201)).body.customer;
const record = async (admin: TestUser, id: string) => {
  const { body, headers } = await admin.get(`${path}/${id}`).expect(200);
  return { ...body.customer, etag: headers['etag'] };
};
const eventsOf = async (service: TestService, id: string) =>
  (await service.events())
    .filter(({ data }) => data['customer_id'] === id)
    .map(({ name, sequence, data }) => ({ name, sequence, data }));
const historyOf = async (admin: TestUser, id: string) =>
  (await admin.get(`${path}/${id}/history`).expect(200)).body.history;
const labelsOf = async (admin: TestUser, id: string) =>
  (await admin.get(`${path}/${id}/tags`).expect(200)).body.tags.map(({ label }: { label: string }) => label);
const instant = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

describe('a tag', () => {
  test('is added with its author, raises the version, and appears in record, event and history', async ({
    service,
    admin,
    manager,
  }) => {
    const customer = await createCustomer(admin);
    const { body, headers } = await manager
      .post(`${path}/${customer.id}/tags`, { label: ' VIP ', color: '#FFD700', priority: 5 })
      .expect(201);
    expect(body).toEqual({
      message: 'Tag added',
      tag: {
        id: expect.stringMatching(/^[\da-f-]{36}$/),
        customer_id: customer.id,
        label: 'VIP',
        color: '#FFD700',
        priority: 5,
        created_by: manager.user_id,
        created_at: instant,
      },
    });
    expect(headers['etag']).toBe('"2"');
    const after = await record(admin, customer.id);
    expect(after).toEqual({ ...customer, tags: ['VIP'], updated_at: instant, version: 2, etag: '"2"' });
    expect((await eventsOf(service, customer.id)).slice(1)).toEqual([
      {
        name: 'customer.tag.added',
        sequence: 2,
        data: { customer_id: customer.id, number: customer.number, tag_id: body.tag.id },
      },
    ]);
    expect((await historyOf(admin, customer.id))[0]).toEqual({
      id: expect.any(String),
      at: instant,
      actor_id: manager.user_id,
      action: 'customer.tag.added',
      changes: [{ field: 'tags', from: [], to: ['VIP'] }],
    });
    const defaults = (await manager.post(`${path}/${customer.id}/tags`, { label: 'plain' }).expect(201)).body.tag;
    expect(defaults).toMatchObject({ color: null, priority: 0 });
  });

  test('is removed, which raises the version and appears in event and history', async ({ service, admin, manager }) => {
    const customer = await createCustomer(admin);
    const at = `${path}/${customer.id}/tags`;
    const { tags } = (await admin.post(at, { labels: ['a', 'b'] }).expect(201)).body;
    const { body, headers } = await manager.delete(`${at}/${tags[0].id}`).expect(200);
    expect(body).toEqual({ message: 'Tag removed' });
    expect(headers['etag']).toBe('"4"');
    expect(await record(admin, customer.id)).toMatchObject({ tags: ['b'], etag: '"4"' });
    expect((await eventsOf(service, customer.id)).at(-1)).toEqual({
      name: 'customer.tag.removed',
      sequence: 4,
      data: { customer_id: customer.id, number: customer.number, tag_id: tags[0].id },
    });
    expect((await historyOf(admin, customer.id))[0]).toEqual({
      id: expect.any(String),
      at: instant,
      actor_id: manager.user_id,
      action: 'customer.tag.removed',
      changes: [{ field: 'tags', from: ['a', 'b'], to: ['b'] }],
    });
    expect((await admin.delete(`${at}/${tags[0].id}`).expect(404)).body.error_code).toBe('TAG_NOT_FOUND');
    await admin.post(at, { label: 'A' }).expect(201);
  });

  test('is listed by priority from high to low, then by label; the record has the same order', async ({
    service,
    company,
    admin,
  }) => {
    const customer = await createCustomer(admin);
    const at = `${path}/${customer.id}/tags`;
    await admin.post(at, { labels: ['Zoo', 'élan', 'm', 'B'] }).expect(201);
    await admin.post(at, { label: 'last', priority: -2_147_483_648 }).expect(201);
    await admin.post(at, { label: 'first', priority: 2_147_483_647 }).expect(201);
    await admin.post(at, { labels: Array.from({ length: 120 }, (_, i) => `n${String(i).padStart(3, '0')}`) });
    const { body } = await service.user('viewer', company).get(at).expect(200);
    const labels = body.tags.map(({ label }: { label: string }) => label);
    expect(body.total).toBe(126);
    expect(labels).toEqual([
      'first',
      'B',
      'élan',
      'm',
      ...Array.from({ length: 120 }, (_, i) => `n${String(i).padStart(3, '0')}`),
      'Zoo',
      'last',
    ]);
    expect((await record(admin, customer.id)).tags).toEqual(labels);
    expect(Object.keys(body)).toEqual(['tags', 'total']);
    await admin.get(`${at}?page=1`).expect(422);
  });
});

describe('several labels in one request', () => {
  test('share color and priority, are returned in the given order, and create a version and an event each', async ({
    service,
    admin,
  }) => {
    const customer = await createCustomer(admin);
    const at = `${path}/${customer.id}/tags`;
    const { body, headers } = await admin.post(at, { labels: ['z', 'Y'], color: 'red', priority: 1 }).expect(201);
    expect(body.message).toBe('Tags added');
    expect(body.tags).toMatchObject([
      { label: 'z', color: 'red', priority: 1, customer_id: customer.id },
      { label: 'Y', color: 'red', priority: 1 },
    ]);
    expect(Object.keys(body)).toEqual(['message', 'tags']);
    expect(headers['etag']).toBe('"3"');
    expect((await record(admin, customer.id)).tags).toEqual(['Y', 'z']);
    const named = { customer_id: customer.id, number: customer.number };
    expect((await eventsOf(service, customer.id)).slice(1)).toEqual([
      { name: 'customer.tag.added', sequence: 2, data: { ...named, tag_id: body.tags[0].id } },
      { name: 'customer.tag.added', sequence: 3, data: { ...named, tag_id: body.tags[1].id } },
    ]);
    const [entry, previous] = await historyOf(admin, customer.id);
    expect(entry.changes).toEqual([{ field: 'tags', from: [], to: ['Y', 'z'] }]);
    expect(previous.action).toBe('customer.created');
  });

  test('are rejected together when the customer has one of them, in any case, or one is repeated', async ({
    service,
    admin,
  }) => {
    const customer = await createCustomer(admin);
    const at = `${path}/${customer.id}/tags`;
    const { tag } = (await admin.post(at, { label: 'Éclair' }).expect(201)).body;
    const one = await admin.post(at, { label: 'éCLAIR' }).expect(409);
    expect(one.body).toMatchObject({
      error_code: 'TAG_LABEL_TAKEN',
      detail: 'The customer already has the tag: éCLAIR',
      errors: [{ path: 'label', message: 'is already a tag of the customer' }],
      existing: { id: tag.id, label: 'Éclair' },
    });
    const several = await admin.post(at, { labels: ['new', 'ÉCLAIR', 'twice', 'TWICE'] }).expect(409);
    expect(several.body.errors.map(({ path }: { path: string }) => path)).toEqual(['labels.1', 'labels.3']);
    expect(several.body.detail).toContain('ÉCLAIR, TWICE');
    expect(several.body.existing).toEqual({ id: tag.id, label: 'Éclair' });
    const twice = await admin.post(at, { labels: ['same', 'same'] }).expect(409);
    expect(twice.body).not.toHaveProperty('existing');
    expect(await labelsOf(admin, customer.id)).toEqual(['Éclair']);
    expect(await record(admin, customer.id)).toMatchObject({ tags: ['Éclair'], etag: '"2"' });
    expect(await eventsOf(service, customer.id)).toHaveLength(2);
    const other = await createCustomer(admin);
    await admin.post(`${path}/${other.id}/tags`, { label: 'Éclair' }).expect(201);
  });

  test('are at most 1,000 per request and customer; a long response is replayed for its key', async ({
    service,
    admin,
  }) => {
    const customer = await createCustomer(admin);
    const at = `${path}/${customer.id}/tags`;
    const labels = Array.from({ length: 1001 }, (_, i) => `label ${i}`);
    expect((await admin.post(at, { labels }).expect(422)).body.errors).toMatchObject([{ path: 'labels' }]);
    const all = { labels: labels.slice(0, 1000) };
    const first = await admin.post(at, all).set('Idempotency-Key', 'thousand-labels').expect(201);
    expect(first.headers['etag']).toBe('"1001"');
    const again = await admin.post(at, all).set('Idempotency-Key', 'thousand-labels').expect(201);
    expect(again.body).toEqual(first.body);
    expect((await admin.post(at, { label: 'one more' }).expect(409)).body).toMatchObject({
      error_code: 'TOO_MANY_TAGS',
      detail: 'A customer can have at most 1000 tags',
    });
    expect((await admin.get(at)).body.total).toBe(1000);
    expect((await service.events('customer.tag.added')).filter(({ sequence }) => sequence === 1001)).toHaveLength(1);
    expect(await historyOf(admin, customer.id)).toHaveLength(2);
  });
});

describe('invalid input', () => {
  const invalidBodies: [unknown, string[]][] = [
    [{}, ['label']],
    [{ label: 'a', labels: ['b'] }, ['labels']],
    [{ color: 'x'.repeat(21), priority: 1.5 }, ['color', 'label', 'priority']],
    [{ labels: [] }, ['labels']],
    [{ labels: ['ok', '', 7, 'x'.repeat(51)] }, ['labels.1', 'labels.2', 'labels.3']],
    [{ label: '' }, ['label']],
    [{ label: ' ' }, ['label']],
    [{ label: 'x'.repeat(51) }, ['label']],
    [{ label: 'a\nb' }, ['label']],
    [{ label: 'a\u0000' }, ['label']],
    [{ label: null }, ['label']],
    [{ label: ['a'] }, ['label']],
    [{ labels: 'a' }, ['labels']],
    [{ label: 'a', color: '' }, ['color']],
    [{ label: 'a', priority: 2_147_483_648 }, ['priority']],
    [{ label: 'a', priority: -2_147_483_649 }, ['priority']],
    [{ label: 'a', priority: 1e300 }, ['priority']],
    [{ label: 'a', priority: '1' }, ['priority']],
    [{ label: 'a', priority: null }, ['priority']],
    [{ label: 'a', created_by: randomUUID() }, ['created_by']],
    [[], ['']],
    ['a', ['']],
  ];
  test.for(invalidBodies)('%j is rejected by name, and nothing is added', async ([body, paths], { admin }) => {
    const customer = await createCustomer(admin);
    const send = (at: string, what: unknown) =>
      admin.post(at).set('Content-Type', 'application/json').send(JSON.stringify(what)).expect(422);
    const named = ({ body: { errors } }: { body: { errors: { path: string }[] } }) =>
      errors.map(({ path }) => path).toSorted();
    expect(named(await send(`${path}/${customer.id}/tags`, body))).toEqual(paths);
    const plain = typeof body === 'object' && !Array.isArray(body);
    expect(named(await send(`${path}/tags`, plain ? { ...body, customer_id: customer.id } : body))).toEqual(paths);
    expect(await labelsOf(admin, customer.id)).toEqual([]);
  });

  test('accepts labels of 50 and colors of 20 characters of any script', async ({ admin }) => {
    const { id } = await createCustomer(admin);
    const label = '🦊'.repeat(50);
    const { tag } = (await admin.post(`${path}/${id}/tags`, { label, color: 'c'.repeat(20) }).expect(201)).body;
    expect(tag).toMatchObject({ label, color: 'c'.repeat(20) });
    expect((await admin.post(`${path}/tags`, { label: 'a' }).expect(422)).body.errors).toEqual([
      { path: 'customer_id', message: 'is required' },
    ]);
    await admin.post(`${path}/tags`, { label: 'a', customer_id: 'x' }).expect(422);
    await admin.post(`${path}/x/tags`, { label: 'a' }).expect(400);
    await admin.delete(`${path}/${id}/tags/x`).expect(400);
    await admin.delete(`${path}/tags/x`).expect(400);
  });
});

test('the routes without a customer in the path do the same', async ({ admin, manager }) => {
  const customer = await createCustomer(admin);
  const one = await manager.post(`${path}/tags/`, { customer_id: customer.id, label: 'b', color: 'red' }).expect(201);
  expect(one.body).toMatchObject({ message: 'Tag added', tag: { label: 'b', created_by: manager.user_id } });
  const two = await manager.post(`${path}/tags`, { customer_id: customer.id, labels: ['a'] }).expect(201);
  expect(two.body).toMatchObject({ message: 'Tags added', tags: [{ label: 'a' }] });
  const list = await manager.get(`${path}/tags/customer/${customer.id}`).expect(200);
  expect(list.body).toEqual((await manager.get(`${path}/${customer.id}/tags`).expect(200)).body);
  expect(list.body).toEqual({ tags: [two.body.tags[0], one.body.tag], total: 2 });
  expect(list.headers['etag']).toBe('"3"');
  expect((await manager.delete(`${path}/tags/${one.body.tag.id}`).expect(200)).body).toEqual({
    message: 'Tag removed',
  });
  await manager.delete(`${path}/tags/${one.body.tag.id}`).expect(404);
  expect(await record(admin, customer.id)).toMatchObject({ tags: ['a'], etag: '"4"' });
});

test('a new customer has its initial labels without further versions or events', async ({ service, admin }) => {
  const customer = await createCustomer(admin, { full_name: 'Tagged', tags: ['b', 'VIP', 'a'] });
  expect(customer.tags).toEqual(['a', 'b', 'VIP']);
  expect(await record(admin, customer.id)).toEqual({ ...customer, etag: '"1"' });
  const { body } = await admin.get(`${path}/${customer.id}/tags`).expect(200);
  expect(body.tags).toMatchObject(['a', 'b', 'VIP'].map((label) => ({ label, priority: 0, color: null })));
  expect(body.tags[0].created_by).toBe(admin.user_id);
  expect((await eventsOf(service, customer.id)).map(({ name, sequence }) => [name, sequence])).toEqual([
    ['customer.created', 1],
  ]);

  const { total } = (await admin.get(`${path}?active_only=false`)).body;
  const twice = (await admin.post(path, { full_name: 'Twice', tags: ['x', 'y', 'X'] }).expect(409)).body;
  expect(twice).toMatchObject({ error_code: 'TAG_LABEL_TAKEN', errors: [{ path: 'tags.2' }] });
  expect((await admin.get(`${path}?active_only=false`)).body.total).toBe(total);
  for (const tags of [['x'.repeat(51)], [''], [5], 'vip', null, Array.from({ length: 1001 }, String)])
    await admin.post(path, { full_name: 'Bad', tags }).expect(422);
  await admin.patch(`${path}/${customer.id}`, { tags: ['c'] }).expect(422);
  await admin.patch(`${path}/${customer.id}`, { tags: customer.tags, city_id: 1 }).expect(200);
});

test('If-Match and If-None-Match refer to the version of the customer', async ({ admin }) => {
  const customer = await createCustomer(admin);
  const at = `${path}/${customer.id}/tags`;
  await admin.post(at, { label: 'a' }).set('If-Match', '"9"').expect(412);
  const { tag } = (await admin.post(at, { label: 'a' }).set('If-Match', '"1"').expect(201)).body;
  await admin.get(at).set('If-None-Match', '"2"').expect(304);
  await admin.patch(`${path}/${customer.id}`, { city_id: 1 }).expect(200);
  await admin.get(at).set('If-None-Match', '"2"').expect(200);
  for (const one of [`${at}/${tag.id}`, `${path}/tags/${tag.id}`])
    expect((await admin.delete(one).set('If-Match', '"2"').expect(412)).body.error_code).toBe('PRECONDITION_FAILED');
  expect(await labelsOf(admin, customer.id)).toEqual(['a']);
  await admin.delete(`${at}/${tag.id}`).set('If-Match', '"3"').expect(200);
});

test('a deleted customer keeps its tags and rejects changes; a removed one is a 404', async ({ service, admin }) => {
  const customer = await createCustomer(admin);
  const at = `${path}/${customer.id}/tags`;
  const { tag } = (await admin.post(at, { label: 'kept' }).expect(201)).body;
  await admin.delete(`${path}/${customer.id}`).expect(200);
  for (const call of [
    admin.post(at, { label: 'x' }),
    admin.post(`${path}/tags`, { customer_id: customer.id, labels: ['x'] }),
    admin.delete(`${at}/${tag.id}`),
    admin.delete(`${path}/tags/${tag.id}`),
  ])
    expect((await call.expect(409)).body.error_code).toBe('CUSTOMER_DELETED');
  expect(await labelsOf(admin, customer.id)).toEqual(['kept']);
  await admin.delete(`${path}/${customer.id}?hard_delete=true`).expect(200);
  expect((await admin.get(at).expect(404)).body.error_code).toBe('CUSTOMER_NOT_FOUND');
  expect((await admin.delete(`${path}/tags/${tag.id}`).expect(404)).body.error_code).toBe('TAG_NOT_FOUND');
  expect(await service.database.owner('customer_tags').where({ customer_id: customer.id })).toEqual([]);
});

test('role customer has no access, a viewer reads, and another company gets a 404', async ({
  service,
  company,
  admin,
}) => {
  const person = service.user('customer', company);
  const customer = await createCustomer(admin, { full_name: 'Own', user_id: person.user_id });
  const at = `${path}/${customer.id}/tags`;
  const { tag } = (await admin.post(at, { label: 'secret' }).expect(201)).body;
  const calls = (caller: TestUser, id: string, tag_id: string) => [
    caller.get(`${path}/${id}/tags`),
    caller.get(`${path}/tags/customer/${id}`),
    caller.post(`${path}/${id}/tags`, { label: 'x' }),
    caller.post(`${path}/tags`, { customer_id: id, label: 'x' }),
    caller.delete(`${path}/${id}/tags/${tag_id}`),
    caller.delete(`${path}/tags/${tag_id}`),
  ];
  for (const call of calls(person, customer.id, tag.id)) await call.expect(403);
  for (const call of calls(service.anonymous(), customer.id, tag.id)) await call.expect(401);
  const [read, also, ...changes] = calls(service.user('viewer', company), customer.id, tag.id);
  await read?.expect(200);
  await also?.expect(200);
  for (const call of changes) await call.expect(403);

  const strip = ({ body }: { body: object }) => ({ ...body, timestamp: '', request_id: '' });
  const stranger = service.user('admin', service.company());
  const unknown = calls(stranger, randomUUID(), randomUUID());
  for (const [index, call] of calls(stranger, customer.id, tag.id).entries())
    expect(strip(await call.expect(404))).toEqual(strip((await unknown[index]?.expect(404)) ?? { body: {} }));
  const other = await createCustomer(admin);
  await admin.delete(`${path}/${other.id}/tags/${tag.id}`).expect(404);
  expect(await labelsOf(admin, customer.id)).toEqual(['secret']);

  const superuser = service.user('superuser');
  for (const call of calls(superuser, customer.id, tag.id))
    expect((await call.expect(422)).body.errors).toMatchObject([{ path: 'company_id' }]);
  await superuser.delete(`${path}/tags/${tag.id}?company_id=${company.id}`).expect(200);
  expect((await historyOf(admin, customer.id))[0]).toMatchObject({ actor_id: superuser.user_id });
});
