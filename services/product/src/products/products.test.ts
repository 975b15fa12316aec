import { serviceTest, digitsOfLetters, testService, type TestUser } from '@clientela/testing';
import { describe, expect } from 'vitest';
import { createApp } from '../app.ts';

const test = serviceTest(() => testService('product', createApp))
  .extend('company', ({ service }) => service.company({ currency: 'BRL' }))
  .extend('otherAdmin', { scope: 'file' }, ({ service }) => service.user('admin', service.company()));

const createProduct = async (admin: TestUser, body: object = {}) =>
  (await admin.post('/api/products', { name: 'Consulting', price: '99.90', ...body }).expect(201)).body.product;

describe('a product', () => {
  test('is created with a number and the company’s currency, and publishes product.created', async ({
    service,
    company,
    admin,
  }) => {
    const { body, headers } = await admin
      .post('/api/products', { name: ' Consulting ', price: 99.9, type: 'servico' })
      .expect(201);
    expect(body).toEqual({
      message: 'Product created',
      product: {
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        number: expect.any(Number),
        sku: null,
        name: 'Consulting',
        description: null,
        type: 'service',
        price: '99.90',
        currency: 'BRL',
        is_active: true,
        metadata: {},
        created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        updated_at: expect.any(String),
        version: 1,
      },
    });
    expect(body.product.number).toBeGreaterThanOrEqual(10_000_000);
    expect(headers['etag']).toBe('"1"');
    const published = await service.events('product.created');
    expect(published.at(-1)).toMatchObject({
      company_id: company.id,
      actor_id: admin.user_id,
      sequence: 1,
      data: { product_id: body.product.id, number: body.product.number },
    });
  });

  test('is returned by GET, and as a 304 while it is unchanged', async ({ admin }) => {
    const product = await createProduct(admin);
    const { body, headers } = await admin.get(`/api/products/${product.id}`).expect(200);
    expect(body).toEqual({ product });
    await admin
      .get(`/api/products/${product.id}`)
      .set('If-None-Match', headers['etag'] ?? '')
      .expect(304);
  });

  test('accepts its whole record on PUT, and rejects a changed read-only field', async ({
    service,
    company,
    admin,
  }) => {
    const product = await createProduct(admin, { sku: 'whole-1' });
    const { body } = await admin.put(`/api/products/${product.id}`, { ...product, name: 'Renamed' }).expect(200);
    expect(body).toMatchObject({
      message: 'Product updated',
      product: { id: product.id, name: 'Renamed', sku: 'whole-1' },
    });
    const rejected = await admin
      .put(`/api/products/${product.id}`, { ...body.product, id: company.id, is_active: false })
      .expect(422);
    expect(rejected.body.errors).toEqual([
      { path: 'id', message: 'is read-only' },
      { path: 'is_active', message: 'is read-only' },
    ]);
    expect((await service.events('product.updated')).at(-1)).toMatchObject({
      sequence: 2,
      data: { fields_changed: ['name'] },
    });
  });

  test('is changed with a matching If-Match only', async ({ admin }) => {
    const product = await createProduct(admin);
    const path = `/api/products/${product.id}`;
    await admin.patch(path, { price: '1' }).set('If-Match', '"0", W/"1"').expect(200);
    const { body } = await admin.patch(path, { price: '2' }).set('If-Match', '"1"').expect(412);
    expect(body.error_code).toBe('PRECONDITION_FAILED');
    expect((await admin.get(path)).body.product.price).toBe('1.00');
  });

  test('is deactivated, reactivated, and hard-deleted', async ({ service, admin }) => {
    const product = await createProduct(admin, { sku: 'life-1' });
    const path = `/api/products/${product.id}`;
    expect((await admin.delete(path).expect(200)).body).toEqual({ message: 'Product deactivated' });
    await admin.delete(path).expect(200);
    expect((await admin.get(path).expect(200)).body.product.is_active).toBe(false);
    expect(
      (await admin.post('/api/products', { name: 'Again', price: 1, sku: 'life-1' }).expect(409)).body,
    ).toMatchObject({
      error_code: 'PRODUCT_SKU_TAKEN',
      errors: [{ path: 'sku' }],
      existing: { id: product.id, number: product.number },
    });
    expect((await admin.patch(`${path}/activate`).expect(200)).body.product.is_active).toBe(true);
    expect((await admin.delete(`${path}?hard_delete=true`).expect(200)).body).toEqual({ message: 'Product removed' });
    expect((await admin.get(path).expect(404)).body.error_code).toBe('PRODUCT_NOT_FOUND');
    const deletions = (await service.events('product.deleted')).filter(({ data }) => data['product_id'] === product.id);
    expect(deletions.map(({ data }) => data['hard'])).toEqual([false, true]);
  });
});

