import type { Caller, TestService } from '@clientela/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { customerUnderTest } from '../customer-under-test.ts';

let service: TestService;

beforeAll(async () => {
  service = await customerUnderTest();
});
afterAll(() => service.close());

const path = '/api/customers';
const shopWith = async (...customers: object[]): Promise<Caller> => {
  const shop = service.user('admin', service.company({ country: 'RO' }));
  for (const body of customers) await shop.post(path, body).expect(201);
  return shop;
};
const names = async (shop: Caller, query: string): Promise<string[]> => {
  const { body } = await shop.get(`${path}?${query}`).expect(200);
  expect(body.total).toBe(body.customers.length);
  return body.customers.map(({ full_name, email }: { full_name: string | null; email: string }) => full_name ?? email);
};

describe('the list', () => {
  test('comes in pages, newest first, and is empty past its end', async () => {
    const shop = await shopWith({ full_name: 'A' }, { full_name: 'B' }, { full_name: 'C' });
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
  });

  test('shows the active ones, those of a status, or all', async () => {
    const shop = await shopWith(
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

  test('filters by external id and by when the customer came', async () => {
    const shop = await shopWith({ full_name: 'old', external_id: 'x 1%' }, { full_name: 'new', external_id: 'x 1' });
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

  test('sorts by each of its fields, what is missing last', async () => {
    const shop = await shopWith({ full_name: 'b' }, { full_name: 'a' }, { email: 'no-name@example.com' });
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

  test('is a superuser’s over all companies, or of the one it names', async () => {
    const shop = await shopWith({ full_name: 'Spanning' });
    const other = await shopWith({ full_name: 'Spanning' });
    const superuser = service.user('superuser');
    expect((await superuser.get(`${path}?search=spanning`).expect(200)).body.total).toBe(2);
    const { body } = await superuser.get(`${path}?search=spanning&company_id=${other.company_id}`).expect(200);
    expect(body.customers.map(({ business_id }: { business_id: string }) => business_id)).toEqual([other.company_id]);
    await shop.get(`${path}?company_id=${other.company_id}`).expect(403);
  });
});

describe('the search', () => {
  test('finds any part of a name, e-mail or document number, case and accents aside', async () => {
    const shop = await shopWith(
      {
        full_name: 'Dr. Ștefănescu',
        firstname: 'José',
        lastname: 'Muñoz',
        email: 'Jose.M@Example.com',
        document_type: 'cpf',
        document_number: '111.444.777-35',
      },
      { full_name: 'Виктор Straße 100%' },
    );
    for (const query of [
      'stefan',
      'ȘTEFĂNESCU',
      'jose munoz',
      'ÑOZ',
      'jose.m@',
      'EXAMPLE',
      '111.444',
      '44477735',
      '777-35',
    ]) {
      expect([query, await names(shop, `search=${encodeURIComponent(query)}`)]).toEqual([query, ['Dr. Ștefănescu']]);
    }
    for (const query of ['виктор', 'STRASSE', '100%', 'e 1'])
      expect([query, await names(shop, `search=${encodeURIComponent(query)}`)]).toEqual([
        query,
        ['Виктор Straße 100%'],
      ]);
    // Not across two values, no wildcard, nothing to look for.
    for (const query of ['munoz jose', 'st_fan', '%%', '́́', '\\\\'])
      expect([query, await names(shop, `search=${encodeURIComponent(query)}`)]).toEqual([query, []]);
  });

  test('finds a phone however it is typed', async () => {
    const shop = await shopWith(
      { full_name: 'national', phone: '0712 345 678' },
      { full_name: 'abroad', phone: '+7 902 516-31-11' },
      { full_name: 'short', phone: '98 765' },
    );
    for (const query of [
      '0712345678',
      '0712 345',
      '+40 712 345 678',
      '0040712345678',
      '(0712) 345-678',
      '712.345.678',
      '+4071',
    ]) {
      expect([query, await names(shop, `search=${encodeURIComponent(query)}`)]).toEqual([query, ['national']]);
    }
    for (const query of ['89025163111', '8 (902) 516', '7902516', '902-516'])
      expect([query, await names(shop, `search=${encodeURIComponent(query)}`)]).toEqual([query, ['abroad']]);
    expect(await names(shop, 'search=987-65')).toEqual(['short']);
  });

  test('follows a change', async () => {
    const shop = await shopWith({ firstname: 'Before', phone: '0712000001' });
    const { body } = await shop.get(path);
    await shop.patch(`${path}/${body.customers[0].id}`, { firstname: 'After', phone: '0712000002' }).expect(200);
    expect(await names(shop, 'search=before')).toEqual([]);
    expect(await names(shop, 'search=0712000001')).toEqual([]);
    expect(await names(shop, 'search=after')).toEqual(['After']);
    expect(await names(shop, 'search=0712000002')).toEqual(['After']);
  });
});
