import { randomUUID } from 'node:crypto';
import { createOpenapiDocument } from '@clientela/http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { routes, type Parts } from '../app.ts';
import { authUnderTest, type AuthUnderTest } from '../auth-under-test.ts';
import { companyIdOf } from './rules.ts';

let auth: AuthUnderTest;

beforeAll(async () => {
  auth = await authUnderTest();
});
afterAll(() => auth.close());

test('the other services find a company by id and by key; nobody else does', async () => {
  const { user, caller } = await auth.registered();
  const found = { id: user.business_id, company_id: user.company_id, status: 'active', country: 'ES', currency: 'EUR' };
  for (const name of ['customer', 'interaction', 'product', 'favorites'] as const) {
    const service = auth.callingService(name);
    for (const key of [
      user.business_id,
      user.business_id?.toUpperCase(),
      user.company_id,
      user.company_id?.toLowerCase(),
    ]) {
      expect((await service.get(`/internal/companies/${key}`).expect(200)).body).toEqual(found);
    }
    for (const key of [randomUUID(), 'COMP-999999', 'SOME-KEY']) {
      const { body } = await service.get(`/internal/companies/${key}`).expect(404);
      expect(body.error_code).toBe('COMPANY_NOT_FOUND');
    }
    await service.get('/internal/companies/no%20key').expect(400);
  }
  await caller.get(`/internal/companies/${user.business_id}`).expect(403);
  await auth.anonymous().get(`/internal/companies/${user.business_id}`).expect(403);
});

test('a company that is not active is found with its status', async () => {
  const { user } = await auth.registered();
  await auth.database.owner('companies').where({ id: user.business_id }).update({ status: 'suspended' });
  const { body } = await auth.callingService('customer').get(`/internal/companies/${user.company_id}`).expect(200);
  expect(body.status).toBe('suspended');
});

test('keys count on beyond three digits', () => {
  expect([1, 42, 999, 1000].map(companyIdOf)).toEqual(['COMP-001', 'COMP-042', 'COMP-999', 'COMP-1000']);
});

test('the doors are declared without any of the parts, and these alone are open', async () => {
  const document = (await createOpenapiDocument('auth', '0', routes({} as Parts))) as {
    paths: Record<string, Record<string, { security: object[] }>>;
  };
  const open = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, { security }]) => (security.length === 0 ? [`${method} ${path}`] : [])),
  );
  expect(open.toSorted()).toEqual([
    'get /.well-known/jwks.json',
    'get /api/v1/document-types',
    'post /api/auth/login',
    'post /api/auth/refresh',
    'post /api/auth/register',
    'post /auth/login',
    'post /auth/refresh',
    'post /auth/register',
  ]);
});
