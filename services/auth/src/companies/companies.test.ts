import { randomUUID } from 'node:crypto';
import { outsideServices } from '@clientela/contracts';
import { createOpenapiDocument } from '@clientela/http';
import { expect, test as base } from 'vitest';
import { routes, type AppDeps } from '../app.ts';
import { createTestAuth } from '../testing/test-auth.ts';
import { formatCompanyId } from './rules.ts';

const test = base.extend('auth', { scope: 'file' }, async ({}, { onCleanup }) => {
  const auth = await createTestAuth();
  onCleanup(() => auth.close());

  return auth;
});

test('only services find a company by id and key at the internal route', async ({ auth }) => {
  const { user, client } = await auth.register();
  const expected = {
    id: user.business_id,
    company_id: user.company_id,
    status: 'active',
    country: 'ES',
    currency: 'EUR',
  };
  for (const name of ['customer', 'interaction', 'product', 'favorites', ...outsideServices] as const) {
    const service = auth.callingService(name);
    for (const key of [
      user.business_id,
      user.business_id?.toUpperCase(),
      user.company_id,
      user.company_id?.toLowerCase(),
    ]) {
      expect((await service.get(`/internal/companies/${key}`).expect(200)).body).toEqual(expected);
    }
    for (const key of [randomUUID(), 'COMP-999999', 'SOME-KEY']) {
      const { body } = await service.get(`/internal/companies/${key}`).expect(404);
      expect(body.error_code).toBe('COMPANY_NOT_FOUND');
    }
    await service.get('/internal/companies/no%20key').expect(400);
  }
  await client.get(`/internal/companies/${user.business_id}`).expect(403);
  await auth.anonymous().get(`/internal/companies/${user.business_id}`).expect(403);
});

test('an inactive company is found with its status', async ({ auth }) => {
  const { user } = await auth.register();
  await auth.database.owner('companies').where({ id: user.business_id }).update({ status: 'suspended' });
  const { body } = await auth.callingService('customer').get(`/internal/companies/${user.company_id}`).expect(200);
  expect(body.status).toBe('suspended');
});

test('company keys grow beyond three digits', () => {
  expect([1, 42, 999, 1000].map(formatCompanyId)).toEqual(['COMP-001', 'COMP-042', 'COMP-999', 'COMP-1000']);
});

test('routes can be declared without dependencies; only the listed ones are public', async () => {
  const document = (await createOpenapiDocument('auth', '0', routes({} as AppDeps))) as {
    paths: Record<string, Record<string, { security: object[] }>>;
  };
  const publicRoutes = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, { security }]) => (security.length === 0 ? [`${method} ${path}`] : [])),
  );
  expect(publicRoutes.toSorted()).toEqual(
    [
      'get /.well-known/jwks.json',
      'get /api/v1/document-types',
      'get /auth/oidc/{name}/callback',
      'get /auth/oidc/{name}/start',
      ...['/api/auth', '/api/v1/auth', '/auth'].flatMap((prefix) =>
        [
          'get oidc',
          'post change-email/confirm',
          'post forgot-password',
          'post invitations/accept',
          'post invitations/look-up',
          'post login',
          'post login/mfa',
          'post oidc/exchange',
          'post refresh',
          'post register',
          'post reset-password',
          'post verify-email',
        ].map((name) => name.replace(' ', ` ${prefix}/`)),
      ),
    ].toSorted(),
  );
});
