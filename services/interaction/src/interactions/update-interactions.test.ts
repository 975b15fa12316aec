import { randomUUID } from 'node:crypto';
import type { TestUser, Company } from '@clientela/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { customerResponse, createTestInteraction, type TestInteraction } from '../testing/test-interaction.ts';

let service: TestInteraction;
let company: Company;
let manager: TestUser;

beforeAll(async () => {
  service = await createTestInteraction();
  company = service.company();
  manager = service.user('manager', company);
});
beforeEach(() => service.customers.respond((path) => customerResponse(path)));
afterAll(() => service.close());

const pathOf = (customer_id: string = randomUUID()) => `/api/customers/${customer_id}/interactions`;
const recorded = async (values: object = {}, path = pathOf()) => {
  const { body } = await manager.post(path, { notes: 'Spoke', type: 'call', ...values }).expect(201);
  return { ...body.interaction, path: `${path}/${body.interaction.id}` };
};
const errorPaths = ({ body }: { body: { errors: { path: string }[] } }) =>
  body.errors.map(({ path }) => path).toSorted();
const published = async (name: string, id: string) =>
  (await service.events(name)).filter(({ data }) => data['interaction_id'] === id);
const rowOf = (id: string) => service.database.owner('interactions').where({ id }).first();

describe('updating an interaction', () => {
  test('returns the record with its version as ETag', async () => {
    const { path, ...interaction } = await recorded({ category: 'sales' });
    const readBack = await service.user('viewer', company).get(path).expect(200);
    expect(readBack.body).toEqual({ interaction });
    expect(readBack.headers['etag']).toBe('"1"');
    await manager.get(path).set('If-None-Match', '"1"').expect(304);
    await manager.get(path).set('If-None-Match', '"2"').expect(200);
  });

  test.each(['put', 'patch'] as const)('changes some fields by %s and publishes the change', async (method) => {
    const { path, ...before } = await recorded({ type: 'appointment', priority: 'low', category: 'sales' });
    const change = { notes: 'Moved', scheduled_at: '2030-05-01T12:00:00+02:00', priority: null };
    const { body, headers } = await manager[method](path, change).expect(200);
    expect(body).toEqual({
      message: 'Interaction updated',
      interaction: {
        ...before,
        notes: 'Moved',
        scheduled_at: '2030-05-01T10:00:00.000Z',
        priority: null,
        updated_at: expect.any(String),
      },
    });
    expect(headers['etag']).toBe('"2"');
    expect((await manager.get(path)).body.interaction).toEqual(body.interaction);
    const counted = { type: 'appointment', status: 'booked', occurred_at: before.occurred_at, scheduled_at: null };
    expect(await published('interaction.updated', before.id)).toEqual([
      expect.objectContaining({
        sequence: 2,
        company_id: company.id,
        data: {
          interaction_id: before.id,
          customer_id: before.customer_id,
          customer_changes: 2,
          fields_changed: ['notes', 'scheduled_at', 'priority'],
          from: counted,
          to: { ...counted, scheduled_at: '2030-05-01T10:00:00.000Z' },
        },
      }),
    ]);
  });

  test('updates the search text', async () => {
    const { path } = await recorded({ notes: 'Wants olives', category: 'sales' });
    await manager.patch(path, { notes: 'Wants figs' }).expect(200);
    const list = path.slice(0, path.lastIndexOf('/'));
    expect((await manager.get(`${list}?search=figs`)).body.total).toBe(1);
    expect((await manager.get(`${list}?search=sales`)).body.total).toBe(1);
    expect((await manager.get(`${list}?search=olives`)).body.total).toBe(0);
  });

  test('changes and publishes nothing when the record is sent unchanged', async () => {
    const { path, ...interaction } = await recorded({ type: 'complaint', status: 'in_progress' });
    const { body, headers } = await manager.put(path, interaction).expect(200);
    expect([body.interaction, headers['etag']]).toEqual([interaction, '"1"']);
    await manager.patch(path, {}).expect(200);
    expect(await published('interaction.updated', interaction.id)).toEqual([]);
  });

  test('accepts the aliases of legacy clients', async () => {
    const { path } = await recorded();
    const { body } = await manager.put(path, { ds_notes: 'Cliente ligou', id_interaction_type: 'Reunião' }).expect(200);
    expect(body.interaction).toMatchObject({ notes: 'Cliente ligou', type: 'meeting' });
    const twice = { notes: 'a', ds_notes: 'a', type: 'call', id_interaction_type: 'call' };
    expect(errorPaths(await manager.put(path, twice).expect(422))).toEqual(['ds_notes', 'id_interaction_type']);
    expect(errorPaths(await manager.put(path, { id_interaction_type: 'dance' }).expect(422))).toEqual([
      'id_interaction_type',
    ]);
  });

  test('names every invalid field and changes nothing', async () => {
    const { path, id } = await recorded();
    const before = await rowOf(id);
    const readOnly = { id: randomUUID(), customer_id: randomUUID(), created_by: 'x', created_at: null };
    expect(errorPaths(await manager.put(path, { ...readOnly, notes: 'Changed' }).expect(422))).toEqual(
      Object.keys(readOnly).toSorted(),
    );
    const invalidBody = { notes: null, type: null, occurred_at: null, priority: 'urgent', category: '', colour: 1 };
    expect(errorPaths(await manager.put(path, invalidBody).expect(422))).toEqual(Object.keys(invalidBody).toSorted());
    expect(errorPaths(await manager.put(path, { type: 'dance', status: 'open' }).expect(422))).toEqual([
      'status',
      'type',
    ]);
    expect(await rowOf(id)).toEqual(before);
    expect(await published('interaction.updated', id)).toEqual([]);
  });
});

