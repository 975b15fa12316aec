import { randomUUID } from 'node:crypto';
import { serviceTest, type TestUser } from '@clientela/testing';
import { describe, expect } from 'vitest';
import { malformedValues } from '../testing/malformed-values.ts';
import { customerResponse, createTestInteraction, type TestInteraction } from '../testing/test-interaction.ts';

const product_id = randomUUID();

const test = serviceTest(createTestInteraction).extend('company', ({ service }) =>
  service.company({ currency: 'BRL' }),
);
test.beforeEach(({ service }) => {
  service.customers.respond((path) => customerResponse(path));
  service.products.respond((path) =>
    path.endsWith(product_id)
      ? { status: 200, body: { id: product_id, number: 10_000_000, is_active: false } }
      : { status: 404 },
  );
});

const pathOf = (customer_id: string = randomUUID()) => `/api/customers/${customer_id}/transactions`;
const order = { kind: 'order', direction: 'in', amount: '10.00' };
const recorded = async (manager: TestUser, values: object = {}, path = pathOf()) => {
  const { body } = await manager.post(path, { ...order, ...values }).expect(201);
  return { ...body.transaction, path: `${path}/${body.transaction.id}` };
};
const errorPaths = ({ body }: { body: { errors: { path: string }[] } }) =>
  body.errors.map(({ path }) => path).toSorted();
const published = async (service: TestInteraction, name: string, id: string) =>
  (await service.events(name)).filter(({ data }) => data['transaction_id'] === id);
const rowsOf = (service: TestInteraction, customer_id: string) =>
  service.database.owner('transactions').where({ customer_id }).select();

describe('recording a transaction', () => {
  test('stores it with its author and customer; the event has the fields that counters need', async ({
    service,
    company,
    manager,
  }) => {
    const customer_id = randomUUID();
    const { body, headers } = await manager
      .post(pathOf(customer_id), {
        kind: 'order',
        direction: 'in',
        amount: 1234.5,
        currency: 'usd',
        product_id,
        order_id: 'A-17',
        description: 'Two chairs\nand a table',
        status: 'pending',
        occurred_at: '2026-03-01T10:00:00+02:00',
        external_ref: 'shop-17',
      })
      .expect(201);
    expect(body).toEqual({
      message: 'Transaction recorded',
      transaction: {
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        customer_id,
        created_by: manager.user_id,
        kind: 'order',
        direction: 'in',
        amount: '1234.50',
        currency: 'USD',
        product_id,
        order_id: 'A-17',
        description: 'Two chairs\nand a table',
        status: 'pending',
        occurred_at: '2026-03-01T08:00:00.000Z',
        external_ref: 'shop-17',
        created_at: expect.any(String),
        updated_at: expect.any(String),
        version: 1,
      },
    });
    expect(headers['etag']).toBe('"1"');
    expect(await published(service, 'transaction.recorded', body.transaction.id)).toEqual([
      expect.objectContaining({
        company_id: company.id,
        actor_id: manager.user_id,
        sequence: 1,
        data: {
          transaction_id: body.transaction.id,
          customer_id,
          customer_changes: 1,
          kind: 'order',
          direction: 'in',
          status: 'pending',
          amount: '1234.50',
          currency: 'USD',
          occurred_at: '2026-03-01T08:00:00.000Z',
        },
      }),
    ]);
    expect(service.products.calls.at(-1)).toMatchObject({
      path: `/internal/products/${product_id}`,
      headers: { 'x-company-id': company.id },
    });
  });

  test('defaults to completed, now and the company’s currency', async ({ service, company, manager }) => {
    const before = Date.now();
    const { path, ...transaction } = await recorded(manager, { kind: 'refund', direction: 'out' });
    expect(transaction).toMatchObject({
      kind: 'refund',
      direction: 'out',
      amount: '10.00',
      currency: 'BRL',
      product_id: null,
      order_id: null,
      description: null,
      status: 'completed',
      external_ref: null,
    });
    expect(Math.abs(Date.parse(transaction.occurred_at) - before)).toBeLessThan(60_000);
    const readBack = await service.user('viewer', company).get(path).expect(200);
    expect(readBack.body).toEqual({ transaction });
    await manager
      .get(path)
      .set('If-None-Match', readBack.headers['etag'] ?? '')
      .expect(304);
  });

  test('names every invalid field', async ({ service, manager }) => {
    const customer_id = randomUUID();
    const path = pathOf(customer_id);
    expect(errorPaths(await manager.post(path, {}).expect(422))).toEqual(['amount', 'direction', 'kind']);
    const invalidBody = {
      kind: 'gift',
      direction: 'sideways',
      amount: 0,
      currency: 'XXQ',
      product_id: 17,
      order_id: '',
      description: 'd'.repeat(501),
      status: 'lost',
      occurred_at: 'yesterday',
      external_ref: 'r'.repeat(101),
      customer_id,
      id: randomUUID(),
    };
    expect(errorPaths(await manager.post(path, invalidBody).expect(422))).toEqual(Object.keys(invalidBody).toSorted());
    for (const amount of [0, '0.00', -1, '1.005', '1e3', '1,5', '', null, true, {}, 'NaN', '99999999999999', 1e300]) {
      expect(errorPaths(await manager.post(path, { ...order, amount }).expect(422)), JSON.stringify(amount)).toEqual([
        'amount',
      ]);
    }
    expect(await rowsOf(service, customer_id)).toEqual([]);
    expect((await recorded(manager, { amount: 0.01 }, path)).amount).toBe('0.01');
    expect((await recorded(manager, { amount: '9999999999999.99' }, path)).amount).toBe('9999999999999.99');
  });

  test('never responds with a 5xx to malformed input', async ({ manager }) => {
    const path = pathOf();
    const { path: knownPath } = await recorded(manager, { status: 'pending' }, path);
    const fields = ['kind', 'direction', 'amount', 'currency', 'order_id', 'description', 'status', 'external_ref'];
    for (const field of [...fields, 'product_id', 'occurred_at']) {
      for (const value of malformedValues()) {
        const responses = [
          await manager.post(path, { ...order, [field]: value }),
          await manager.patch(knownPath, { [field]: value }),
        ];
        for (const { status } of responses)
          expect([200, 201, 409, 422], `${field} ${JSON.stringify(value)}`).toContain(status);
      }
    }
    for (const query of ['kind=x', 'status=x', 'from=x', 'to=x', 'page=0', 'per_page=101', 'search=abc', 'sort=amount'])
      expect(errorPaths(await manager.get(`${path}?${query}`).expect(422))).toEqual([query.split('=')[0]]);
    await manager.get(`${path}/not-an-id`).expect(400);
    expect((await manager.delete(knownPath).expect(405)).headers['allow']).toBe('GET, HEAD, PATCH');
  });
});