describe('product list', () => {
  test('finds products by their numbers, of this company only', async ({ service, admin }) => {
    const shop = service.user('admin', service.company());
    const number = async (name: string) =>
      (await shop.post('/api/products', { name, price: 1 }).expect(201)).body.product.number as number;
    const [tea, , coffee] = [await number('Tea'), await number('Milk'), await number('Coffee')];
    const query = `/api/products?sort=name&number=${tea}&number=${coffee}&number=1`;
    const { body } = await shop.get(query).expect(200);
    expect(body.products.map(({ name }: { name: string }) => name)).toEqual(['Coffee', 'Tea']);
    expect((await admin.get(query).expect(200)).body.products).toEqual([]);
    await shop.get('/api/products?number=tea').expect(422);
  });

  test('ignores case and accents in a search, filters and sorts', async ({ service }) => {
    const shop = service.user('admin', service.company());
    for (const [name, price, type] of [
      ['Café solo', 2, 'product'],
      ['Café con leche', 3, 'product'],
      ['Cleaning', 30, 'service'],
    ] as const) {
      await shop.post('/api/products', { name, price, type }).expect(201);
    }
    const names = async (query: string) => {
      const { body } = await shop.get(`/api/products?${query}`).expect(200);
      return { names: body.products.map(({ name }: { name: string }) => name), total: body.total };
    };
    expect(await names('search=CAFE&sort=price')).toEqual({ names: ['Café solo', 'Café con leche'], total: 2 });
    expect(await names('type=servico')).toEqual({ names: ['Cleaning'], total: 1 });
    expect(await names('min_price=3&max_price=29.99')).toEqual({ names: ['Café con leche'], total: 1 });
    expect(await names('sort=-price&per_page=1&page=2')).toEqual({ names: ['Café con leche'], total: 3 });
    const pastEnd = await shop.get('/api/products?page=9').expect(200);
    expect(pastEnd.body).toEqual({ products: [], total: 3, page: 9, pages: 1, per_page: 20 });
  });

  test('sorts names as people sort them, from an index', async ({ service }) => {
    const shop = service.user('admin', service.company());
    const sorted = ['adapter', 'Anvil', 'Émail', 'ørsted', 'Zinc'];
    for (const name of sorted.toReversed()) await shop.post('/api/products', { name, price: 1 }).expect(201);
    for (const [sort, expected] of [
      ['name', sorted],
      ['-name', sorted.toReversed()],
      ['price,name', sorted],
    ] as const) {
      const { body } = await shop.get(`/api/products?sort=${sort}`).expect(200);
      expect([sort, body.products.map(({ name }: { name: string }) => name)]).toEqual([sort, expected]);
    }
    await service.database.owner.transaction(async (tx) => {
      await tx.raw('set local enable_seqscan = off; set local enable_sort = off');
      const { rows } = await tx.raw(
        `explain select * from products where company_id = ? order by name collate "und-x-icu", id limit 5`,
        [shop.company_id ?? ''],
      );
      expect(rows[0]['QUERY PLAN'] + rows[1]['QUERY PLAN']).toContain('using products_name on');
    });
  });

  test('does not find letters of other scripts by digits or Latin letters', async ({ service }) => {
    const shop = service.user('admin', service.company());
    for (const name of ['김민준', '王小明 44', 'สมชาย'])
      await shop.post('/api/products', { name, description: 'محمد', price: 1 }).expect(201);
    const found = async (search: string) => {
      const { body } = await shop.get(`/api/products?sort=name&search=${encodeURIComponent(search)}`).expect(200);
      return body.products.map(({ name }: { name: string }) => name);
    };
    // All letters: products.large.test.ts.
    for (const search of [...digitsOfLetters('민', 'م'), 'aa', 'AAHDIL', '|aa'])
      expect([search, await found(search)]).toEqual([search, []]);
    expect(await found('민준')).toEqual(['김민준']);
    expect(await found('小明')).toEqual(['王小明 44']);
    expect(await found('明 44')).toEqual(['王小明 44']);
    expect(await found('محمد')).toHaveLength(3);
  });

  test('includes inactive products with active_only=false only', async ({ service }) => {
    const shop = service.user('admin', service.company());
    const { body } = await shop.post('/api/products', { name: 'Gone', price: 1 }).expect(201);
    await shop.delete(`/api/products/${body.product.id}`).expect(200);
    expect((await shop.get('/api/products')).body.total).toBe(0);
    expect((await shop.get('/api/products?active_only=false')).body.total).toBe(1);
  });
});

