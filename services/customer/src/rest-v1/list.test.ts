import { describe, expect, test as base } from 'vitest';
import { createTestLegacyApi, errorPaths, nextPhone, legacyPath } from './testing/legacy-api.ts';

const test = base
  .extend('legacyApi', { scope: 'file' }, () => createTestLegacyApi())
  .extend('service', { scope: 'file' }, async ({ legacyApi }, { onCleanup }) => {
    const service = legacyApi.service;
    onCleanup(() => service.close());

    return service;
  })
  .extend('createLegacy', { scope: 'file' }, ({ legacyApi }) => legacyApi.createLegacy)
  .extend('createCustomer', { scope: 'file' }, ({ legacyApi }) => legacyApi.createCustomer);

describe('the legacy list', () => {
  test('pages by limit and offset, ordered by number, with a total count', async ({
    service,
    createLegacy,
    createCustomer,
  }) => {
    const shop = service.user('admin', service.company());
    const ids: number[] = [];
    for (let index = 0; index < 5; index += 1) ids.push((await createLegacy({}, shop)).id);
    const inactive = await createCustomer({ full_name: 'Old', number: 77, status: 'inactive' }, shop);
    const listIds = async (query: string) => {
      const { items, count } = (await shop.get(`${legacyPath}?${query}`).expect(200)).body;
      expect(count).toBe(6);
      return items.map(({ id }: { id: number }) => id);
    };
    expect(await listIds('')).toEqual([inactive.number, ...ids]);
    expect(await listIds('limit=2&offset=1')).toEqual(ids.slice(0, 2));
    expect(await listIds('offset=6')).toEqual([]);
    expect(await listIds('offset=1000000000')).toEqual([]);
  });

  test('has 100 items by default and 1000 at most', async ({ service }) => {
    const shop = service.company();
    const rows = Array.from({ length: 1001 }, (_, index) => ({
      company_id: shop.id,
      id: `00000000-0000-7000-8000-${String(index).padStart(12, '0')}`,
      full_name: 'A',
      full_name_built: false,
      preferences: '{}',
      search_text: '',
    }));
    await service.database.owner.batchInsert('customers', rows);
    const caller = service.user('viewer', shop);
    const { items, count } = (await caller.get(legacyPath).expect(200)).body;
    expect([items.length, count]).toEqual([100, 1001]);
    expect((await caller.get(`${legacyPath}?limit=1000`).expect(200)).body.items.length).toBe(1000);
    for (const query of ['limit=0', 'limit=1001', 'limit=x', 'offset=-1', 'page=1', 'limit=1&limit=2', 'search=ab']) {
      expect(errorPaths(await caller.get(`${legacyPath}?${query}`).expect(422))).toEqual([query.split('=')[0]]);
    }
  });

  test('spans all companies for a superuser, unless it names one', async ({
    service,
    createLegacy,
    createCustomer,
  }) => {
    const shop = service.company();
    const { id } = await createLegacy({}, service.user('admin', shop));
    const superuser = service.user('superuser');
    const [a, b] = [service.user('admin', service.company()), service.user('admin', service.company())];
    for (const [caller, number, firstname] of [
      [a, 900, 'A'],
      [b, 901, 'B'],
      [a, 902, 'C'],
      [b, 902, 'D'],
    ] as const)
      await createCustomer({ number, firstname }, caller);
    const all = (await superuser.get(`${legacyPath}?limit=1000`).expect(200)).body;
    expect(all.count).toBeGreaterThan(1);
    const low = (all.items as { id: number; firstname: string }[]).filter((one) => one.id >= 900 && one.id <= 902);
    expect(low.map((one) => one.id)).toEqual([900, 901, 902, 902]);
    expect(low.map((one) => one.firstname).toSorted()).toEqual(['A', 'B', 'C', 'D']);
    expect((await superuser.get(`${legacyPath}?company_id=${shop.id}`).expect(200)).body).toMatchObject({
      items: [{ id }],
      count: 1,
    });
    for (const call of [
      superuser.get(`${legacyPath}/${id}`),
      superuser.post(legacyPath, { phone: nextPhone() }),
      superuser.delete(`${legacyPath}/${id}`),
    ])
      expect(errorPaths(await call.expect(422))).toEqual(['company_id']);
    expect((await superuser.get(`${legacyPath}/${id}?company_id=${shop.company_id}`).expect(200)).body.id).toBe(id);
  });
});