describe('customers, products and access', () => {
  test('rejects an unknown product with 404, and names an unavailable product service in a 503', async ({
    service,
    manager,
  }) => {
    const customer_id = randomUUID();
    const unknown = await manager.post(pathOf(customer_id), { ...order, product_id: randomUUID() }).expect(404);
    expect(unknown.body.error_code).toBe('PRODUCT_NOT_FOUND');
    service.products.respond(() => undefined);
    const unavailable = await manager.post(pathOf(customer_id), { ...order, product_id }).expect(503);
    expect(unavailable.body.detail).toContain('product service');
    expect(Number(unavailable.headers['retry-after'])).toBeGreaterThan(0);
    expect(await rowsOf(service, customer_id)).toEqual([]);
    await manager.post(pathOf(customer_id), order).expect(201); // without a product there is no call to the product service
  });

  test('rejects an unknown customer with 404, a deleted one with 409, and an unavailable customer service with 503', async ({
    service,
    manager,
  }) => {
    const { path, customer_id } = await recorded(manager);
    const list = pathOf(customer_id);
    service.customers.respond((at) => customerResponse(at, true));
    expect((await manager.post(list, order).expect(409)).body.error_code).toBe('CUSTOMER_DELETED');
    expect((await manager.get(list).expect(200)).body.total).toBe(1);
    await manager.get(path).expect(200);
    await manager.patch(path, { status: 'cancelled' }).expect(200);
    const calls = () => [
      manager.post(list, order),
      manager.get(list),
      manager.get(path),
      manager.patch(path, { status: 'cancelled' }),
    ];
    service.customers.respond(() => ({ status: 404 }));
    for (const call of calls()) expect((await call.expect(404)).body.error_code).toBe('CUSTOMER_NOT_FOUND');
    service.customers.respond(() => undefined);
    for (const call of calls()) expect((await call.expect(503)).body.detail).toContain('customer service');
    expect(await rowsOf(service, customer_id)).toHaveLength(1);
  });

  test('hides a transaction from another company and under another customer’s path', async ({ service, manager }) => {
    const { path, id } = await recorded(manager);
    const otherAdmin = service.user('admin', service.company());
    await otherAdmin.get(path).expect(404);
    await otherAdmin.patch(path, { status: 'cancelled' }).expect(404);
    expect((await manager.get(`${pathOf()}/${id}`).expect(404)).body.error_code).toBe('TRANSACTION_NOT_FOUND');
    await manager.patch(`${pathOf()}/${id}`, { status: 'cancelled' }).expect(404);
    expect((await manager.get(path)).body.transaction.status).toBe('completed');
  });

  test('lets a viewer read, a customer nothing, and a superuser name the company', async ({
    service,
    company,
    manager,
  }) => {
    const { path, customer_id } = await recorded(manager);
    const list = pathOf(customer_id);
    const [viewer, customer, superuser] = [
      service.user('viewer', company),
      service.user('customer', company),
      service.user('superuser'),
    ];
    for (const at of [path, list, '/api/transactions']) {
      await viewer.get(at).expect(200);
      await customer.get(at).expect(403);
      await service.anonymous().get(at).expect(401);
    }
    for (const caller of [viewer, customer]) {
      await caller.post(list, order).expect(403);
      await caller.patch(path, { status: 'cancelled' }).expect(403);
    }
    expect(errorPaths(await superuser.get(list).expect(422))).toEqual(['company_id']);
    expect(errorPaths(await superuser.post(list, order).expect(422))).toEqual(['company_id']);
    await superuser.post(`${list}?company_id=${company.company_id}`, order).expect(201);
    expect(await rowsOf(service, customer_id)).toHaveLength(2);
  });
});

