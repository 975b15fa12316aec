import { randomUUID } from 'node:crypto';
import type { TestUser, Company } from '@clientela/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestInteraction, type TestInteraction } from '../testing/test-interaction.ts';

let service: TestInteraction;
let company: Company;
let manager: TestUser;

beforeAll(async () => {
  service = await createTestInteraction();
  company = service.company();
  manager = service.user('manager', company);
});
afterAll(() => service.close());

type Item = { id: string; occurred_at: string };

const lists = {
  interactions: (occurred_at: string) => ({ notes: 'a', type: 'call', occurred_at }),
  transactions: (occurred_at: string) => ({ kind: 'order', direction: 'in', amount: 1, occurred_at }),
};

describe.each(['interactions', 'transactions'] as const)('a customer’s %s', (name) => {
  const times = ['2026-01-01T00:00:00Z', '2026-03-01T00:00:00Z', '2026-02-01T00:00:00Z', '2026-03-01T00:00:00Z'];
  let path: string;
  let records: Item[];
  const readByCursor = async (caller: TestUser, query: string, between: () => Promise<unknown> = async () => {}) => {
    const found: Item[] = [];
    for (let cursor: string | null = '', pages = 0; cursor !== null; pages += 1) {
      expect(pages).toBeLessThan(20);
      const { body }: { body: Record<string, Item[]> & { next_cursor: string | null } } = await caller
        .get(`${path}?${query}&cursor=${cursor}`)
        .expect(200);
      expect(Object.keys(body).toSorted()).toEqual([name, 'next_cursor', 'per_page'].toSorted());
      found.push(...(body[name] ?? []));
      cursor = body.next_cursor;
      await between();
    }
    return found;
  };

  beforeAll(async () => {
    path = `/api/customers/${randomUUID()}/${name}`;
    records = [];
    for (const at of [...times, ...times]) {
      const { body } = await manager.post(path, lists[name](at)).expect(201);
      records.push(body[name.slice(0, -1)]);
    }
    records = records.toSorted((a, b) => (`${a.occurred_at} ${a.id}` > `${b.occurred_at} ${b.id}` ? -1 : 1));
  });

  test('are listed newest first, with ties by id', async () => {
    const { body } = await manager.get(path).expect(200);
    expect(body).toEqual({
      [name]: records,
      total: 8,
      page: 1,
      pages: 1,
      per_page: name === 'interactions' ? 15 : 20,
    });
    const pages = await Promise.all([1, 2, 3, 4].map((page) => manager.get(`${path}?per_page=3&page=${page}`)));
    expect(pages.flatMap(({ body }) => body[name])).toEqual(records);
    expect(pages[3]?.body).toMatchObject({ [name]: [], total: 8, page: 4, pages: 3 });
  });

  test('are returned once by cursor while new records arrive', async () => {
    for (const per_page of [1, 2, 3, 8, 100])
      expect(await readByCursor(manager, `per_page=${per_page}`)).toEqual(records);
    const from = await readByCursor(manager, 'per_page=2&from=2026-02-15');
    expect(from).toEqual(records.slice(0, 4));
    const newer = () => manager.post(path, lists[name](new Date().toISOString())).expect(201);
    expect(await readByCursor(manager, 'per_page=3', newer)).toEqual(records);
  });

  test('reject a cursor of another list, or one with page or search', async () => {
    const { next_cursor } = (await manager.get(`${path}?per_page=1&cursor=`).expect(200)).body;
    const other = `/api/customers/${randomUUID()}/${name}`;
    const otherAdmin = service.user('manager', service.company());
    for (const [caller, at, field] of [
      [manager, `${path}?from=2026-01-01&cursor=${next_cursor}`, 'cursor'],
      [manager, `${path}?status=${name === 'interactions' ? 'open' : 'pending'}&cursor=${next_cursor}`, 'cursor'],
      [manager, `${other}?cursor=${next_cursor}`, 'cursor'],
      [otherAdmin, `${path}?cursor=${next_cursor}`, 'cursor'],
      [manager, `${path}?cursor=${next_cursor}x`, 'cursor'],
      [manager, `${path}?cursor=nonsense`, 'cursor'],
      [manager, `${path}?cursor=&cursor=`, 'cursor'],
      [manager, `${path}?cursor=&page=1`, 'page'],
      ...(name === 'interactions' ? [[manager, `${path}?cursor=&search=olives`, 'search'] as const] : []),
    ] as const) {
      expect((await caller.get(at).expect(422)).body.errors, at).toMatchObject([{ path: field }]);
    }
    await manager.get(`${path}?per_page=2&cursor=${next_cursor}`).expect(200);
  });
});
