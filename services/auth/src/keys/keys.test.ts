import { execFile } from 'node:child_process';
import { createPublicKey } from 'node:crypto';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { childEnv, testDatabase, type TestDatabase } from '@clientela/testing';
import jwt from 'jsonwebtoken';
import { describe, expect, test as base } from 'vitest';
import { createTestAuth, generateSecret } from '../testing/test-auth.ts';
import { Config } from '../config.ts';
import { loadSigningKeys, rotateSigningKey, type SigningKey } from './signing-key.ts';

const run = promisify(execFile);

const loadCurrent = async (database: TestDatabase, secret: string) =>
  (await loadSigningKeys(database.db, secret)).current() as SigningKey & { alg: 'ES256' };

const test = base.extend('database', { scope: 'file' }, async ({}, { onCleanup }) => {
  const database = await testDatabase('auth', { pool: 10 });
  onCleanup(() => database.drop());

  return database;
});

describe('the signing key', () => {
  test('is the same for replicas that start concurrently, and is stored sealed', async ({ database }) => {
    const secret = generateSecret();
    const loaded = await Promise.all(Array.from({ length: 8 }, () => loadCurrent(database, secret)));
    expect(new Set(loaded.map(({ kid }) => kid)).size).toBe(1);
    const [first] = loaded;
    const again = await loadCurrent(database, secret); // simulates a restart
    expect(again.kid).toBe(first?.kid);
    expect(again.key.equals(first?.key as typeof again.key)).toBe(true);

    const rows = await database.owner('signing_keys');
    expect(rows).toHaveLength(1);
    expect(rows[0].public_jwk).not.toHaveProperty('d');
    const scalar = Buffer.from(again.key.export({ format: 'jwk' }).d ?? '', 'base64url');
    expect(rows[0].sealed_private_key.includes(scalar)).toBe(false);
    const published = createPublicKey({ key: rows[0].public_jwk, format: 'jwk' });
    expect(published.equals(createPublicKey(again.key))).toBe(true);
  });

  test('is rejected under another AUTH_SECRET with one sentence, and not replaced', async ({ database }) => {
    const { kid } = await database.owner('signing_keys').first();
    await expect(loadCurrent(database, generateSecret())).rejects.toThrow(
      /^Invalid settings:\n  AUTH_SECRET: does not match [^\n]+$/,
    );
    expect(await database.owner('signing_keys').pluck('kid')).toEqual([kid]);
  });
});

describe('a rotation', () => {
  test('publishes the next key at once, signs with it two minutes later and keeps the old one until its last token expires', async () => {
    const secret = generateSecret();
    const auth = await createTestAuth({ secret });
    try {
      const published = async () => {
        const { body } = await auth.anonymous().get('/.well-known/jwks.json').expect(200);
        return body.keys.map(({ kid }: { kid: string }) => kid) as string[];
      };
      const { owner, db } = auth.database;
      const passTime = async (interval: string) => {
        const shift = (column: string) => owner.raw('?? - ?::interval', [column, interval]);
        await owner('signing_keys').update({ signs_from: shift('signs_from'), retired_at: shift('retired_at') });
      };
      const running = await loadSigningKeys(db, secret);
      const previous = running.current().kid;
      expect(await published()).toEqual([previous]);
      await expect(db.transaction((tx) => rotateSigningKey(tx, generateSecret()))).rejects.toThrow(/AUTH_SECRET/);

      const { kid, signs_from } = await db.transaction((tx) => rotateSigningKey(tx, secret));
      expect(Math.abs(Date.parse(signs_from) - Date.now() - 120_000)).toBeLessThan(60_000);
      expect((await published()).toSorted()).toEqual([previous, kid].toSorted());
      await running.reload();
      expect(running.current().kid).toBe(previous);
      expect((await loadSigningKeys(db, secret)).current().kid).toBe(previous); // in a process started now

      await passTime('2 minutes');
      await running.reload();
      expect(running.current().kid).toBe(kid);
      expect((await loadSigningKeys(db, secret)).current().kid).toBe(kid);
      expect(await published()).toContain(previous);
      await passTime('15 minutes');
      expect(await published()).toContain(previous);
      await passTime('2 minutes');
      expect(await published()).toEqual([kid]);

      const rotated = await Promise.all([1, 2].map(() => db.transaction((tx) => rotateSigningKey(tx, secret))));
      expect((await published()).toSorted()).toEqual([kid, ...rotated.map((key) => key.kid)].toSorted());
      expect(await owner('signing_keys').whereNull('retired_at')).toHaveLength(1);
    } finally {
      await auth.close();
    }
  });

  test(
    'is run by the command, which needs the secret of the installation and prints the result',
    { timeout: 120_000 },
    async () => {
      const secret = generateSecret();
      const auth = await createTestAuth({ secret });
      try {
        const rotate = (AUTH_SECRET: string) =>
          run(process.execPath, [resolve(import.meta.dirname, '../rotate-signing-key.ts')], {
            env: { ...childEnv, AUTH_DATABASE_URL: auth.database.url, AUTH_SECRET },
          });
        const { stdout } = await rotate(secret);
        const result = JSON.parse(stdout) as { kid: string; signs_from: string };
        const rows = await auth.database.owner('signing_keys').orderBy('signs_from');
        expect(rows).toMatchObject([{ retired_at: result.signs_from }, { kid: result.kid, retired_at: null }]);
        expect(await auth.database.owner('audit_logs').where({ resource_id: result.kid })).toMatchObject([
          { actor_id: 'service:auth', action: 'signing_key.rotated' },
        ]);
        await expect(rotate(generateSecret())).rejects.toMatchObject({
          code: 1,
          stdout: '',
          stderr: expect.stringMatching(/^Invalid settings:\n  AUTH_SECRET: does not match [^\n]+\n$/),
        });
        expect(await auth.database.owner('signing_keys')).toHaveLength(2);
      } finally {
        await auth.close();
      }
    },
  );
});

