import { serviceTest } from '@clientela/testing';
import { expect } from 'vitest';
import { createTestCustomer } from '../testing/test-customer.ts';

const test = serviceTest(() => createTestCustomer());
const path = '/api/customers';

/** Customers whose stored keys are not those that the database computes from their search text and labels. */
const otherThanComputed = `
  select full_name, search_keys from customers,
    lateral (select array(select unnest(search_keys) order by 1) as stored, array(select unnest(search_keys(search_text, tags)) order by 1) as computed) as keys
   where company_id = ? and stored <> computed`;

test('the keys that come with a new customer, and those after a change, are the ones that the database computes', async ({
  service,
  company,
  admin,
}) => {
  const names = [
    'Ana-Maria O’Neill',
    'a.b.c.d-e',
    'x\'y\\z"w{v},u',
    'm…n 😀o😀p q😀😀😀😀😀😀😀😀r s😀😀😀😀😀😀😀😀😀t',
    '王-明 1|2 a\u00a0b c\u2028d e\ufefff',
    'Übergröße & Söhne (GmbH) №5 ½',
    '--- a',
  ];
  const emails = ["o'neill+tag@example.com", 'ö.x@münchen.example', 'a_b-c.d@xn--mnchen-3ya.example'];
  const bodies = [
    ...names.map((full_name) => ({ full_name })),
    ...emails.map((email) => ({ email, phone: '+34 612-345-678;ext=9'.replace('9', String(email.length)) })),
    { full_name: 'Tagged O.K.', tags: ['V.I.P', 'İstanbul'] },
  ];
  const ids: string[] = [];
  for (const body of bodies) ids.push((await admin.post(path, body).expect(201)).body.customer.id);
  const others = async () => (await service.database.owner.raw(otherThanComputed, [company.id])).rows;
  expect(await others()).toEqual([]);
  const keys = await service.database.owner('customers').where({ company_id: company.id }).pluck('search_keys');
  expect(keys.flat()).toEqual(expect.arrayContaining(['a-m', "o'n", 'm...n', '#v.i.p']));

  for (const id of ids) await admin.patch(`${path}/${id}`, { full_name: 'N.n-m', email: null }).expect(200);
  await admin.post(`${path}/${ids[0]}/tags`, { label: 'R&D' }).expect(201);
  expect(await others()).toEqual([]);
  const [changed] = await service.database.owner('customers').where({ id: ids[0] }).pluck('search_keys');
  expect(changed.toSorted()).toEqual(['#r&d', 'n.n']);
});
