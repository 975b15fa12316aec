import { randomUUID } from 'node:crypto';
import { withAliases } from '@clientela/http';
import { serviceTest } from '@clientela/testing';
import { expect } from 'vitest';
import { routes } from './app.ts';
import { createTestAuth } from './testing/test-auth.ts';

const test = serviceTest(createTestAuth);

/** The paths below which a repetition would spend a token, or send a mail or a secret, again. */
const ofTokensAndSecrets =
  /\/auth\/(verify-email|forgot-password|reset-password|change-email|invitations|mfa|login\/mfa|oidc)\b|^\/api\/v1\/api-keys\b/;

test('every POST that spends a token, or sends a mail or a secret, rejects an Idempotency-Key', async ({ service }) => {
  const { client } = await service.register();
  const posts = withAliases(routes({} as Parameters<typeof routes>[0])).filter(
    ({ method, path }) => method === 'post' && ofTokensAndSecrets.test(path),
  );
  expect(posts.length).toBeGreaterThan(30);
  for (const { path } of posts) {
    const { status, body } = await client
      .post(path.replaceAll(/\{\w+\}/g, randomUUID()), {})
      .set('Idempotency-Key', 'key-1');
    expect([path, status, body.errors]).toEqual([
      path,
      422,
      expect.arrayContaining([{ path: 'Idempotency-Key', message: 'is not supported by this route' }]),
    ]);
  }
});