describe('status of an interaction', () => {
  test('changes freely within its type; each event has the old and new status', async () => {
    const { path, id } = await recorded({ type: 'complaint' });
    for (const status of ['in_progress', 'resolved', 'closed', 'open']) {
      expect((await manager.patch(path, { status }).expect(200)).body.interaction.status).toBe(status);
    }
    const transitions = (await published('interaction.updated', id)).map(
      ({ data }) => [data['from'], data['to']] as { status: string }[],
    );
    expect(transitions.map((move) => move.map(({ status }) => status))).toEqual([
      ['open', 'in_progress'],
      ['in_progress', 'resolved'],
      ['resolved', 'closed'],
      ['closed', 'open'],
    ]);
    for (const status of ['booked', 'done', null])
      expect(errorPaths(await manager.patch(path, { status }).expect(422))).toEqual(['status']);
    await manager.patch((await recorded()).path, { status: null }).expect(200);
    await manager.patch((await recorded()).path, { status: 'open' }).expect(422);
  });

  test('is reset by a new type, unless the request has a status', async () => {
    const { path, id } = await recorded();
    const change = async (body: object) => (await manager.patch(path, body).expect(200)).body.interaction.status;
    expect(await change({ type: 'appointment' })).toBe('booked');
    expect(await change({ type: 'complaint', status: 'closed' })).toBe('closed');
    expect(await change({ type: 'appointment', status: null })).toBe('booked');
    expect(await change({ type: 'note' })).toBeNull();
    expect((await published('interaction.updated', id)).at(-1)?.data).toMatchObject({
      fields_changed: ['type', 'status'],
      from: { type: 'appointment', status: 'booked' },
      to: { type: 'note', status: null },
    });
    await manager.patch(path, { type: 'complaint', status: 'booked' }).expect(422);
  });
});

