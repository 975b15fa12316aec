import { randomUUID } from 'node:crypto';
import { events, type EventContract } from '@clientela/contracts';
import type { TestUser } from '@clientela/testing';
import { z } from 'zod';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestAuth, type TestAuth } from '../testing/test-auth.ts';
import type { AuditLog } from './schema.ts';
import { audit, type AuditEntry } from './store.ts';

let auth: TestAuth;
let superuser: TestUser;
beforeAll(async () => {
  auth = await createTestAuth();
  superuser = auth.user('superuser');
});
afterAll(() => auth.close());

const path = '/api/v1/audit-logs';
const fetchPage = async (client: TestUser, query = '') => {
  const { body } = await client.get(`${path}${query}`).expect(200);
  return body as { audit_logs: AuditLog[]; per_page: number; next_cursor: string | null };
};
const listEntries = async (client: TestUser, query = '') => (await fetchPage(client, query)).audit_logs;
const listActions = (client: TestUser, query = '') =>
  listEntries(client, query).then((rows) => rows.map(({ action }) => action));
const insertEntry = (entry: Partial<AuditEntry>) =>
  auth.database.db.transaction((tx) =>
    audit(tx, { actor_id: 'service:test', action: 'tested', company_id: null, request_id: 'request-1', ...entry }),
  );
const address = '192.0.2.7'; // of every test client

describe('changes in auth', () => {
  test('audits successful and failed sign-ins with actor, user and address, never credentials', async () => {
    const { user, email, password, client } = await auth.register();
    await auth.anonymous().post('/auth/login', { email, password }).set('X-Client-Ip', address).expect(200);
    await auth
      .anonymous()
      .post('/auth/login', { email, password: 'wrong-password' })
      .set('X-Client-Ip', address)
      .expect(401);
    const subject = {
      resource_type: 'user',
      resource_id: user.id,
      company_id: user.company_id,
      business_id: user.business_id,
    };
    expect(await listEntries(client)).toMatchObject([
      { ...subject, action: 'sign_in.refused', actor_id: null, result: 'refused', ip: address, fields: [] },
      { ...subject, action: 'sign_in', actor_id: user.id, result: 'done', ip: address, fields: [] },
      { action: 'company.created', actor_id: user.id, resource_type: 'company', resource_id: user.business_id },
      { ...subject, action: 'user.registered', actor_id: user.id, result: 'done', ip: null },
    ]);
    await auth.anonymous().post('/auth/login', { email: 'nobody@example.com', password: 'wrong-password' }).expect(401);
    const [unknown] = await listEntries(superuser, '?action=sign_in.refused&per_page=1');
    expect(unknown).toMatchObject({ actor_id: null, resource_id: null, company_id: null, business_id: null });
    const dump = JSON.stringify(await auth.database.owner('audit_logs'));
    for (const value of [email, password, 'wrong-password', 'nobody@example.com', 'Perez']) {
      expect(dump).not.toContain(value);
    }
  });

  test('audits changes of role and password by their own actions, with field names', async () => {
    const { client } = await auth.register();
    const { body: user } = await client
      .post('/api/v1/users', {
        email: `${randomUUID()}@example.com`,
        username: `u-${randomUUID().slice(0, 8)}`,
        password: 'a good password',
        first_name: 'Eva',
        last_name: 'Ruiz',
      })
      .expect(201);
    await client
      .put(`/api/v1/users/${user.id}`, { role: 'viewer', password: 'another password', first_name: 'Eve' })
      .expect(200);
    const rows = await listEntries(client, `?resource=user:${user.id}`);
    expect(
      rows
        .map(({ action, fields, actor_id }) => `${actor_id === client.user_id} ${action} ${fields.join()}`)
        .toSorted(),
    ).toEqual(
      [
        'true user.password.changed password',
        'true user.registered ',
        'true user.role.changed role',
        'true user.updated first_name',
      ].toSorted(),
    );
    expect(rows.find(({ action }) => action === 'user.role.changed')?.ip).toBe(address);
  });

  test('audits denied requests with actor, route and address', async () => {
    const { client, user } = await auth.register();
    const { user: other } = await auth.register();
    const viewer = auth.user('viewer', { id: String(user.business_id) }, other.id);
    await viewer.get('/api/v1/users').expect(403);
    const [denied] = await listEntries(client, `?actor=${viewer.user_id}`);
    expect(denied).toMatchObject({
      action: 'permission.refused',
      result: 'refused',
      resource_type: 'route',
      resource_id: 'GET /api/v1/users',
      business_id: user.business_id,
      ip: address,
    });
  });

  test('audits no success for a request that was rolled back', async () => {
    const { client, email } = await auth.register();
    const before = await listActions(superuser, '?per_page=100');
    await auth.anonymous().post('/auth/register', { email, password: 'a good password', name: 'Twice' }).expect(409);
    expect(await listActions(superuser, '?per_page=100')).toEqual(before);
    expect(await listActions(client)).toEqual(['company.created', 'user.registered']);
  });
});

