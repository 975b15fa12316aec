import { createPublicKey } from 'node:crypto';
import { testDatabase, type TestDatabase } from '@clientela/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { authUnderTest, newSecret } from '../auth-under-test.ts';
import { openSigningKey } from './signing-key.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await testDatabase('auth', { pool: 10 });
});
afterAll(() => database.drop());

describe('the signing key', () => {
  test('is one, however many replicas start at once, and lies sealed in the database', async () => {
    const secret = newSecret();
    const opened = await Promise.all(Array.from({ length: 8 }, () => openSigningKey(database.db, secret)));
    expect(new Set(opened.map(({ kid }) => kid)).size).toBe(1);
    const [first] = opened;
    const again = await openSigningKey(database.db, secret); // as after a restart
    expect(again.kid).toBe(first?.kid);
    expect(again.key.equals(first?.key as typeof again.key)).toBe(true);

    const rows = await database.owner('signing_keys');
    expect(rows).toHaveLength(1);
    expect(rows[0].public_jwk).not.toHaveProperty('d');
    const scalar = Buffer.from(again.key.export({ format: 'jwk' }).d ?? '', 'base64url');
    expect(rows[0].private_sealed.includes(scalar)).toBe(false);
    const published = createPublicKey({ key: rows[0].public_jwk, format: 'jwk' });
    expect(published.equals(createPublicKey(again.key))).toBe(true);
  });

  test('is refused under another AUTH_SECRET, in one sentence, and is not replaced', async () => {
    const { kid } = await database.owner('signing_keys').first();
    await expect(openSigningKey(database.db, newSecret())).rejects.toThrow(/^AUTH_SECRET is not the one [^\n]+\.$/);
    expect(await database.owner('signing_keys').pluck('kid')).toEqual([kid]);
  });
});

test('the public keys are there for everybody, and nothing private with them', async () => {
  const auth = await authUnderTest();
  try {
    const { body, headers } = await auth.nobody().get('/.well-known/jwks.json').expect(200);
    const text = expect.stringMatching(/^[A-Za-z0-9_-]{43}$/);
    expect(body).toEqual({
      keys: [{ kty: 'EC', crv: 'P-256', x: text, y: text, kid: text, use: 'sig', alg: 'ES256' }],
    });
    expect(headers['cache-control']).toBe('public, max-age=60');
  } finally {
    await auth.close();
  }
});
