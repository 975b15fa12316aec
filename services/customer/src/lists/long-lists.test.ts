import { EXACT_COUNT_LIMIT } from '@clientela/db';
import { serviceTest, type TestUser } from '@clientela/testing';
import { describe, expect } from 'vitest';
import { createTestCustomer } from '../testing/test-customer.ts';
import { listByCursor } from './keyset.ts';
import { buildListQuery } from './list-query.ts';
import type { Plan } from './plans.ts';
import { CustomerQuery } from './schema.ts';
import { countAndSort, executors } from './store.ts';
import { path, shopWith } from './testing/shops.ts';

const test = serviceTest(createTestCustomer);

describe('list of more than 10,000 customers', () => {
  let shop: TestUser;

  test.beforeAll(async ({ service }) => {
    shop = await shopWith(service, { full_name: 'First', type: 'premium' });
    await service.database.owner.transaction(async (tx) => {
      await tx.raw(
        `with made as (
        insert into customers (company_id, id, full_name, full_name_built, type, preferences, search_text, created_at)
        select ?, gen_random_uuid(), 'Many ' || n, false, 'vip', '{"newsletter": false, "notifications": true, "language": "en"}', E'\\n many ' || n || E' \\n',
          now() - n * interval '1 minute' from generate_series(1, 10500) n returning company_id, id, full_name, created_at
      ) insert into customer_counters (company_id, customer_id, currency, customer_created_at, is_listed, last_order_date)
        select company_id, id, 'EUR', created_at, true, timestamptz '2020-01-12' + substr(full_name, 6)::int * 7919 % 1500 * interval '1 day' from made`,
        [shop.company_id ?? ''],
      );
    });
    await service.database.owner.raw('analyze customers, customer_counters');
  }, 120_000);

  test('has an exact total up to 10,000 and for summarized filters, otherwise a marked estimate', async ({
    service,
  }) => {
    const total = async (query: string) => {
      const { body } = await shop.get(`${path}?per_page=1&${query}`).expect(200);
      const { total, pages, total_is_estimate } = body;
      expect(pages).toBe(total);
      expect(body.customers).toHaveLength(1);
      return total_is_estimate ? `${total > 10_000 && total <= 10_501}` : total;
    };
    expect(await total('')).toBe(10_501);
    expect(await total('sort=full_name')).toBe(10_501);
    expect(await total('type=vip')).toBe(10_500);
    expect(await total('type=vip&sort=-lifetime_value')).toBe(10_500);
    expect(await total('type=premium')).toBe(1);
    expect(await total('active_only=false&status=active&sort=-total_orders,full_name')).toBe(10_501);
    expect(await total('search=many')).toBe('true');
    expect(await total('search=many&sort=full_name')).toBe('true');
    expect(await total('search=many+12')).toBe(111);
    expect(await total('created_from=2020-01-01')).toBe('true');
    expect(await total('min_lifetime_value=0')).toBe('true');
    expect(await total('min_lifetime_value=0&type=premium')).toBe(1);
    const all = await service.user('superuser').get(`${path}?per_page=3&search=many`).expect(200);
    expect(all.body).toMatchObject({ total_is_estimate: true, customers: { length: 3 } });
    // Every page of a list with an estimated total can be read.
    const { body } = await shop.get(`${path}?search=many&sort=full_name&per_page=2&page=5250`).expect(200);
    expect(body.customers.map(({ full_name }: { full_name: string }) => full_name)).toEqual(['Many 9998', 'Many 9999']);
    const far = await shop.get(`${path}?min_lifetime_value=0&sort=full_name&per_page=1&page=10501`).expect(200);
    expect(far.body.customers[0].full_name).toBe('Many 9999');
    expect((await shop.get(`${path}/search?q=many&per_page=100&page=105`).expect(200)).body.customers).toHaveLength(
      100,
    );
    expect((await shop.get(`${path}/search?q=many&per_page=100&page=106`).expect(200)).body.customers).toEqual([]);
    const best = await shop.get(`${path}/search?q=many+10500`).expect(200);
    expect(best.body.customers[0].full_name).toBe('Many 10500');
  });

  test('reads names in their order from an index, in both directions and by cursor', async ({ service }) => {
    const { db } = service.database;
    const scope = { company_id: shop.company_id ?? '' };
    for (const sort of ['full_name', '-full_name']) {
      const listing = { sort: CustomerQuery.parse({ sort }).sort };
      const statements: { sql: string; bindings: readonly string[] }[] = [];
      const record = (statement: (typeof statements)[number]) => statements.push(statement);
      db.on('query', record);
      const query = buildListQuery(db, scope, listing);
      const [customer] = await executors.orderedIndexScan(db, query, { limit: 1, offset: 2 }, { total: 0 });
      await listByCursor(db, scope, listing, [customer?.full_name ?? '', customer?.id ?? ''], 3);
      db.removeListener('query', record);
      expect(statements.length).toBeGreaterThan(1);
      for (const { sql, bindings } of statements) {
        const plan = await db.raw(`explain ${sql.replaceAll(/\$\d+/g, '?')}`, [...bindings]);
        const text = plan.rows.map((row: Record<string, string>) => row['QUERY PLAN']).join('\n');
        expect(text).toMatch(/Index (?:Only )?Scan (?:Backward )?using customers_full_name(?:_desc)? on/);
      }
    }
  });

  test('returns the newest customers of a range of last orders, page by page', async () => {
    const orders = 'last_order_from=2020-02-01&last_order_to=2024-02-10';
    const within = Array.from({ length: 10_500 }, (_, at) => at + 1).filter((n) => {
      const day = (n * 7919) % 1500;
      return day >= 20 && day <= 1490;
    });
    expect(within.length).toBeGreaterThan(10_000);
    for (const [query, expected] of [
      ['page=1', within.slice(0, 100)],
      ['page=2', within.slice(100, 200)],
      ['sort=created_at', within.toReversed().slice(0, 100)],
      ['active_only=false&created_to=2100-01-01', within.slice(0, 100)],
      ['page=60', within.slice(5900, 6000)],
    ] as const) {
      const found = await shop.get(`${path}?${orders}&per_page=100&${query}`).expect(200);
      expect(found.body.total_is_estimate).toBe(true);
      expect([query, ...found.body.customers.map(({ full_name }: { full_name: string }) => full_name)]).toEqual([
        query,
        ...expected.map((n) => `Many ${n}`),
      ]);
    }
  });

  test('returns the same rows in the same order by every executor', async ({ service }) => {
    const { db } = service.database;
    const scope = { company_id: shop.company_id ?? '' };
    const ids = (rows: { id: string }[]) => rows.map(({ id }) => id);
    for (const [filters, sort, offsets] of [
      [{}, 'last_order_date', [0, 300, 10_480]],
      [{ type: 'vip' }, 'total_orders', [0, 10_480]],
      [{ type: 'premium' }, '-last_order_date', [0]], // past the bound of a scan, which then gives up
      [{ last_order_from: '2021-01-01T00:00:00Z' }, '-full_name', [0, 40]],
      [{ last_order_from: '2021-01-01T00:00:00Z' }, 'created_at', [0, 40]],
      [{ last_order_from: '2021-01-01T00:00:00Z' }, 'total_orders', [0, 40]],
      [{ last_order_from: '2021-01-01T00:00:00Z' }, '-lifetime_value', [0, 40]],
      [{}, '-last_order_date,full_name', [0, 7, 300, 10_490]],
      [{ type: 'vip' }, 'total_orders,-full_name,created_at', [0, 300]],
    ] as const) {
      const order = CustomerQuery.parse({ ...filters, sort }).sort;
      const query = buildListQuery(db, scope, { ...filters, sort: order });
      for (const offset of offsets) {
        const slice = { limit: 20, offset };
        const total = { total: 10_501, total_is_estimate: true } as const;
        const sorted = ids(await executors.sortAll(db, query, slice, total));
        expect(sorted.length).toBeGreaterThan(0);
        const names = order.length > 1 ? ['splitByFirstSortKey'] : ['boundedIndexScan', 'orderedIndexScan'];
        for (const name of names as Plan[])
          expect([name, sort, offset, ids(await executors[name](db, query, slice, total))]).toEqual([
            name,
            sort,
            offset,
            sorted,
          ]);
        const counted = await countAndSort(db, query, slice);
        if (counted.total <= EXACT_COUNT_LIMIT)
          expect([sort, offset, ids(counted.rows)]).toEqual([sort, offset, sorted]);
      }
    }
  });

  test('finds few matches among many customers of the company, exactly and with a typo', async ({ service }) => {
    for (const full_name of ['Ștefan Few', 'Stefen Few', 'Other One']) await shop.post(path, { full_name }).expect(201);
    await shopWith(service, { full_name: 'Stefan Few' });
    const found = async (query: string) => {
      const { body } = await shop.get(`${path}${query}`).expect(200);
      return [body.total, ...body.customers.map(({ full_name }: { full_name: string }) => full_name)];
    };
    expect(await found('?search=stefan&sort=full_name')).toEqual([2, 'Ștefan Few', 'Stefen Few']);
    expect(await found('/search?q=stefan+few')).toEqual([2, 'Ștefan Few', 'Stefen Few']);
    expect(await found('/search?q=stefan+few&per_page=1&page=2')).toEqual([2, 'Stefen Few']);
    expect(await found('?search=other+few')).toEqual([0]);
  });
});