describe('events of other services', () => {
  const { auth: _own, ...otherEvents } = events;
  const eventFor = (contract: EventContract, company_id: string, changes: object = {}) => {
    const id = randomUUID();
    const record = {
      customer_id: id,
      number: 12,
      product_id: id,
      interaction_id: id,
      transaction_id: id,
      tag_id: id,
      note_id: id,
      import_id: id,
      job_id: id,
      created: [id],
      updated: [id],
      deleted: [id],
      reverted: [id],
      kept: 0,
      skipped: 1,
      failed: 0,
      favorite_id: 34,
      customer_number: 1,
      product_number: 2,
      hard: true,
      from: 'active',
      to: 'inactive',
      type: 'call',
      status: 'completed',
      kind: 'order',
      direction: 'in',
      amount: '12.50',
      currency: 'EUR',
      occurred_at: '2026-01-30T12:00:00.123Z',
      scheduled_at: null,
      fields_changed: ['email', 'phone'],
    };
    const dataFor = (shape: object): Record<string, unknown> => {
      const values: Record<string, unknown> = {};
      for (const [field, type] of Object.entries(shape)) {
        if (type instanceof z.ZodObject) values[field] = dataFor(type.shape);
        else if (field in record) values[field] = record[field as keyof typeof record];
      }
      return values;
    };
    const data = dataFor(contract.data.shape);
    return {
      id: randomUUID(),
      name: contract.name,
      occurred_at: '2026-01-31T12:00:00.123Z',
      company_id,
      actor_id: 'service:import',
      request_id: 'request-of-event',
      sequence: 3,
      data,
      ...changes,
    };
  };

  test.each(
    Object.entries(otherEvents).flatMap(([service, contracts]) =>
      contracts.map((contract) => [contract.name, service, contract] as const),
    ),
  )(
    '%s, published by %s, adds one entry, however often it is delivered',
    async (name, service, contract: EventContract) => {
      const { user, client } = await auth.register();
      const event = eventFor(contract, user.business_id ?? '');
      const publisher = auth.callingService(service as keyof typeof otherEvents);
      expect((await publisher.post('/internal/events', event).expect(200)).body).toEqual({ processed: true });
      expect((await publisher.post('/internal/events', event).expect(200)).body).toEqual({ processed: false });
      expect(await listEntries(client, `?action=${name}`)).toEqual([
        {
          id: expect.any(String),
          at: event.occurred_at,
          actor_id: 'service:import',
          action: name,
          resource_type: contract.aggregate.replace('_id', ''),
          resource_id: String(event.data[contract.aggregate]),
          company_id: user.company_id,
          business_id: user.business_id,
          details: null,
          fields: 'fields_changed' in contract.data.shape ? ['email', 'phone'] : [],
          result: 'done',
          ip: null,
          request_id: 'request-of-event',
        },
      ]);
    },
  );

  test('accepts events from services only', async () => {
    const { user, client } = await auth.register();
    const event = eventFor(events.product[0], user.business_id ?? '');
    await client.post('/internal/events', event).expect(403);
    expect(await listActions(client)).toEqual(['company.created', 'user.registered']);
  });
});

