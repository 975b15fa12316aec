import { randomUUID } from 'node:crypto';
import { newId } from '@clientela/db';
import { serviceTest, testService } from '@clientela/testing';
import { expect } from 'vitest';
import { createApp } from './app.ts';

const test = serviceTest(() => testService('product', createApp));

test('exports nothing, and redacts stored responses of an erased user', async ({ service }) => {
  const company = service.company();
  const admin = service.user('admin', company);
  const createProduct = (key: string) =>
    admin.post('/api/products', { name: 'Tea', price: 1 }).set('Idempotency-Key', key);
  const { body } = await createProduct('k').expect(201);
  const person = { company_id: company.id, customer_id: randomUUID(), customer_number: 1, user_id: admin.user_id };
  const customer = service.callingService('customer');
  await customer.post('/internal/privacy/export', { person, section: 'customer' }).expect(422);
  const erasure = { request_id: newId(), person };
  await service.callingService('auth').post('/internal/privacy/erasures', erasure).expect(403);
  expect((await customer.post('/internal/privacy/erasures', erasure).expect(200)).body).toEqual({
    service: 'product',
    done_at: expect.any(String),
    erased: [],
    anonymised: [expect.objectContaining({ table: 'idempotency_keys', rows: 1 })],
    kept: [],
  });
  expect((await createProduct('k').expect(404)).body.error_code).toBe('IDEMPOTENCY_ANSWER_ERASED');
  expect((await service.user('admin', company).get('/api/products').expect(200)).body.products).toEqual([body.product]);
});
