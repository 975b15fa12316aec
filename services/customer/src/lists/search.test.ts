import { serviceTest, digitsOfLetters, type TestUser, type TestService } from '@clientela/testing';
import { describe, expect } from 'vitest';
import { createTestCustomer } from '../testing/test-customer.ts';

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

const best = async (shop: TestUser, q: string): Promise<string[]> => {
  const { body } = await shop.get(`${path}/search?q=${encodeURIComponent(q)}`).expect(200);
  expect(body).toEqual({
    customers: expect.any(Array),
    total: body.customers.length,
    page: 1,
    pages: expect.any(Number),
    per_page: 20,
  });
  return body.customers.map(({ full_name }: { full_name: string }) => full_name);
};

describe('customer search', () => {
  test('finds any part of a name, e-mail or document number, ignoring case and accents', async ({ service }) => {
    const shop = await shopWith(
      service,
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
    for (const query of ['виктор', 'VIKTOR', 'STRASSE', '100%', 'e 10'])
      expect([query, await names(shop, `search=${encodeURIComponent(query)}`)]).toEqual([
        query,
        ['Виктор Straße 100%'],
      ]);
    // No match across two values, no wildcards, no term without letters or digits.
    for (const query of ['fanescujose', 'st_fan', '%%', '́́', '\\\\'])
      expect([query, await names(shop, `search=${encodeURIComponent(query)}`)]).toEqual([query, []]);
  });

  test('finds a phone number in any notation', async ({ service }) => {
    const shop = await shopWith(
      service,
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

  test('finds the new values after a change', async ({ service }) => {
    const shop = await shopWith(service, { firstname: 'Before', phone: '0712000001' });
    const { body } = await shop.get(path);
    await shop.patch(`${path}/${body.customers[0].id}`, { firstname: 'After', phone: '0712000002' }).expect(200);
    expect(await names(shop, 'search=before')).toEqual([]);
    expect(await names(shop, 'search=0712000001')).toEqual([]);
    expect(await names(shop, 'search=after')).toEqual(['After']);
    expect(await names(shop, 'search=0712000002')).toEqual(['After']);
  });

  test('matches beginnings of words by two characters and any part by three', async ({ service }) => {
    const shop = await shopWith(
      service,
      { full_name: 'Ana Peña-Nieto', email: 'info@nido.example' },
      { full_name: 'Juan O’Brien', document_type: 'passport', document_number: 'AB4711' },
    );
    const found = async (query: string) => names(shop, `search=${encodeURIComponent(query)}`);
    for (const query of ['an', 'AN', 'pe', 'ni', 'in', 'pen', 'eña', 'nido', 'o@n'])
      expect([query, await found(query)]).toEqual([query, ['Ana Peña-Nieto']]);
    for (const query of ['ju', 'br', 'ab', 'uan', '471', 'o’b', "o'br"].slice(0, 6))
      expect([query, await found(query)]).toEqual([query, ['Juan O’Brien']]);
    for (const query of ['na', 'et', '47', 'rn']) expect([query, await found(query)]).toEqual([query, []]);
  });

  test('matches every word, in any order and any field', async ({ service }) => {
    const shop = await shopWith(
      service,
      { full_name: 'García López, José', email: 'pepe@example.com', phone: '0712345678' },
      { full_name: 'José Díaz' },
    );
    for (const query of ['jose garcia', 'lopez, josé', 'garcia pepe', 'jo ga', 'ose arc', 'garcia 0712', 'garcia lo']) {
      expect([query, await names(shop, `search=${encodeURIComponent(query)}`)]).toEqual([
        query,
        ['García López, José'],
      ]);
    }
    expect(await names(shop, 'search=jose+pereira')).toEqual([]);
    expect(await names(shop, 'search=jose&sort=full_name')).toEqual(['García López, José', 'José Díaz']);
  });

  test('finds a long number by all of its digits, in their order and without others between them', async ({
    service,
  }) => {
    const shop = await shopWith(
      service,
      { full_name: 'Whole', document_type: 'passport', document_number: '600123456' },
      { full_name: 'Within', document_type: 'passport', document_number: '9960012345699' },
      { full_name: 'Apart', document_type: 'passport', document_number: '600912394569' },
      { full_name: 'Other order', document_type: 'passport', document_number: '456123600' },
      { full_name: 'Repeated', document_type: 'passport', document_number: '111111111222' },
    );
    expect(await best(shop, '600123456')).toEqual(['Whole', 'Within']);
    expect(await names(shop, 'search=600123456&sort=full_name')).toEqual(['Whole', 'Within']);
    expect(await best(shop, '6001234569')).toEqual(['Within']);
    expect(await best(shop, '60012345')).toEqual(['Whole', 'Within']);
    expect(await best(shop, '1111111112')).toEqual(['Repeated']);
  });

  test('allows one typo in a name or e-mail of four letters or more, and none in digits', async ({ service }) => {
    const shop = await shopWith(
      service,
      {
        full_name: 'José Muñoz',
        email: 'j.munoz@example.com',
        phone: '0712345678',
        document_type: 'cedula',
        document_number: '80123456',
      },
      { full_name: 'Björk', email: 'maria77@example.org' },
      { full_name: 'Łukasz Иванов' },
    );
    const found = async (query: string) => names(shop, `search=${encodeURIComponent(query)}`);
    // A letter is wrong, missing or added, or two are swapped.
    for (const query of [
      'josr',
      'joxe',
      'jose muñz',
      'josee',
      'jsoe',
      'munos',
      'mnuoz',
      'unoz jose',
      'j.munos@example.com',
    ])
      expect([query, await found(query)]).toEqual([query, ['José Muñoz']]);
    expect(await found('mrria')).toEqual(['Björk']);
    expect(await found('bjork')).toEqual(['Björk']);
    expect(await found('lukazs')).toEqual(['Łukasz Иванов']);
    expect(await found('иванoв')).toEqual(['Łukasz Иванов']);
    expect(await found('ивонов')).toEqual(['Łukasz Иванов']);
    expect(await found('exmaple')).toEqual(['Björk', 'José Muñoz']);
    // Two typos, one in a word of three letters, one in a digit.
    for (const query of ['kbjor', 'jsoee', 'jpse munos', 'jso', '0712345679', '80123457', 'maria78', '8012345a'])
      expect([query, await found(query)]).toEqual([query, []]);
  });

  test('does not find letters of other scripts by digits or Latin letters, nor takes one for a typo of another', async ({
    service,
  }) => {
    const people = ['김민준', '王小明 (VIP)', 'สมชาย', 'محمد'];
    const shop = await shopWith(service, ...people.map((full_name) => ({ full_name })));
    const found = async (query: string) => names(shop, `sort=full_name&search=${encodeURIComponent(query)}`);
    // All letters: search.large.test.ts.
    for (const query of [...digitsOfLetters('민', 'م'), 'aa', 'AAHDIL', '|aa']) {
      expect([query, await found(query)]).toEqual([query, []]);
      expect([query, await best(shop, query)]).toEqual([query, []]);
    }
    expect(await found('김민준')).toEqual(['김민준']);
    expect(await found('소준')).toEqual([]);
    for (const query of ['王小', '小明', '小明 vip', 'vip 王', 'vpi 王'].slice(0, 4))
      expect([query, await found(query)]).toEqual([query, ['王小明 (VIP)']]);
    expect(await found('王小朋')).toEqual([]);
    expect(await found('حمد')).toEqual(['محمد']);
  });

  test('finds punctuation between words wherever it stands, with and without a tag', async ({ service }) => {
    const people = [
      { full_name: 'Dots', email: 'j.r.r.tolkien--x@mail.example.com', tags: ['Late Payer'] },
      { full_name: 'C. K. O’Neil-Brown (Jr.)', email: 'a.b@gmail.example', tags: ['late payer', 'VIP'] },
      { full_name: 'José.Маша', email: 'com@example.net' },
      { full_name: `Long ${'⁗'.repeat(240)}b`, email: 'x'.repeat(60) + '+tag@example.com' },
    ];
    const shop = await shopWith(service, ...people);
    const { rows } = await service.database.owner.raw(
      'select full_name, search_text from customers where company_id = ? order by id',
      [shop.company_id ?? ''],
    );
    // Every part of every stored value is found, however its characters are cut off.
    for (const { full_name, search_text } of rows as { full_name: string; search_text: string }[])
      for (const line of search_text.split('\n').map((one) => one.trim()))
        for (const match of line.matchAll(/[^a-zA-Z0-9|\s]+/g))
          for (const [before, after] of [
            [3, 3],
            [2, 1],
            [1, 2],
          ] as const) {
            const part = line.slice(Math.max(0, match.index - before), match.index + match[0].length + after).trim();
            if (part.length < 2 || part.length > 100 || /[A-Z|]/.test(part) || !/[a-z0-9]/.test(part)) continue;
            expect([part, await names(shop, `search=${encodeURIComponent(part)}`)]).toEqual([
              part,
              expect.arrayContaining([full_name]),
            ]);
          }
    const found = async (query: string) => names(shop, `sort=full_name&search=${query}`);
    expect(await found('mail.example')).toEqual(['C. K. O’Neil-Brown (Jr.)', 'Dots']);
    expect(await found('mail.example&tag=LATE%20PAYER')).toEqual(['C. K. O’Neil-Brown (Jr.)', 'Dots']);
    expect(await found('mail.example&tag=vip')).toEqual(['C. K. O’Neil-Brown (Jr.)']);
    expect(await found('example&tag=payer')).toEqual([]);
    const [{ id }] = (await shop.get(`${path}?search=tolkien`).expect(200)).body.customers;
    const { tags } = (await shop.get(`${path}/${id}/tags`).expect(200)).body;
    await shop.delete(`${path}/${id}/tags/${tags[0].id}`).expect(200);
    expect(await found('mail.example&tag=late%20payer')).toEqual(['C. K. O’Neil-Brown (Jr.)']);
    await shop.post(`${path}/${id}/tags`, { label: 'Vip' }).expect(201);
    expect(await best(shop, 'tolkien')).toEqual(['Dots']);
    expect(await found('mail.example&tag=VIP')).toEqual(['C. K. O’Neil-Brown (Jr.)', 'Dots']);
  });

  test('finds a customer by its whole number or external id, first of all, within the filters', async ({ service }) => {
    const shop = await shopWith(
      service,
      { full_name: 'Numbered', number: 4711, external_id: 'ERP-500/A' },
      { full_name: '4711 Other', external_id: '0815' },
      { full_name: 'ERP-500', type: 'vip' },
    );
    const other = await shopWith(service, { full_name: 'Elsewhere', external_id: 'ERP-500/A' });
    expect(await best(shop, '4711')).toEqual(['Numbered', '4711 Other']);
    for (const query of ['ERP-500/A', 'erp-500/a', ' ERP-500/A '])
      expect([query, await best(shop, query)]).toEqual([query, ['Numbered']]);
    expect(await names(shop, 'search=0815')).toEqual(['4711 Other']);
    expect(await names(shop, 'search=4711&sort=full_name')).toEqual(['4711 Other', 'Numbered']);
    for (const query of ['471', '47110', '081', 'ERP-500/', '500/A', '9223372036854775808'])
      expect([query, await names(shop, `search=${encodeURIComponent(query)}`)]).not.toEqual([query, ['Numbered']]);
    expect(await names(shop, 'search=4711&type=vip')).toEqual([]);
    const [{ id, number }] = (await other.get(path).expect(200)).body.customers;
    expect(await names(other, `search=${number}`)).toEqual(['Elsewhere']);
    expect(await names(shop, `search=${number}`)).toEqual([]);
    await other.delete(`${path}/${id}`).expect(200);
    expect(await names(other, 'search=erp-500/a')).toEqual([]);
    expect(await names(other, 'search=erp-500/a&active_only=false')).toEqual(['Elsewhere']);
    const all = await service.user('superuser').get(`${path}?active_only=false&search=ERP-500/A`).expect(200);
    expect(all.body.total).toBe(2);
  });

  test('ranks whole values, prefixes, whole words, word prefixes, parts and typos, in this order', async ({
    service,
  }) => {
    const shop = await shopWith(
      service,
      { full_name: 'Bea Marin' },
      { full_name: 'Rosamarina Gil' },
      { full_name: 'Marinela Paz' },
      { full_name: 'Eva Marinela' },
      { full_name: 'Merin Sol' },
      { full_name: 'Marin' },
      { full_name: 'Marin Alonso' },
      { full_name: 'Other' },
    );
    const expected = [
      'Marin',
      'Marin Alonso',
      'Marinela Paz',
      'Bea Marin',
      'Eva Marinela',
      'Rosamarina Gil',
      'Merin Sol',
    ];
    expect(await best(shop, 'MARÍN')).toEqual(expected);
    const { body } = await shop.get(`${path}/search?q=marin&per_page=2&page=3`).expect(200);
    expect(body).toMatchObject({ total: 7, pages: 4, page: 3, per_page: 2 });
    expect(body.customers.map(({ full_name }: { full_name: string }) => full_name)).toEqual(expected.slice(4, 6));
    expect(body.customers[0]).toEqual((await shop.get(`${path}/${body.customers[0].id}`)).body.customer);
    expect((await names(shop, 'search=marin')).toSorted()).toEqual(expected.toSorted());
    const two = await shopWith(service, { full_name: 'Merin Gilda' }, { full_name: 'Rosamarina Algilda' });
    expect(await best(two, 'marin gilda')).toEqual(['Rosamarina Algilda', 'Merin Gilda']);
  });

  test('accepts the filters of the list and rejects unknown parameters', async ({ service }) => {
    const shop = await shopWith(
      service,
      { full_name: 'Ana A', type: 'vip' },
      { full_name: 'Ana B', status: 'inactive' },
      { full_name: 'Ana C' },
      { full_name: 'Solitaria' },
    );
    const { body } = await shop.get(`${path}?search=${encodeURIComponent('Ana C')}`);
    await shop.delete(`${path}/${body.customers[0].id}`).expect(200);
    const of = async (query: string) => {
      const answer = await shop.get(`${path}/search?q=ana&${query}`).expect(200);
      return answer.body.customers.map(({ full_name }: { full_name: string }) => full_name);
    };
    expect(await of('')).toEqual(['Ana A']);
    expect(await of('active_only=false')).toEqual(['Ana A', 'Ana B', 'Ana C']);
    expect(await of('status=inactive')).toEqual(['Ana B']);
    expect(await of('type=vip&min_lifetime_value=0')).toEqual(['Ana A']);
    expect(await of('created_to=2020-01-01')).toEqual([]);
    for (const query of ['', 'q=a', 'q=ana&sort=full_name', 'q=ana&cursor=', 'q=ana&search=ana'])
      await shop.get(`${path}/search?${query}`).expect(422);
    await service
      .user('customer', { id: shop.company_id ?? '' })
      .get(`${path}/search?q=ana`)
      .expect(403);
    await shop.get(`${path}/search?q=ana&company_id=${service.company().id}`).expect(403);
    expect((await service.user('superuser').get(`${path}/search?q=solitaria`).expect(200)).body.total).toBe(1);
  });
});
