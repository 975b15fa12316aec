import { randomUUID } from 'node:crypto';
import { events, type EventContract } from '@clientela/contracts';
import type { TestUser } from '@clientela/testing';
import { z } from 'zod';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { authUnderTest, type AuthUnderTest } from '../auth-under-test.ts';
import type { AuditLog } from './schema.ts';
import { audit, type AuditEntry } from './store.ts';

let auth: AuthUnderTest;
let superuser: TestUser;
beforeAll(async () => {
  auth = await authUnderTest();
  superuser = auth.user('superuser');
});
afterAll(() => auth.close());

const path = '/api/v1/audit-logs';
const ask = async (caller: TestUser, query = '') => {
  const { body } = await caller.get(`${path}${query}`).expect(200);
  return body as { audit_logs: AuditLog[]; per_page: number; next_cursor: string | null };
};
const trail = async (caller: TestUser, query = '') => (await ask(caller, query)).audit_logs;
const told = (caller: TestUser, query = '') => trail(caller, query).then((rows) => rows.map(({ action }) => action));
const write = (entry: Partial<AuditEntry>) =>
  auth.database.db.transaction((tx) =>
    audit(tx, { actor_id: 'service:test', action: 'tested', company_id: null, request_id: 'request-1', ...entry }),
  );
const address = '192.0.2.7'; // from which every caller of these tests comes