describe('rejected requests', () => {
  test('treat another company’s product as unknown', async ({ company, admin, otherAdmin }) => {
    const product = await createProduct(admin);
    const path = `/api/products/${product.id}`;
    const unknown = `/api/products/${company.id}`;
    const strip = ({ body }: { body: Record<string, unknown> }) => ({ ...body, timestamp: '', request_id: '' });
    for (const send of [
      (url: string) => otherAdmin.get(url),
      (url: string) => otherAdmin.put(url, { name: 'Stolen' }),
      (url: string) => otherAdmin.patch(url, { name: 'Stolen' }),
      (url: string) => otherAdmin.delete(url),
      (url: string) => otherAdmin.delete(`${url}?hard_delete=true`),
      (url: string) => otherAdmin.patch(`${url}/activate`),
    ]) {
      expect(strip(await send(path).expect(404))).toEqual(strip(await send(unknown).expect(404)));
    }
    expect((await otherAdmin.get('/api/products?active_only=false')).body.products).toEqual([]);
    await otherAdmin.get(`/api/products?company_id=${company.id}`).expect(403);
    expect((await admin.get(path)).body.product).toEqual(product);
  });

  test('name every invalid field, and change nothing', async ({ admin }) => {
    const { body } = await admin
      .post('/api/products', { name: 'x', price: '1.234', type: 'thing', colour: 'red', metadata: [], sku: 'a\u0000b' })
      .expect(422);
    expect(body).toMatchObject({ error_code: 'VALIDATION_FAILED', status: 422 });
    expect(body.errors.map(({ path }: { path: string }) => path).toSorted()).toEqual([
      'colour',
      'metadata',
      'name',
      'price',
      'sku',
      'type',
    ]);
    const query = await admin.get('/api/products?page=-1&sort=password&per_page=0&nothing=1').expect(422);
    expect(query.body.errors.map(({ path }: { path: string }) => path).toSorted()).toEqual([
      'nothing',
      'page',
      'per_page',
      'sort',
    ]);
  });

  test('let a viewer only read, and a manager not hard-delete', async ({ service, company, admin }) => {
    const product = await createProduct(admin);
    const path = `/api/products/${product.id}`;
    const viewer = service.user('viewer', company);
    await viewer.get(path).expect(200);
    await viewer.post('/api/products', { name: 'Mine', price: 1 }).expect(403);
    await viewer.patch(path, { name: 'Mine' }).expect(403);
    await viewer.delete(path).expect(403);
    await service.user('manager', company).delete(`${path}?hard_delete=true`).expect(403);
    expect((await admin.get(path)).body.product).toEqual(product);
  });

  test('require a superuser to name a company, except for the list', async ({ service, company, admin }) => {
    const product = await createProduct(admin);
    const superuser = service.user('superuser');
    const { body } = await superuser.get(`/api/products/${product.id}`).expect(422);
    expect(body.errors).toEqual([{ path: 'company_id', message: expect.stringContaining('?company_id=') }]);
    await superuser.get(`/api/products/${product.id}?company_id=${company.company_id}`).expect(200);
    await superuser.get(`/api/products/${product.id}?company_id=COMP-999`).expect(422);
    expect((await superuser.get('/api/products').expect(200)).body.total).toBeGreaterThan(0);
  });
});

describe('internal lookup', () => {
  test('finds a product of the company by id and by number, for permitted services only', async ({
    service,
    company,
    admin,
  }) => {
    const product = await createProduct(admin);
    const favorites = service.callingService('favorites', company);
    const expected = { id: product.id, number: product.number, is_active: true };
    expect((await favorites.get(`/internal/products/${product.id}`).expect(200)).body).toEqual(expected);
    expect((await favorites.get(`/internal/products/${product.number}`).expect(200)).body).toEqual(expected);
    await service.callingService('favorites', service.company()).get(`/internal/products/${product.id}`).expect(404);
    await service.callingService('customer', company).get(`/internal/products/${product.id}`).expect(403);
    await admin.get(`/internal/products/${product.id}`).expect(403);
  });
});

describe('the body of a product', () => {
  test('names every missing field as required', async ({ admin }) => {
    const { body } = await admin.post('/api/products', { name: 'x' }).expect(422);
    expect(body.errors).toEqual([
      { path: 'name', message: 'must have 2 to 255 characters' },
      { path: 'price', message: 'is required' },
    ]);
  });

  test('may have is_active: true on creation, and takes the type in any case', async ({ admin }) => {
    expect(await createProduct(admin, { is_active: true, type: 'SERVICE' })).toMatchObject({
      is_active: true,
      type: 'service',
    });
    expect(await createProduct(admin, { is_active: null })).toMatchObject({ is_active: true });
    const { body } = await admin.post('/api/products', { name: 'Off', price: 1, is_active: false }).expect(422);
    expect(body.errors).toEqual([{ path: 'is_active', message: 'must be true' }]);
    const { products } = (await admin.get('/api/products?type=Service').expect(200)).body;
    expect(new Set(products.map(({ type }: { type: string }) => type))).toEqual(new Set(['service']));
  });

  test('merges metadata by key; null removes a key, and the result is at most 64 KiB', async ({ admin }) => {
    const { id, metadata } = await createProduct(admin, { metadata: { a: 1, none: null, nested: { x: 1, y: 2 } } });
    expect(metadata).toEqual({ a: 1, nested: { x: 1, y: 2 } });
    const at = `/api/products/${id}`;
    const { body } = await admin.patch(at, { metadata: { a: null, nested: { y: null, z: [null] } } }).expect(200);
    expect(body.product.metadata).toEqual({ nested: { x: 1, z: [null] } });
    await admin.put(at, { metadata: { text: 'x'.repeat(40_000) } }).expect(200);
    const tooLarge = await admin.put(at, { metadata: { more: 'x'.repeat(40_000) } }).expect(422);
    expect(tooLarge.body.errors).toEqual([{ path: 'metadata', message: 'must not be larger than 64 KiB' }]);
  });
});
