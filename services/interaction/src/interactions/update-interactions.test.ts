import { randomUUID } from 'node:crypto';
import { serviceTest, type TestUser } from '@clientela/testing';
import { describe, expect } from 'vitest';
import { customerResponse, createTestInteraction, type TestInteraction } from '../testing/test-interaction.ts';

const test = serviceTest(createTestInteraction);
test.beforeEach(({ service }) => {
  service.customers.respond((path) => customerResponse(path));
});

const pathOf = (customer_id: string = randomUUID()) => `/api/customers/${customer_id}/interactions`;
const recorded = async (manager: TestUser, values: object = {}, path = pathOf()) => {
  const { body } = await manager.post(path, { notes: 'Spoke', type: 'call', ...values }).expect(201);
  return { ...body.interaction, path: `${path}/${body.interaction.id}` };
};
const errorPaths = ({ body }: { body: { errors: { path: string }[] } }) =>
  body.errors.map(({ path }) => path).toSorted();
const published = async (service: TestInteraction, name: string, id: string) =>
  (await service.events(name)).filter(({ data }) => data['interaction_id'] === id);
const rowOf = (service: TestInteraction, id: string) => service.database.owner('interactions').where({ id }).first();

describe('updating an interaction', () => {
  test('returns the record with its version as ETag', async ({ service, company, manager }) => {
    const { path, ...interaction } = await recorded(manager, { category: 'sales' });
    const readBack = await service.user('viewer', company).get(path).expect(200);
    expect(readBack.body).toEqual({ interaction });
    expect(readBack.headers['etag']).toBe('"1"');
    await manager.get(path).set('If-None-Match', '"1"').expect(304);
    await manager.get(path).set('If-None-Match', '"2"').expect(200);
  });

  test.for(['put', 'patch'] as const)(
    'changes some fields by %s and publishes the change',
    async (method, { service, company, manager }) => {
      const { path, ...before } = await recorded(manager, { type: 'appointment', priority: 'low', category: 'sales' });
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
          version: 2,
        },
      });
      expect(headers['etag']).toBe('"2"');
      expect((await manager.get(path)).body.interaction).toEqual(body.interaction);
      const counted = { type: 'appointment', status: 'booked', occurred_at: before.occurred_at, scheduled_at: null };
      expect(await published(service, 'interaction.updated', before.id)).toEqual([
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
    },
  );

  test('updates the search text', async ({ manager }) => {
    const { path } = await recorded(manager, { notes: 'Wants olives', category: 'sales' });
    await manager.patch(path, { notes: 'Wants figs' }).expect(200);
    const list = path.slice(0, path.lastIndexOf('/'));
    expect((await manager.get(`${list}?search=figs`)).body.total).toBe(1);
    expect((await manager.get(`${list}?search=sales`)).body.total).toBe(1);
    expect((await manager.get(`${list}?search=olives`)).body.total).toBe(0);
  });

  test('changes and publishes nothing when the record is sent unchanged', async ({ service, manager }) => {
    const { path, ...interaction } = await recorded(manager, { type: 'complaint', status: 'in_progress' });
    const { body, headers } = await manager.put(path, interaction).expect(200);
    expect([body.interaction, headers['etag']]).toEqual([interaction, '"1"']);
    await manager.patch(path, {}).expect(200);
    expect(await published(service, 'interaction.updated', interaction.id)).toEqual([]);
  });

  test('accepts the aliases of legacy clients', async ({ manager }) => {
    const { path } = await recorded(manager);
    const { body } = await manager.put(path, { ds_notes: 'Cliente ligou', id_interaction_type: 'Reunião' }).expect(200);
    expect(body.interaction).toMatchObject({ notes: 'Cliente ligou', type: 'meeting' });
    const twice = { notes: 'a', ds_notes: 'a', type: 'call', id_interaction_type: 'call' };
    expect(errorPaths(await manager.put(path, twice).expect(422))).toEqual(['ds_notes', 'id_interaction_type']);
    expect(errorPaths(await manager.put(path, { id_interaction_type: 'dance' }).expect(422))).toEqual([
      'id_interaction_type',
    ]);
  });

  test('names every invalid field and changes nothing', async ({ service, manager }) => {
    const { path, id } = await recorded(manager);
    const before = await rowOf(service, id);
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
    expect(await rowOf(service, id)).toEqual(before);
    expect(await published(service, 'interaction.updated', id)).toEqual([]);
  });
});