describe('a shared secret', () => {
  test('signs by HS256 and publishes no token key', async () => {
    const sharedSecret = 'a secret that several verifiers share';
    const auth = await createTestAuth({ sharedSecret: sharedSecret });
    try {
      const { email, password, user } = await auth.register();
      const { body } = await auth.anonymous().post('/auth/login', { email, password }).expect(200);
      expect(jwt.decode(body.access_token, { complete: true })?.header).toEqual({ alg: 'HS256', typ: 'at+jwt' });
      expect(jwt.verify(body.access_token, sharedSecret, { algorithms: ['HS256'] })).toMatchObject({ sub: user.id });
      expect((await auth.anonymous().get('/.well-known/jwks.json').expect(200)).body).toEqual({ keys: [] });
    } finally {
      await auth.close();
    }
  });

  test('must have 32 bytes or more', () => {
    const settings = (input: object) =>
      Config.safeParse({ ...needed, ...input }).error?.issues.map(({ path }) => path.join());
    const needed = {
      AUTH_PORT: '8001',
      AUTH_DATABASE_URL: 'postgresql://a:b@127.0.0.1/c',
      AUTH_SERVICE_KEY: generateSecret(),
      SERVICE_KEY_HASHES: `gateway=${'0'.repeat(64)}`,
      AUTH_SECRET: generateSecret(),
      CUSTOMER_SERVICE_URL: 'http://127.0.0.1:8002',
      INTERACTION_SERVICE_URL: 'http://127.0.0.1:8003',
      PRODUCT_SERVICE_URL: 'http://127.0.0.1:8004',
      FAVORITES_SERVICE_URL: 'http://127.0.0.1:8005',
    };
    expect(settings({})).toBeUndefined();
    expect(settings({ JWT_ALGORITHM: 'HS256', JWT_SECRET_KEY: 'x'.repeat(32) })).toBeUndefined();
    expect(settings({ JWT_ALGORITHM: 'HS256' })).toEqual(['JWT_SECRET_KEY']);
    expect(settings({ JWT_ALGORITHM: 'HS256', JWT_SECRET_KEY: 'x'.repeat(31) })).toEqual(['JWT_SECRET_KEY']);
    expect(settings({ JWT_ALGORITHM: 'none' })).toEqual(['JWT_ALGORITHM']);
  });
});

test('anyone reads the public keys, without private parts', async () => {
  const auth = await createTestAuth();
  try {
    const { body, headers } = await auth.anonymous().get('/.well-known/jwks.json').expect(200);
    const sharedSecret = expect.stringMatching(/^[A-Za-z0-9_-]{43}$/);
    expect(body).toEqual({
      keys: [
        { kty: 'EC', crv: 'P-256', x: sharedSecret, y: sharedSecret, kid: sharedSecret, use: 'sig', alg: 'ES256' },
      ],
    });
    expect(headers['cache-control']).toBe('public, max-age=60');
  } finally {
    await auth.close();
  }
});
