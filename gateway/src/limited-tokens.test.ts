import { expect, test } from 'vitest';
import type { Config } from './config.ts';
import { signToken, startTestGateway } from './testing/gateway.ts';
import { readUpstreams } from './upstreams.ts';

const paths = {
  auth: {
    '/auth/me': { get: { limited: ['verify_email', 'mfa_setup', 'of_another_version'] }, patch: {} },
    '/auth/verify-email/request': { post: { limited: ['verify_email'] } },
    '/auth/login': { post: { open: true } },
  },
  customer: { '/api/customers': { get: {}, post: {} } },
};

test('a limited token reaches the routes that list its limit, and open ones; any other is a 403 that says what to do', async () => {
  const gateway = await startTestGateway({ paths });
  const call = async (limited: string | undefined, method: string, path: string) => {
    const authorization = `Bearer ${signToken(gateway.key, { limited })}`;
    const { status, json } = await gateway.call({ method, path, headers: { authorization } });
    return status === 200 ? 200 : [status, json.error_code];
  };
  const notVerified = [403, 'EMAIL_NOT_VERIFIED'];
  const noFactor = [403, 'MFA_SETUP_REQUIRED'];
  const unknown = [403, 'FORBIDDEN'];
  const expected: [method: string, path: string, ...results: unknown[]][] = [
    ['GET', '/auth/me', 200, 200, 200, unknown],
    ['HEAD', '/auth/me', 200, 200, 200, [403, undefined]],
    ['PATCH', '/auth/me', notVerified, noFactor, unknown, unknown],
    ['POST', '/auth/verify-email/request', 200, noFactor, unknown, unknown],
    ['POST', '/auth/login', 200, 200, 200, 200],
    ['GET', '/api/customers', notVerified, noFactor, unknown, unknown],
    ['POST', '/api/customers', notVerified, noFactor, unknown, unknown],
  ];
  for (const [method, path, ...results] of expected) {
    for (const [index, limit] of ['verify_email', 'mfa_setup', 'of_another_version', 'of_tomorrow'].entries()) {
      if (method === 'HEAD' && results[index] !== 200) continue; // without a body
      expect([method, path, limit, await call(limit, method, path)]).toEqual([method, path, limit, results[index]]);
    }
    expect(await call(undefined, method, path)).toBe(200);
  }
  expect(await call('x'.repeat(33), 'GET', '/auth/me')).toEqual([401, 'UNAUTHENTICATED']);
});

const prefixes = ['/auth', '/api/auth', '/api/v1/auth'];

test.each([
  ['verify_email', ['GET /me', 'POST /logout', 'POST /verify-email/request']],
  [
    'mfa_setup',
    [
      'GET /me',
      'POST /logout',
      'GET /mfa',
      'POST /mfa/totp',
      'POST /mfa/totp/confirm',
      'DELETE /mfa/totp',
      'POST /mfa/recovery-codes',
    ],
  ],
] as const)('only what its user needs is open to a token that is limited to %s', (limit, routesOfPrefix) => {
  const routes = readUpstreams({} as Config).flatMap((upstream) => upstream.routes);
  const admitted = routes.filter(({ limited }) => limited?.includes(limit));
  const expected = routesOfPrefix.flatMap((route) => prefixes.map((prefix) => route.replace(' ', ` ${prefix}`)));
  expect(admitted.map(({ method, template }) => `${method} ${template}`).toSorted()).toEqual(
    ['GET /api/v1/profile', ...expected].toSorted(),
  );
});