describe('what auth does itself', () => {
  test('a sign-in and a refused one: who, whom, from where, and never with what', async () => {
    const { user, email, password, caller } = await auth.registered();
    await auth.anonymous().post('/auth/login', { email, password }).set('X-Client-Ip', address).expect(200);
    await auth
      .anonymous()
      .post('/auth/login', { email, password: 'wrong-password' })
      .set('X-Client-Ip', address)
      .expect(401);
    const about = {
      resource_type: 'user',
      resource_id: user.id,
      company_id: user.company_id,
      business_id: user.business_id,
    };
    expect(await trail(caller)).toMatchObject([
      { ...about, action: 'sign_in.refused', actor_id: null, result: 'refused', ip: address, fields: [] },
      { ...about, action: 'sign_in', actor_id: user.id, result: 'done', ip: address, fields: [] },
      { action: 'company.created', actor_id: user.id, resource_type: 'company', resource_id: user.business_id },
      { ...about, action: 'user.registered', actor_id: user.id, result: 'done', ip: null },
    ]);
    await auth.anonymous().post('/auth/login', { email: 'nobody@example.com', password: 'wrong-password' }).expect(401);
    const [unknown] = await trail(superuser, '?action=sign_in.refused&per_page=1');
    expect(unknown).toMatchObject({ actor_id: null, resource_id: null, company_id: null, business_id: null });
    const everything = JSON.stringify(await auth.database.owner('audit_logs'));
    for (const value of [email, password, 'wrong-password', 'nobody@example.com', 'Perez']) {
      expect(everything).not.toContain(value);
    }
  });

  test('a change of role or password is told apart from other changes, by the names of the fields', async () => {
    const { caller } = await auth.registered();
    const { body: user } = await caller
      .post('/api/v1/users', {
        email: `${randomUUID()}@example.com`,
        username: `u-${randomUUID().slice(0, 8)}`,
        password: 'a good password',
        first_name: 'Eva',
        last_name: 'Ruiz',
      })
      .expect(201);
    await caller
      .put(`/api/v1/users/${user.id}`, { role: 'viewer', password: 'another password', first_name: 'Eve' })
      .expect(200);
    const rows = await trail(caller, `?resource=user:${user.id}`);
    expect(
      rows
        .map(({ action, fields, actor_id }) => `${actor_id === caller.user_id} ${action} ${fields.join()}`)
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

  test('somebody who is not let through a door: who, which door, from where', async () => {
    const { caller, user } = await auth.registered();
    const { user: other } = await auth.registered();
    const viewer = auth.user('viewer', { id: String(user.business_id) }, other.id);
    await viewer.get('/api/v1/users').expect(403);
    const [refused] = await trail(caller, `?actor=${viewer.user_id}`);
    expect(refused).toMatchObject({
      action: 'permission.refused',
      result: 'refused',
      resource_type: 'route',
      resource_id: 'GET /api/v1/users',
      business_id: user.business_id,
      ip: address,
    });
  });

  test('what was refused and rolled back leaves no line that says it was done', async () => {
    const { caller, email } = await auth.registered();
    const before = await told(superuser, '?per_page=100');
    await auth.anonymous().post('/auth/register', { email, password: 'a good password', name: 'Twice' }).expect(409);
    expect(await told(superuser, '?per_page=100')).toEqual(before);
    expect(await told(caller)).toEqual(['company.created', 'user.registered']);
  });
});

describe('what the other services do', () => {
  const { auth: _own, ...others } = events;
  const heard = (contract: EventContract, company_id: string, changes: object = {}) => {
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
      created: 3,
      updated: 2,
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
    const said = (shape: object): Record<string, unknown> => {
      const values: Record<string, unknown> = {};
      for (const [field, type] of Object.entries(shape)) {
        if (type instanceof z.ZodObject) values[field] = said(type.shape);
        else if (field in record) values[field] = record[field as keyof typeof record];
      }
      return values;
    };
    const data = said(contract.data.shape);
    return {
      id: randomUUID(),
      name: contract.name,
      occurred_at: '2026-01-31T12:00:00.123Z',
      company_id,
      actor_id: 'service:import',
      request_id: 'request-of-it',
      sequence: 3,
      data,
      ...changes,
    };
  };

  test.each(
    Object.entries(others).flatMap(([service, said]) =>
      said.map((contract) => [contract.name, service, contract] as const),
    ),
  )('%s, said by %s, is one line, however often it comes', async (name, service, contract: EventContract) => {
    const { user, caller } = await auth.registered();
    const event = heard(contract, user.business_id ?? '');
    const speaker = auth.callingService(service as keyof typeof others);
    expect((await speaker.post('/internal/events', event).expect(200)).body).toEqual({ processed: true });
    expect((await speaker.post('/internal/events', event).expect(200)).body).toEqual({ processed: false });
    expect(await trail(caller, `?action=${name}`)).toEqual([
      {
        id: expect.any(String),
        at: event.occurred_at,
        actor_id: 'service:import',
        action: name,
        resource_type: contract.aggregate.replace('_id', ''),
        resource_id: String(event.data[contract.aggregate]),
        company_id: user.company_id,
        business_id: user.business_id,
        fields: 'fields_changed' in contract.data.shape ? ['email', 'phone'] : [],
        result: 'done',
        ip: null,
        request_id: 'request-of-it',
      },
    ]);
  });

  test('nobody but a service may say so', async () => {
    const { user, caller } = await auth.registered();
    const event = heard(events.product[0], user.business_id ?? '');
    await caller.post('/internal/events', event).expect(403);
    expect(await told(caller)).toEqual(['company.created', 'user.registered']);
  });
});

describe('the list', () => {
  const lines = async (count: number, entry: Partial<AuditEntry> = {}) => {
    const { user, caller } = await auth.registered();
    for (let line = 0; line < count; line += 1) {
      // Several at one instant: the id decides between them.
      const at = `2025-01-0${1 + Math.floor(line / 3)}T00:00:00.000Z`;
      await write({ company_id: user.business_id, at, resource_id: String(line), ...entry });
    }
    return { user, caller };
  };

  test('goes through by cursor, newest first, nothing twice and nothing missed, whatever comes in meanwhile', async () => {
    const { user, caller } = await lines(10);
    const seen: AuditLog[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const answer: Awaited<ReturnType<typeof ask>> = await ask(caller, `?per_page=4&action=tested&cursor=${cursor}`);
      expect(answer.per_page).toBe(4);
      seen.push(...answer.audit_logs);
      cursor = answer.next_cursor;
      await write({ company_id: user.business_id });
    }
    expect(seen.map(({ resource_id }) => Number(resource_id))).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
    expect((await ask(caller, '?per_page=100')).next_cursor).toBeNull();
    expect((await ask(caller)).per_page).toBe(20);
  });

  test('ends with null on a page that is just full', async () => {
    const { caller } = await lines(2);
    expect((await ask(caller, '?action=tested&per_page=2')).next_cursor).toBeNull();
    expect((await ask(caller, '?action=tested&per_page=1')).next_cursor).toEqual(expect.any(String));
  });

  test('finds by actor, action, record and time, together too', async () => {
    const { user, caller } = await auth.registered();
    const company_id = user.business_id;
    const record = randomUUID();
    await write({
      company_id,
      actor_id: 'service:a',
      action: 'one',
      resource_type: 'customer',
      resource_id: record,
      at: '2025-03-01T10:00:00.000Z',
    });
    await write({
      company_id,
      actor_id: 'service:a',
      action: 'two',
      resource_type: 'product',
      resource_id: record,
      at: '2025-03-02T00:00:00.000Z',
    });
    await write({
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
    for (const [query, found] of cases) expect(await told(caller, `?${query}`), query).toEqual(found);
  });

  test('shows a company its own, a superuser all or the one that it names', async () => {
    const [mine, other] = [await lines(1, { action: 'mine' }), await lines(1, { action: 'other' })];
    expect(await told(mine.caller)).not.toContain('other');
    expect(await told(other.caller)).not.toContain('mine');
    await mine.caller.get(`${path}?company_id=${other.user.company_id}`).expect(403);
    await mine.caller.get(`${path}?company_id=${randomUUID()}`).expect(403);
    expect(await told(mine.caller, `?company_id=${mine.user.company_id}`)).toContain('mine');
    for (const action of ['mine', 'other']) expect(await told(superuser, `?action=${action}`)).toEqual([action]);
    for (const key of [other.user.company_id, other.user.business_id]) {
      expect(await told(superuser, `?company_id=${key}`)).toEqual(['company.created', 'user.registered', 'other']);
    }
    await superuser.get(`${path}?company_id=COMP-999999`).expect(422);
  });

  test('is for admins', async () => {
    const { user } = await auth.registered();
    for (const role of ['manager', 'viewer', 'customer'] as const) {
      await auth
        .user(role, { id: user.business_id ?? '' })
        .get(path)
        .expect(403);
    }
    await auth.anonymous().get(path).expect(401);
  });

  test('names what is wrong with a query; a cursor serves its own list alone', async () => {
    const { caller, user } = await lines(3);
    const other = await lines(3);
    const { next_cursor } = await ask(caller, '?per_page=1&action=tested');
    const wrong: [TestUser, string, string[]][] = [
      [caller, 'page=1', ['page']],
      [caller, 'per_page=101&from=yesterday&unknown=1', ['from', 'per_page', 'unknown']],
      [caller, 'cursor=nonsense', ['cursor']],
      [caller, `cursor=${next_cursor}`, ['cursor']],
      [caller, `action=other&cursor=${next_cursor}`, ['cursor']],
      [other.caller, `action=tested&cursor=${next_cursor}`, ['cursor']],
      [superuser, `action=tested&cursor=${next_cursor}`, ['cursor']],
      [caller, `action=tested&cursor=${next_cursor}x`, ['cursor']],
    ];
    for (const [by, query, fields] of wrong) {
      const { body } = await by.get(`${path}?${query}`).expect(422);
      expect(body.errors.map((error: { path: string }) => error.path).toSorted(), query).toEqual(fields);
    }
    // The same list, seen by a superuser in that company; pages may change their size on the way.
    await superuser
      .get(`${path}?action=tested&per_page=2&company_id=${user.business_id}&cursor=${next_cursor}`)
      .expect(200);
  });
});

describe('the table', () => {
  test('is append-only for the service, whatever it tries', async () => {
    await write({ action: 'kept' });
    const { db } = auth.database;
    for (const sql of [
      `update audit_logs set action = 'x'`,
      'delete from audit_logs',
      'truncate audit_logs',
      'select shorten_audit(now())',
      'alter table audit_logs disable trigger all',
      'drop table audit_logs',
    ]) {
      await expect(db.raw(sql), sql).rejects.toMatchObject({ code: '42501' });
    }
    expect(await auth.database.owner('audit_logs').where({ action: 'kept' })).toHaveLength(1);
  });

  test('is shortened by the owner, from its old end', async () => {
    for (const year of [2019, 2020, 2021]) await write({ action: 'aged', at: `${year}-06-01T00:00:00.000Z` });
    const { rows } = await auth.database.owner.raw(`select shorten_audit('2020-12-31') as removed`);
    expect(rows).toEqual([{ removed: 2 }]);
    const kept = (await auth.database.owner('audit_logs').where({ action: 'aged' })) as { at: string }[];
    expect(kept.map(({ at }) => at)).toEqual(['2021-06-01T00:00:00.000Z']);
  });
});
