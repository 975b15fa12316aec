import { randomUUID } from 'node:crypto';
import { EXACT_COUNT_LIMIT } from '@clientela/db';
import { serviceTest, type TestUser, type TestService } from '@clientela/testing';
import { describe, expect } from 'vitest';
import type { Customer } from '../customers/schema.ts';
import { createTestCustomer } from '../testing/test-customer.ts';
import { listByCursor } from './keyset.ts';
import { buildListQuery } from './list-query.ts';
import type { Plan } from './plans.ts';
import { CustomerQuery } from './schema.ts';
import { countAndSort, executors } from './store.ts';

const test = serviceTest(createTestCustomer);

const path = '/api/customers';
const shopWith = async (service: TestService, ...customers: object[]): Promise<TestUser> => {
  const shop = service.user('admin', service.company({ country: 'RO' }));
  for (const body of customers) await shop.post(path, body).expect(201);
  return shop;
};
const names = async (shop: TestUser, query: string): Promise<string[]> => {
  const { body } = await shop.get(`${path}?${query}`).expect(200);
  expect(body.total).toBe(body.customers.length);
  return body.customers.map(({ full_name, email }: { full_name: string | null; email: string }) => full_name ?? email);
};

const idsOf = async (shop: TestUser): Promise<Record<string, string>> => {
  const { body } = await shop.get(`${path}?active_only=false&per_page=100`).expect(200);
  return Object.fromEntries(
    body.customers.map(({ full_name, id }: { full_name: string; id: string }) => [full_name, id]),
  );
};
const counted = async (service: TestService, shop: TestUser, name: string, values: object) =>
  service.database
    .owner('customer_counters')
    .where({ customer_id: (await idsOf(shop))[name] ?? '' })
    .update(values);