describe('the list', () => {
  const insertEntries = async (count: number, entry: Partial<AuditEntry> = {}) => {
    const { user, client } = await auth.register();
    for (let index = 0; index < count; index += 1) {
      // Several entries share an instant, so that the id breaks ties.
      const at = `2025-01-0${1 + Math.floor(index / 3)}T00:00:00.000Z`;
      await insertEntry({ company_id: user.business_id, at, resource_id: String(index), ...entry });
    }
    return { user, client };
  };

  test('pages by cursor, newest first, without duplicates or gaps while entries are added', async () => {
    const { user, client } = await insertEntries(10);
    const seen: AuditLog[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const response: Awaited<ReturnType<typeof fetchPage>> = await fetchPage(
        client,
        `?per_page=4&action=tested&cursor=${cursor}`,
      );
      expect(response.per_page).toBe(4);
      seen.push(...response.audit_logs);
      cursor = response.next_cursor;
      await insertEntry({ company_id: user.business_id });
    }
    expect(seen.map(({ resource_id }) => Number(resource_id))).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
    expect((await fetchPage(client, '?per_page=100')).next_cursor).toBeNull();
    expect((await fetchPage(client)).per_page).toBe(20);
  });

  test('ends with a null cursor on a page that is exactly full', async () => {
    const { client } = await insertEntries(2);
    expect((await fetchPage(client, '?action=tested&per_page=2')).next_cursor).toBeNull();
    expect((await fetchPage(client, '?action=tested&per_page=1')).next_cursor).toEqual(expect.any(String));
  });

  test('filters by actor, action, resource and time, also combined', async () => {
    const { user, client } = await auth.register();
    const company_id = user.business_id;
    const record = randomUUID();
    await insertEntry({
      company_id,
      actor_id: 'service:a',
      action: 'one',
      resource_type: 'customer',
      resource_id: record,
      at: '2025-03-01T10:00:00.000Z',
    });
    await insertEntry({
      company_id,
      actor_id: 'service:a',
      action: 'two',
      resource_type: 'product',
      resource_id: record,
      at: '2025-03-02T00:00:00.000Z',
    });
    await insertEntry({
      company_id,
      actor_id: 'service:b',
      action: 'three',
      resource_type: 'customer',
      resource_id: randomUUID(),
      at: '2025-03-02T23:59:59.999Z',
    });
    const cases: [string, string[]][] = [
      ['actor=service:a', ['two', 'one']],
      [`actor=${user.id}`, ['company.created', 'user.registered']],
      ['action=three', ['three']],
      ['resource=customer', ['three', 'one']],
      [`resource=${record.toUpperCase()}`, ['two', 'one']],
      [`resource=product:${record}`, ['two']],
      ['from=2025-03-02&to=2025-03-02', ['three', 'two']],
      ['to=2025-03-01T10:00:00Z', ['one']],
      ['actor=service:a&resource=customer&to=2025-12-31', ['one']],
      ['actor=service:none', []],
    ];
    for (const [query, found] of cases) expect(await listActions(client, `?${query}`), query).toEqual(found);
  });

  test('shows a company its own entries; superusers see all or those of the company they name', async () => {
    const [own, other] = [await insertEntries(1, { action: 'mine' }), await insertEntries(1, { action: 'other' })];
    expect(await listActions(own.client)).not.toContain('other');
    expect(await listActions(other.client)).not.toContain('mine');
    await own.client.get(`${path}?company_id=${other.user.company_id}`).expect(403);
    await own.client.get(`${path}?company_id=${randomUUID()}`).expect(403);
    expect(await listActions(own.client, `?company_id=${own.user.company_id}`)).toContain('mine');
    for (const action of ['mine', 'other']) expect(await listActions(superuser, `?action=${action}`)).toEqual([action]);
    for (const key of [other.user.company_id, other.user.business_id]) {
      expect(await listActions(superuser, `?company_id=${key}`)).toEqual([
        'company.created',
        'user.registered',
        'other',
      ]);
    }
    await superuser.get(`${path}?company_id=COMP-999999`).expect(422);
  });

  test('is available to admins', async () => {
    const { user } = await auth.register();
    for (const role of ['manager', 'viewer', 'customer'] as const) {
      await auth
        .user(role, { id: user.business_id ?? '' })
        .get(path)
        .expect(403);
    }
    await auth.anonymous().get(path).expect(401);
  });

  test('names invalid query parameters; a cursor works for its own list only', async () => {
    const { client, user } = await insertEntries(3);
    const other = await insertEntries(3);
    const { next_cursor } = await fetchPage(client, '?per_page=1&action=tested');
    const cases: [TestUser, string, string[]][] = [
      [client, 'page=1', ['page']],
      [client, 'per_page=101&from=yesterday&unknown=1', ['from', 'per_page', 'unknown']],
      [client, 'cursor=nonsense', ['cursor']],
      [client, `cursor=${next_cursor}`, ['cursor']],
      [client, `action=other&cursor=${next_cursor}`, ['cursor']],
      [other.client, `action=tested&cursor=${next_cursor}`, ['cursor']],
      [superuser, `action=tested&cursor=${next_cursor}`, ['cursor']],
      [client, `action=tested&cursor=${next_cursor}x`, ['cursor']],
    ];
    for (const [actor, query, fields] of cases) {
      const { body } = await actor.get(`${path}?${query}`).expect(422);
      expect(body.errors.map((error: { path: string }) => error.path).toSorted(), query).toEqual(fields);
    }
    // A superuser in that company may use the cursor; the page size may change between pages.
    await superuser
      .get(`${path}?action=tested&per_page=2&company_id=${user.business_id}&cursor=${next_cursor}`)
      .expect(200);
  });
});

describe('the table', () => {
  test('is append-only for the app role', async () => {
    await insertEntry({ action: 'protected' });
    const { db } = auth.database;
    for (const sql of [
      `update audit_logs set action = 'x'`,
      'delete from audit_logs',
      'truncate audit_logs',
      'select purge_audit_logs(now())',
      'alter table audit_logs disable trigger all',
      'drop table audit_logs',
    ]) {
      await expect(db.raw(sql), sql).rejects.toMatchObject({ code: '42501' });
    }
    expect(await auth.database.owner('audit_logs').where({ action: 'protected' })).toHaveLength(1);
  });

  test('is purged by the owner role, oldest entries first', async () => {
    for (const year of [2019, 2020, 2021]) await insertEntry({ action: 'aged', at: `${year}-06-01T00:00:00.000Z` });
    const { rows } = await auth.database.owner.raw(`select purge_audit_logs('2020-12-31') as removed`);
    expect(rows).toEqual([{ removed: 2 }]);
    const remaining = (await auth.database.owner('audit_logs').where({ action: 'aged' })) as { at: string }[];
    expect(remaining.map(({ at }) => at)).toEqual(['2021-06-01T00:00:00.000Z']);
  });
});
