import { randomUUID } from 'node:crypto';
import { serviceTest, someRuns, type TestUser, type TestService } from '@clientela/testing';
import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { createTestCustomer } from '../testing/test-customer.ts';

const test = serviceTest(createTestCustomer);

const path = '/api/customers';
type Listed = { id: string; full_name: string; business_id: string };
type CursorPage = { customers: Listed[]; per_page: number; next_cursor: string | null };

const first = async (caller: TestUser, query: string) =>
  (await caller.get(`${path}?${query}&cursor=`).expect(200)).body as CursorPage;
const next = async (caller: TestUser, query: string, cursor: string) =>
  (await caller.get(`${path}?${query}&cursor=${encodeURIComponent(cursor)}`).expect(200)).body as CursorPage;

async function readAll(caller: TestUser, query: string): Promise<Listed[]> {
  const found: Listed[] = [];
  for (let page = await first(caller, query); ; page = await next(caller, query, page.next_cursor ?? '')) {
    found.push(...page.customers);
    if (page.next_cursor === null) return found;
    expect(page.customers).toHaveLength(page.per_page);
  }
}

const shopWith = async (service: TestService, ...bodies: object[]): Promise<TestUser> => {
  const shop = service.user('admin', service.company());
  for (const body of bodies) await shop.post(path, body).expect(201);
  return shop;
};
const named = (...names: string[]) => names.map((full_name) => ({ full_name }));

describe('cursor pagination', () => {
  test('starts with an empty cursor, has no total and ends with next_cursor null', async ({ service }) => {
    const shop = await shopWith(service, ...named('A', 'B', 'C'));
    const page = await first(shop, 'per_page=2');
    expect(page).toEqual({ customers: expect.any(Array), per_page: 2, next_cursor: expect.any(String) });
    expect(page.customers[0]).toEqual((await shop.get(`${path}/${page.customers[0]?.id}`)).body.customer);
    const last = await next(shop, 'per_page=2', page.next_cursor ?? '');
    expect(last).toEqual({ customers: [expect.objectContaining({ full_name: 'A' })], per_page: 2, next_cursor: null });
    // per_page may change between pages; a page that is exactly filled is the last one.
    expect((await next(shop, 'per_page=1', page.next_cursor ?? '')).next_cursor).toBe(null);
    expect((await first(shop, 'per_page=3')).next_cursor).toBe(null);
    expect(await first(await shopWith(service), '')).toEqual({ customers: [], per_page: 20, next_cursor: null });
  });

  test('rejects a cursor of another company, filter or sort, and a forged one', async ({ service }) => {
    const shop = await shopWith(service, ...named('A', 'B', 'C'));
    const other = await shopWith(service, ...named('D', 'E', 'F'));
    const query = 'per_page=1&type=regular';
    const { next_cursor } = await first(shop, query);
    const cursor = next_cursor ?? '';
    const [payload = '', signature = ''] = cursor.split('.');
    const forged = `${Buffer.from(JSON.stringify(['2999-01-01T00:00:00.000Z', randomUUID()])).toString('base64url')}.${signature}`;
    await next(shop, query, cursor);
    for (const [caller, list, cursorOfOther] of [
      [other, query, cursor],
      [shop, 'per_page=1', cursor],
      [shop, `${query}&sort=created_at`, cursor],
      [shop, `${query}&active_only=true`, cursor],
      [shop, 'per_page=1&type=vip', cursor],
      [service.user('superuser'), query, cursor],
      [shop, query, forged],
      [shop, query, `${payload}.${signature.replace(/^./, (letter) => (letter === 'A' ? 'B' : 'A'))}`],
      [shop, query, payload],
      [shop, query, 'x'],
    ] as const) {
      const { body } = await caller.get(`${path}?${list}&cursor=${encodeURIComponent(cursorOfOther)}`).expect(422);
      expect(body.errors).toEqual([{ path: 'cursor', message: expect.any(String) }]);
    }
    for (const parameter of ['page=1', 'search=abc']) {
      const { body } = await shop.get(`${path}?cursor=&${parameter}`).expect(422);
      expect(body.errors).toEqual([{ path: parameter.split('=')[0], message: expect.any(String) }]);
    }
  });

  test('spans all companies for a superuser without repeating a customer', async ({ service }) => {
    const at = '2031-05-05T05:05:05.555Z'; // a time of this test's own, the same for all
    const shops = [
      await shopWith(service, ...named('A', 'B', 'C')),
      await shopWith(service, ...named('A', 'B', 'C')),
      await shopWith(service, ...named('A')),
    ];
    for (const { company_id = '' } of shops)
      await service.database.owner('customers').where({ company_id }).update({ created_at: at });
    const superuser = service.user('superuser');
    for (const sort of [
      'sort=-created_at',
      'sort=created_at',
      'sort=full_name,-lifetime_value',
      'sort=-last_order_date',
    ]) {
      const found = await readAll(superuser, `per_page=2&created_from=${at}&created_to=${at}&${sort}`);
      expect(found).toHaveLength(7);
      expect(new Set(found.map(({ id }) => id)).size).toBe(7);
    }
    const one = await readAll(superuser, `per_page=2&company_id=${shops[0]?.company_id}`);
    expect(one.map(({ full_name }) => full_name)).toHaveLength(3);
    expect(new Set(one.map(({ business_id }) => business_id))).toEqual(new Set([shops[0]?.company_id]));
  });

  test('neither repeats nor skips unchanged customers while others are created, changed and deleted', async ({
    service,
  }) => {
    const shop = await shopWith(service, ...named('A', 'C', 'E', 'G', 'I'));
    const page = await first(shop, 'sort=full_name&per_page=2');
    expect(page.customers.map(({ full_name }) => full_name)).toEqual(['A', 'C']);
    await shop.delete(`${path}/${page.customers[1]?.id}`).expect(200); // the very row at which the page ended
    for (const body of named('B', 'D')) await shop.post(path, body).expect(201);
    const rest = await next(shop, 'sort=full_name&per_page=2', page.next_cursor ?? '');
    expect(rest.customers.map(({ full_name }) => full_name)).toEqual(['D', 'E']);
    await shop.delete(`${path}/${rest.customers[1]?.id}?hard_delete=true`).expect(200);
    const end = await next(shop, 'sort=full_name&per_page=2', rest.next_cursor ?? '');
    expect(end.customers.map(({ full_name }) => full_name)).toEqual(['G', 'I']);
    expect(end.next_cursor).toBe(null);
  });
});