describe('customer list', () => {
  test('returns pages, newest first, and an empty page past the end', async ({ service }) => {
    const shop = await shopWith(service, { full_name: 'A' }, { full_name: 'B' }, { full_name: 'C' });
    const { body } = await shop.get(`${path}/?per_page=2`).expect(200);
    expect(body).toMatchObject({ total: 3, page: 1, pages: 2, per_page: 2 });
    expect(body.customers.map(({ full_name }: { full_name: string }) => full_name)).toEqual(['C', 'B']);
    expect(body.customers[0]).toEqual((await shop.get(`${path}/${body.customers[0].id}`)).body.customer);
    expect((await shop.get(`${path}?page=9`)).body).toEqual({
      customers: [],
      total: 3,
      page: 9,
      pages: 1,
      per_page: 20,
    });
    expect((await shop.get(`${path}?page=1000000&per_page=100`).expect(200)).body.customers).toEqual([]);
    const { customers: _, ...empty } = (await service.user('admin', service.company()).get(path)).body;
    expect(empty).toEqual({ total: 0, page: 1, pages: 0, per_page: 20 });
  });

  test('the first page of the default list, which has a statement of its own, is that of other sizes', async ({
    service,
  }) => {
    const shop = await shopWith(
      service,
      ...Array.from({ length: 22 }, (_, n) => ({ full_name: `Active ${n}`, ...(n % 2 && { tags: ['even'] }) })),
      { full_name: 'Suspended', status: 'suspended' },
    );
    const deleted = (await idsOf(shop))['Active 21'] ?? '';
    await shop.delete(`${path}/${deleted}`).expect(200);
    const [first, larger] = [await shop.get(path).expect(200), await shop.get(`${path}?per_page=50`).expect(200)];
    expect(first.body).toEqual({
      ...larger.body,
      customers: larger.body.customers.slice(0, 20),
      pages: 2,
      per_page: 20,
    });
    expect(first.body).toMatchObject({ total: 21, customers: { length: 20 } });
  });

  test('filters by status and deletion mark; active customers are the default', async ({ service }) => {
    const shop = await shopWith(
      service,
      { full_name: 'on' },
      { full_name: 'off', status: 'inactive' },
      { full_name: 'held', status: 'suspended', type: 'vip' },
      { full_name: 'gone' },
    );
    const { body } = await shop.get(`${path}?search=gone`);
    await shop.delete(`${path}/${body.customers[0].id}`).expect(200);
    expect(await names(shop, '')).toEqual(['on']);
    expect(await names(shop, 'active_only=true')).toEqual(['on']);
    expect(await names(shop, 'status=inactive')).toEqual(['off']);
    expect(await names(shop, 'active_only=true&status=inactive')).toEqual([]);
    expect(await names(shop, 'active_only=false&sort=full_name')).toEqual(['gone', 'held', 'off', 'on']);
    expect(await names(shop, 'active_only=false&status=active&sort=full_name')).toEqual(['gone', 'on']);
    expect(await names(shop, 'type=vip')).toEqual([]);
    expect(await names(shop, 'type=vip&status=suspended')).toEqual(['held']);
  });

  test('filters by external id and creation time', async ({ service }) => {
    const shop = await shopWith(
      service,
      { full_name: 'old', external_id: 'x 1%' },
      { full_name: 'new', external_id: 'x 1' },
    );
    const at = (day: string, name: string) =>
      service.database
        .owner('customers')
        .where({ full_name: name, company_id: shop.company_id ?? '' })
        .update({ created_at: day });
    await at('2024-01-31T23:59:59.999Z', 'old');
    await at('2024-02-01T00:00:00.000Z', 'new');
    expect(await names(shop, `external_id=${encodeURIComponent('x 1%')}`)).toEqual(['old']);
    expect(await names(shop, 'created_to=2024-01-31')).toEqual(['old']);
    expect(await names(shop, 'created_from=2024-02-01')).toEqual(['new']);
    expect(await names(shop, 'created_from=2024-01-31&created_to=2024-02-01')).toEqual(['new', 'old']);
    expect(await names(shop, 'created_from=2024-02-01T00:00:00.001Z')).toEqual([]);
    expect(await names(shop, `created_to=${encodeURIComponent('2024-02-01T01:00:00+01:00')}`)).toEqual(['new', 'old']);
  });

  test('finds customers by up to 100 ids, and nobody of another company', async ({ service }) => {
    const shop = await shopWith(
      service,
      { full_name: 'A' },
      { full_name: 'B', status: 'suspended' },
      { full_name: 'C' },
    );
    const other = await shopWith(service, { full_name: 'Elsewhere' });
    const { A, B, C } = await idsOf(shop);
    const { Elsewhere } = await idsOf(other);
    await shop.delete(`${path}/${C}`).expect(200);
    const all = `id=${A}&id=${B}&id=${C}&id=${Elsewhere}`;
    expect(await names(shop, `${all}&active_only=false`)).toEqual(['C', 'B', 'A']);
    expect(await names(shop, all)).toEqual(['A']);
    expect(await names(other, all)).toEqual(['Elsewhere']);
    expect(await names(shop, `id=${B}&active_only=false&sort=full_name`)).toEqual(['B']);
    const byCursor = await shop.get(`${path}?${all}&active_only=false&cursor=&per_page=2`).expect(200);
    expect(byCursor.body.customers).toHaveLength(2);
    const hundred = Array.from({ length: 100 }, () => `id=${randomUUID()}`).join('&');
    expect(await names(shop, hundred)).toEqual([]);
    for (const query of [`${hundred}&id=${A}`, 'id=x', 'id=', `id=${A}&id=1`])
      expect((await shop.get(`${path}?${query}`).expect(422)).body.errors, query).toMatchObject([{ path: 'id' }]);
  });

  test('sorts by each sortable field, nulls last', async ({ service }) => {
    const shop = await shopWith(service, { full_name: 'b' }, { full_name: 'a' }, { email: 'no-name@example.com' });
    const counted = (name: string, values: object) =>
      service.database
        .owner('customer_counters')
        .whereIn(
          'customer_id',
          service.database
            .owner('customers')
            .select('id')
            .where({ full_name: name, company_id: shop.company_id ?? '' }),
        )
        .update(values);
    await counted('a', { last_order_date: '2024-01-01', lifetime_value: '9.50', total_orders: 2 });
    await counted('b', { last_order_date: '2024-01-02', lifetime_value: '10.00', total_orders: 2 });
    const none = 'no-name@example.com';
    expect(await names(shop, 'sort=created_at')).toEqual(['b', 'a', none]);
    expect(await names(shop, 'sort=full_name')).toEqual(['a', 'b', none]);
    expect(await names(shop, 'sort=-full_name')).toEqual(['b', 'a', none]);
    expect(await names(shop, 'sort=last_order_date')).toEqual(['a', 'b', none]);
    expect(await names(shop, 'sort=-last_order_date')).toEqual(['b', 'a', none]);
    expect(await names(shop, 'sort=-lifetime_value')).toEqual(['b', 'a', none]);
    expect(await names(shop, 'sort=-total_orders,full_name')).toEqual(['a', 'b', none]);
    expect(await names(shop, 'sort=total_orders,-full_name')).toEqual([none, 'b', 'a']);
  });

  test('sorts names as people sort them, on pages, by cursor, in every scope and by best match', async ({
    service,
  }) => {
    const people = ['Zoe', 'ørn', 'adam', 'Émile', 'Ana', 'emil'];
    const shop = await shopWith(service, { email: 'x@example.com' }, ...people.map((full_name) => ({ full_name })));
    const sorted = ['adam', 'Ana', 'emil', 'Émile', 'ørn', 'Zoe', 'x@example.com'];
    const reversed = [...sorted.slice(0, -1).toReversed(), 'x@example.com'];
    for (const [sort, expected] of [
      ['full_name', sorted],
      ['-full_name', reversed],
      ['total_orders,full_name', sorted],
      ['lifetime_value,-full_name,created_at', reversed],
    ] as const) {
      expect([sort, await names(shop, `sort=${sort}`)]).toEqual([sort, expected]);
      const superuser = service.user('superuser');
      expect(await names(superuser, `sort=${sort}&company_id=${shop.company_id}`)).toEqual(expected);
      for (const per_page of [1, 2, 5]) {
        const found: string[] = [];
        for (let cursor: string | null = ''; cursor !== null;) {
          const page = await shop.get(`${path}?sort=${sort}&per_page=${per_page}&cursor=${cursor}`).expect(200);
          const body: { customers: Customer[]; next_cursor: string | null } = page.body;
          for (const { full_name, email } of body.customers) found.push(full_name ?? email ?? '');
          cursor = body.next_cursor;
        }
        expect([sort, per_page, found]).toEqual([sort, per_page, expected]);
      }
    }
    const similar = await shopWith(
      service,
      ...['Eva z', 'eva É', 'Eva D', 'eva f'].map((full_name) => ({ full_name })),
    );
    const { body } = await similar.get(`${path}/search?q=eva`).expect(200);
    const best = body.customers.map(({ full_name }: { full_name: string }) => full_name);
    expect(best).toEqual(['Eva D', 'eva É', 'eva f', 'Eva z']);
  });

  test('filters by a tag, ignoring case, and follows status changes of its customers', async ({ service }) => {
    const shop = await shopWith(service, { full_name: 'one' }, { full_name: 'two' }, { full_name: 'three' });
    const ids = await idsOf(shop);
    for (const name of ['one', 'two', 'three'])
      await shop.post(`${path}/${ids[name]}/tags`, { label: name === 'two' ? 'café CLUB' : 'Café Club' }).expect(201);
    await shop.post(`${path}/${ids['two']}/tags`, { label: 'Café' }).expect(201);
    const club = `tag=${encodeURIComponent('CAFÉ club')}`;
    expect(await names(shop, club)).toEqual(['three', 'two', 'one']);
    expect(await names(shop, `${club}&sort=full_name`)).toEqual(['one', 'three', 'two']);
    expect(await names(shop, `tag=${encodeURIComponent('café')}`)).toEqual(['two']);
    expect(await names(shop, 'tag=club')).toEqual([]);
    await shop.patch(`${path}/${ids['two']}/status`, { status: 'inactive' }).expect(200);
    await shop.delete(`${path}/${ids['one']}`).expect(200);
    expect(await names(shop, club)).toEqual(['three']);
    expect(await names(shop, `${club}&status=inactive`)).toEqual(['two']);
    expect(await names(shop, `${club}&active_only=false`)).toEqual(['three', 'two', 'one']);
    await shop.patch(`${path}/${ids['one']}/activate`).expect(200);
    expect(await names(shop, club)).toEqual(['three', 'one']);
  });

  test('filters by counters and by several fields together', async ({ service }) => {
    const shop = await shopWith(
      service,
      { full_name: 'never' },
      { full_name: 'old', type: 'vip' },
      { full_name: 'new', type: 'vip' },
      { full_name: 'off', status: 'inactive' },
    );
    await counted(service, shop, 'old', {
      last_order_date: '2024-01-31T23:59:59.999Z',
      lifetime_value: '99.99',
      total_orders: 3,
    });
    await counted(service, shop, 'new', { last_order_date: '2024-02-01', lifetime_value: '100.00', total_orders: 1 });
    await counted(service, shop, 'off', { last_order_date: '2024-02-01', lifetime_value: '500.00', total_orders: 9 });
    expect(await names(shop, 'last_order_from=2024-02-01')).toEqual(['new']);
    expect(await names(shop, 'last_order_to=2024-01-31')).toEqual(['old']);
    expect(await names(shop, 'last_order_from=2024-01-01&last_order_to=2024-12-31&sort=full_name')).toEqual([
      'new',
      'old',
    ]);
    expect(await names(shop, 'min_lifetime_value=100')).toEqual(['new']);
    expect(await names(shop, 'min_lifetime_value=99.99&sort=-lifetime_value')).toEqual(['new', 'old']);
    expect(await names(shop, 'min_lifetime_value=0&active_only=false&sort=-total_orders')).toEqual([
      'off',
      'old',
      'new',
      'never',
    ]);
    expect(await names(shop, 'min_lifetime_value=1&status=inactive')).toEqual(['off']);
    expect(await names(shop, 'type=vip&last_order_to=2024-12-31&sort=-lifetime_value&search=ol')).toEqual(['old']);
    expect(await names(shop, 'type=regular&last_order_to=2024-12-31')).toEqual([]);
    expect(await names(shop, 'created_from=2020-01-01&min_lifetime_value=100&type=vip')).toEqual(['new']);
    expect(await names(shop, 'created_to=2020-01-01&active_only=false')).toEqual([]);
    expect(await names(shop, 'type=vip&sort=lifetime_value')).toEqual(['old', 'new']);
  });

  test('rejects unknown parameters and invalid values', async ({ service }) => {
    const shop = await shopWith(service);
    for (const query of [
      'sort=email',
      'sort=full_name,full_name',
      'sort=',
      'status=gone',
      'type=gold',
      'tag=',
      'min_lifetime_value=1.234',
      'min_lifetime_value=-1',
      'last_order_from=yesterday',
      'active_only=maybe',
      'per_page=101',
      'page=0',
      'page=1000001',
      'search=a',
      'colour=red',
      'tag=a&tag=b',
    ]) {
      const { body } = await shop.get(`${path}?${query}`).expect(422);
      expect([query, body.errors[0].path]).toEqual([query, query.split('=')[0]]);
    }
  });

  test('spans all companies for a superuser, or the given one', async ({ service }) => {
    const shop = await shopWith(service, { full_name: 'Spanning' });
    const other = await shopWith(service, { full_name: 'Spanning' });
    const superuser = service.user('superuser');
    expect((await superuser.get(`${path}?search=spanning`).expect(200)).body.total).toBe(2);
    const { body } = await superuser.get(`${path}?search=spanning&company_id=${other.company_id}`).expect(200);
    expect(body.customers.map(({ business_id }: { business_id: string }) => business_id)).toEqual([other.company_id]);
    await shop.get(`${path}?company_id=${other.company_id}`).expect(403);
  });
});

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
