import { randomUUID } from 'node:crypto';
import { heldTransaction, serviceTest, type TestUser, type TestService } from '@clientela/testing';
import { describe, expect, onTestFinished } from 'vitest';
import type { Customer } from '../customers/schema.ts';
import { createTestCustomer } from '../testing/test-customer.ts';
import { path, shopWith } from './testing/shops.ts';

const test = serviceTest(createTestCustomer); // more than 10,000 customers: long-lists.test.ts

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

  test('shows nobody who is deleted while it is read', async ({ service }) => {
    const shop = await shopWith(service, { full_name: 'A', tags: ['new'] }, { full_name: 'B', tags: ['new'] });
    const { A: id = '' } = await idsOf(shop);
    // Only the statement that reads the customers of a page needs the counters.
    await service.database.db.raw(`set lock_timeout = '30s'`); // on its only connection
    onTestFinished(async () => void (await service.database.db.raw('reset lock_timeout')));
    const deletion = await heldTransaction(service.database.owner);
    await deletion.raw('lock table customer_counters in access exclusive mode');
    const listing = shop.get(`${path}?tag=new`).then(({ body }) => body);
    const waiting = service.database
      .owner('pg_locks')
      .whereRaw(`not granted and relation = 'customer_counters'::regclass`);
    await expect.poll(async () => (await waiting.clone()).length).toBe(1);
    await deletion('customers').where({ id }).update({ deleted_at: deletion.fn.now() });
    await deletion.commit();
    expect((await listing).customers).toMatchObject([{ full_name: 'B' }]);
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