const columns = ['created_at', 'full_name', 'last_order_date', 'lifetime_value', 'total_orders'] as const;
type Row = Record<(typeof columns)[number], string | number | null> & { id: string };

const rows = fc.array(
  fc.record({
    created_at: fc.constantFrom('2024-01-01T00:00:00.000Z', '2024-01-01T00:00:00.001Z', '2024-02-01T00:00:00.000Z'),
    full_name: fc.option(fc.constantFrom('Z', 'a', 'Á', 'b', 'ǅ', '😀', '\uffee'), { freq: 3 }),
    last_order_date: fc.option(fc.constantFrom('2024-03-01T00:00:00.000Z', '2024-03-02T00:00:00.000Z'), { freq: 2 }),
    lifetime_value: fc.constantFrom('0.00', '9.99', '10.00'),
    total_orders: fc.constantFrom(0, 1, 10),
  }),
  { minLength: 1, maxLength: 25 },
);
const orders = fc
  .tuple(
    fc.subarray([...columns], { minLength: 1, maxLength: 3 }),
    fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
  )
  .map(([chosen, down]) => chosen.map((column, at) => ({ column, descending: down[at] ?? false })));

const { compare: compareNames } = new Intl.Collator('en');
/** Compares names as people do, other text by its UTF-8 bytes like the database, and numbers as numbers. */
const compared = (a: string | number, b: string | number): number =>
  typeof a === 'number' && typeof b === 'number'
    ? a - b
    : /^\d+\.\d\d$/.test(String(a)) && /^\d+\.\d\d$/.test(String(b))
      ? Number(a) - Number(b)
      : Buffer.compare(Buffer.from(String(a)), Buffer.from(String(b)));

const inOrder = (
  all: readonly Row[],
  order: readonly { column: (typeof columns)[number]; descending: boolean }[],
): Row[] =>
  all.toSorted((a, b) => {
    for (const { column, descending } of order) {
      const [one, two] = [a[column], b[column]];
      if (one === two) continue;
      if (one === null || two === null) return one === null ? 1 : -1;
      const names = column === 'full_name' ? compareNames(String(one), String(two)) : 0;
      const difference = names || compared(one, two);
      if (difference !== 0) return descending ? -difference : difference;
    }
    return order[0]?.descending ? compared(b.id, a.id) : compared(a.id, b.id);
  });

test('cursor and page pagination both return the whole list in its order, for any sort and any nulls', async ({
  service,
}) => {
  const property = fc.asyncProperty(rows, orders, fc.integer({ min: 1, max: 7 }), async (given, order, per_page) => {
    const company = service.company();
    const all: Row[] = given.map((row) => ({ ...row, id: randomUUID() }));
    const preferences = { newsletter: false, notifications: true, language: 'en' };
    const unnamed = { company_id: company.id, full_name_built: false, preferences, search_text: '' };
    const uncounted = { company_id: company.id, currency: 'EUR' };
    const { owner } = service.database;
    for (const { id, full_name, created_at, last_order_date, lifetime_value, total_orders } of all) {
      await owner('customers').insert({ ...unnamed, id, full_name, created_at, email: `${id}@example.com` });
      const counts = { last_order_date, lifetime_value, total_orders };
      await owner('customer_counters').insert({ ...uncounted, customer_id: id, ...counts });
    }
    const caller = service.user('viewer', company);
    const sort = order.map(({ column, descending }) => `${descending ? '-' : ''}${column}`).join(',');
    const expected = inOrder(all, order).map(({ id }) => id);
    expect((await readAll(caller, `per_page=${per_page}&sort=${sort}`)).map(({ id }) => id)).toEqual(expected);
    const paged: string[] = [];
    for (let page = 1; page <= Math.ceil(all.length / per_page); page += 1) {
      const { body } = await caller.get(`${path}?per_page=${per_page}&page=${page}&sort=${sort}`).expect(200);
      expect(body.total).toBe(all.length);
      paged.push(...body.customers.map(({ id }: Listed) => id));
    }
    expect(paged).toEqual(expected);
  });
  await fc.assert(property, { numRuns: someRuns(25, 8) }); // all: cursor.large.test.ts
}, 120_000);