describe('status of an interaction', () => {
  test('changes freely within its type; each event has the old and new status', async ({ service, manager }) => {
    const { path, id } = await recorded(manager, { type: 'complaint' });
    for (const status of ['in_progress', 'resolved', 'closed', 'open']) {
      expect((await manager.patch(path, { status }).expect(200)).body.interaction.status).toBe(status);
    }
    const transitions = (await published(service, 'interaction.updated', id)).map(
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
    await manager.patch((await recorded(manager)).path, { status: null }).expect(200);
    await manager.patch((await recorded(manager)).path, { status: 'open' }).expect(422);
  });

  test('is reset by a new type, unless the request has a status', async ({ service, manager }) => {
    const { path, id } = await recorded(manager);
    const change = async (body: object) => (await manager.patch(path, body).expect(200)).body.interaction.status;
    expect(await change({ type: 'appointment' })).toBe('booked');
    expect(await change({ type: 'complaint', status: 'closed' })).toBe('closed');
    expect(await change({ type: 'appointment', status: null })).toBe('booked');
    expect(await change({ type: 'note' })).toBeNull();
    expect((await published(service, 'interaction.updated', id)).at(-1)?.data).toMatchObject({
      fields_changed: ['type', 'status'],
      from: { type: 'appointment', status: 'booked' },
      to: { type: 'note', status: null },
    });
    await manager.patch(path, { type: 'complaint', status: 'booked' }).expect(422);
  });
});

describe('deleting an interaction', () => {
  test('deletes the row once; the event has the fields that counters subtract', async ({ service, manager }) => {
    const path = pathOf();
    const { id, customer_id, occurred_at } = await recorded(manager, { type: 'complaint' }, path);
    const other = await recorded(manager, {}, path);
    expect((await manager.delete(`${path}/${id}`).expect(200)).body).toEqual({ message: 'Interaction removed' });
    expect(await rowOf(service, id)).toBeUndefined();
    expect(await rowOf(service, other.id)).toBeDefined();
    expect(await published(service, 'interaction.deleted', id)).toEqual([
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
  test('accepts changes of the current version only', async ({ service, manager }) => {
    const { path, id } = await recorded(manager);
    await manager.put(path, { notes: 'Second' }).set('If-Match', '"1"').expect(200);
    for (const call of [
      manager.put(path, { notes: 'Third' }),
      manager.patch(path, { notes: 'Third' }),
      manager.delete(path),
    ]) {
      expect((await call.set('If-Match', '"1"').expect(412)).body.error_code).toBe('PRECONDITION_FAILED');
    }
    expect(await rowOf(service, id)).toMatchObject({ notes: 'Second', version: 2 });
    await manager.delete(path).set('If-Match', '"2"').expect(200);
  });
});

describe('customers and access', () => {
  test('requires the customer’s path', async ({ service, manager }) => {
    const { id } = await recorded(manager);
    for (const call of [manager.get, manager.put, manager.patch, manager.delete] as const) {
      expect((await call(`${pathOf()}/${id}`).expect(404)).body.error_code).toBe('INTERACTION_NOT_FOUND');
      await call(`${pathOf()}/not-an-id`).expect(400);
    }
    expect(await rowOf(service, id)).toMatchObject({ version: 1 });
  });

  test('rejects an unknown customer with 404, and names an unavailable customer service in a 503', async ({
    service,
    manager,
  }) => {
    const { path, id } = await recorded(manager);
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
    expect(await rowOf(service, id)).toMatchObject({ notes: 'Spoke', version: 1 });
  });

  test('can be read, changed and deleted for a soft-deleted customer', async ({ service, manager }) => {
    const { path } = await recorded(manager);
    service.customers.respond((at) => customerResponse(at, true));
    await manager.get(path).expect(200);
    await manager.put(path, { notes: 'Closed the file' }).expect(200);
    await manager.delete(path).expect(200);
  });

  test('hides the record from another company, whatever the customer service returns', async ({ service, manager }) => {
    const { path, id } = await recorded(manager);
    const otherAdmin = service.user('admin', service.company());
    for (const call of [otherAdmin.get, otherAdmin.put, otherAdmin.patch, otherAdmin.delete] as const)
      await call(path).expect(404);
    expect(await rowOf(service, id)).toMatchObject({ version: 1 });
  });

  test('lets a viewer read, a customer nothing, and a superuser name the company', async ({
    service,
    company,
    manager,
  }) => {
    const { path, id } = await recorded(manager);
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
    expect(await rowOf(service, id)).toMatchObject({ notes: 'Spoke', version: 1 });
  });
});
