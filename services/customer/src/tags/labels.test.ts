import { serviceTest, type TestUser } from '@clientela/testing';
import { describe, expect } from 'vitest';
import { createTestCustomer } from '../testing/test-customer.ts';
import { searchLabels } from './label-search.ts';

const test = serviceTest(createTestCustomer);

const path = '/api/customers/tags/labels';
const tagged = async (admin: TestUser, ...tags: object[]): Promise<string> => {
  const { id } = (await admin.post('/api/customers', { full_name: 'Ana' }).expect(201)).body.customer;
  for (const tag of tags) await admin.post(`/api/customers/${id}/tags`, tag).expect(201);
  return id;
};

describe('GET tags/labels', () => {
  test('counts the customers of the default list by label, with its most used spelling and color, for a minute', async ({
    service,
  }) => {
    const company = service.company();
    const admin = service.user('admin', company);
    await tagged(admin, { label: 'vip', color: '#FFD700' }, { label: 'Éclair' });
    await tagged(admin, { label: 'VIP', color: '#FFD700' });
    await tagged(admin, { label: 'VIP', color: 'red' });
    await tagged(admin, { label: 'VIP' });
    const gone = await tagged(admin, { label: 'VIP', color: 'red' }, { label: 'Left' });
    await admin.delete(`/api/customers/${gone}`).expect(200);
    await tagged(service.user('admin', service.company()), { label: 'Elsewhere' });

    const { body } = await service.user('viewer', company).get(path).expect(200);
    expect(body).toEqual({
      labels: [
        { label: 'VIP', color: '#FFD700', customers: 4 },
        { label: 'Éclair', color: null, customers: 1 },
      ],
      total: 2,
    });
    const { total } = (await admin.get('/api/customers?tag=Vip').expect(200)).body;
    expect(total).toBe(4);
    await tagged(admin, { label: 'New' });
    expect((await admin.get(path).expect(200)).body).toEqual(body);
    const found = (await admin.get(`${path}?search=ECLA`).expect(200)).body;
    expect(found).toEqual({ labels: [{ label: 'Éclair', color: null, customers: 1 }], total: 1 });
    expect((await admin.get(`${path}?search=nothing`).expect(200)).body).toEqual({ labels: [], total: 0 });
  });

  test('is empty for a company without tags, and closed to role customer', async ({ service }) => {
    const company = service.company();
    expect((await service.user('admin', company).get(path).expect(200)).body).toEqual({ labels: [], total: 0 });
    expect((await service.user('customer', company).get(path).expect(403)).body.missing).toBe('customers:read');
    await service.user('admin', company).get(`${path}?search=x`).expect(422);
  });
});

test('does not find letters of other scripts by digits or Latin letters', () => {
  const labels = ['단골', 'Постоянный', 'regular 2026'].map((label) => ({ label, color: null, customers: 1 }));
  const found = (search: string) => searchLabels({ labels, total: 3 }, search).labels.map(({ label }) => label);
  expect([found('단골'), found('постоян'), found('2026')]).toEqual([['단골'], ['Постоянный'], ['regular 2026']]);
  for (const search of ['00', 'aa', 'b2e8', '--', '\u0301\u0301']) expect(found(search), search).toEqual([]);
});

test('responds with the 1,000 most used labels that match, and says how many there are', () => {
  const labels = Array.from({ length: 5_000 }, (_, index) => ({ label: `Label ${index}`, color: null, customers: 9 }));
  const all = searchLabels({ labels, total: 7_000 }, undefined);
  expect([all.labels.length, all.total, all.labels[0]?.label]).toEqual([1_000, 7_000, 'Label 0']);
  const found = searchLabels({ labels, total: 7_000 }, 'lábel 4');
  expect([found.labels.length, found.total]).toEqual([1_000, 1_111]);
});