describe('deleting an interaction', () => {
  test('deletes the row once; the event has the fields that counters subtract', async () => {
    const path = pathOf();
    const { id, customer_id, occurred_at } = await recorded({ type: 'complaint' }, path);
    const other = await recorded({}, path);
    expect((await manager.delete(`${path}/${id}`).expect(200)).body).toEqual({ message: 'Interaction removed' });
    expect(await rowOf(id)).toBeUndefined();
    expect(await rowOf(other.id)).toBeDefined();
    expect(await published('interaction.deleted', id)).toEqual([
      expect.objectContaining({
        sequence: 2,
        data: {
          interaction_id: id,
          customer_id,
          customer_changes: 2,
          type: 'complaint',
          status: 'open',
          occurred_at,
          scheduled_at: null,
        },
      }),
    ]);
    for (const call of [manager.get, manager.delete, manager.put, manager.patch] as const) {
      expect((await call(`${path}/${id}`).expect(404)).body.error_code).toBe('INTERACTION_NOT_FOUND');
    }
  });
});

describe('If-Match', () => {
  test('accepts changes of the current version only', async () => {
    const { path, id } = await recorded();
    await manager.put(path, { notes: 'Second' }).set('If-Match', '"1"').expect(200);
    for (const call of [
      manager.put(path, { notes: 'Third' }),
      manager.patch(path, { notes: 'Third' }),
      manager.delete(path),
    ]) {
      expect((await call.set('If-Match', '"1"').expect(412)).body.error_code).toBe('PRECONDITION_FAILED');
    }
    expect(await rowOf(id)).toMatchObject({ notes: 'Second', version: 2 });
    await manager.delete(path).set('If-Match', '"2"').expect(200);
  });
});

describe('customers and access', () => {
  test('requires the customer’s path', async () => {
    const { id } = await recorded();
    for (const call of [manager.get, manager.put, manager.patch, manager.delete] as const) {
      expect((await call(`${pathOf()}/${id}`).expect(404)).body.error_code).toBe('INTERACTION_NOT_FOUND');
      await call(`${pathOf()}/not-an-id`).expect(400);
    }
    expect(await rowOf(id)).toMatchObject({ version: 1 });
  });

  test('rejects an unknown customer with 404, and names an unavailable customer service in a 503', async () => {
    const { path, id } = await recorded();
    const calls = () => [
      manager.get(path),
      manager.put(path, { notes: 'x' }),
      manager.patch(path, { notes: 'x' }),
      manager.delete(path),
    ];
    service.customers.respond(() => ({ status: 404 }));
    for (const call of calls()) expect((await call.expect(404)).body.error_code).toBe('CUSTOMER_NOT_FOUND');
    service.customers.respond(() => undefined);
    for (const call of calls()) expect((await call.expect(503)).body.detail).toContain('customer service');
    expect(await rowOf(id)).toMatchObject({ notes: 'Spoke', version: 1 });
  });

  test('can be read, changed and deleted for a soft-deleted customer', async () => {
    const { path } = await recorded();
    service.customers.respond((at) => customerResponse(at, true));
    await manager.get(path).expect(200);
    await manager.put(path, { notes: 'Closed the file' }).expect(200);
    await manager.delete(path).expect(200);
  });

  test('hides the record from another company, whatever the customer service returns', async () => {
    const { path, id } = await recorded();
    const otherAdmin = service.user('admin', service.company());
    for (const call of [otherAdmin.get, otherAdmin.put, otherAdmin.patch, otherAdmin.delete] as const)
      await call(path).expect(404);
    expect(await rowOf(id)).toMatchObject({ version: 1 });
  });

  test('lets a viewer read, a customer nothing, and a superuser name the company', async () => {
    const { path, id } = await recorded();
    for (const [role, readBack] of [
      ['viewer', 200],
      ['customer', 403],
    ] as const) {
      const caller = service.user(role, company);
      await caller.get(path).expect(readBack);
      await caller.put(path, { notes: 'x' }).expect(403);
      await caller.patch(path, { notes: 'x' }).expect(403);
      await caller.delete(path).expect(403);
    }
    const superuser = service.user('superuser');
    expect(errorPaths(await superuser.get(path).expect(422))).toEqual(['company_id']);
    await superuser.get(`${path}?company_id=${company.id}`).expect(200);
    expect(await rowOf(id)).toMatchObject({ notes: 'Spoke', version: 1 });
  });
});