describe('the company’s list', () => {
  test('lists and filters all customers’ transactions newest first: of one company, or of all for a superuser', async ({
    service,
    manager,
  }) => {
    const ownCompany = service.company();
    const admin = service.user('admin', ownCompany);
    const customers = [randomUUID(), randomUUID()] as const;
    const record = async (customer: string, values: object) =>
      (await admin.post(pathOf(customer), { ...order, ...values }).expect(201)).body.transaction;
    const first = await record(customers[0], { occurred_at: '2026-01-01T00:00:00Z' });
    const second = await record(customers[1], { occurred_at: '2026-01-02T10:00:00Z', kind: 'payment' });
    const third = await record(customers[0], { occurred_at: '2026-01-03T00:00:00Z', status: 'pending' });
    const list = async (query: string, caller = admin) =>
      (await caller.get(`/api/transactions?${query}`).expect(200)).body.transactions;
    expect((await admin.get('/api/transactions').expect(200)).body).toEqual({
      transactions: [third, second, first],
      total: 3,
      page: 1,
      pages: 1,
      per_page: 20,
    });
    expect(await list('kind=payment')).toEqual([second]);
    expect(await list('status=pending')).toEqual([third]);
    expect(await list(`customer_id=${customers[0]}`)).toEqual([third, first]);
    expect(await list('from=2026-01-02&to=2026-01-02')).toEqual([second]);
    expect(await list('cursor=&per_page=2')).toEqual([third, second]);
    expect(await list('', service.user('admin', service.company()))).toEqual([]);
    const superuser = service.user('superuser');
    expect(await list(`company_id=${ownCompany.company_id}`, superuser)).toEqual([third, second, first]);
    const all = await list('from=2026-01-01&to=2026-01-03&per_page=100', superuser);
    expect(all).toEqual([third, second, first]);
    await recorded(manager, { occurred_at: '2026-01-02T00:00:00Z' });
    expect(await list('from=2026-01-01&to=2026-01-03&per_page=100', superuser)).toHaveLength(4);
    const { next_cursor } = (await superuser.get('/api/transactions?cursor=&per_page=1').expect(200)).body;
    expect(errorPaths(await admin.get(`/api/transactions?cursor=${next_cursor}`).expect(422))).toEqual(['cursor']);
    for (const query of ['customer_id=x', 'kind=gift', 'page=1&cursor='])
      expect(errorPaths(await admin.get(`/api/transactions?${query}`).expect(422))).toEqual([query.split('=')[0]]);
  });
});

describe('the words of a transaction', () => {
  test('are taken in any case in bodies and queries, and answered in lower case', async ({ manager }) => {
    const first = await recorded(manager, {
      kind: 'Order',
      direction: 'IN',
      status: 'PENDING',
      external_ref: 'any-case',
    });
    expect(first).toMatchObject({ kind: 'order', direction: 'in', status: 'pending' });
    const repeated = { ...order, status: 'Pending', external_ref: 'any-case' };
    expect((await manager.post(pathOf(first.customer_id), repeated).expect(200)).body.transaction.id).toBe(first.id);
    const { body } = await manager.patch(first.path, { status: 'Completed' }).expect(200);
    expect(body.transaction.status).toBe('completed');
    const list = await manager.get(`${pathOf(first.customer_id)}?kind=ORDER&status=cOmpleted`).expect(200);
    expect(list.body.transactions).toHaveLength(1);
  });

  test('are named by the error of another one; missing ones are required', async ({ manager }) => {
    const { body } = await manager.post(pathOf(), { direction: 'up' }).expect(422);
    expect(body.errors).toEqual([
      { path: 'amount', message: 'is required' },
      { path: 'kind', message: 'is required' },
      { path: 'direction', message: 'must be one of in, out' },
    ]);
    const all = await manager.post(pathOf(), {}).expect(422);
    expect(all.body.detail).toBe('amount: is required; kind: is required; direction: is required');
  });
});
