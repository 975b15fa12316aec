import { execFile } from 'node:child_process';
import { createPublicKey } from 'node:crypto';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { childEnv, testDatabase, type TestDatabase } from '@clientela/testing';
import jwt from 'jsonwebtoken';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { authUnderTest, newSecret } from '../auth-under-test.ts';
import { Config } from '../config.ts';
import { openSigningKeys, rotateSigningKey, type SigningKey } from './signing-key.ts';

const run = promisify(execFile);

let database: TestDatabase;

const open = async (secret: string) =>
  (await openSigningKeys(database.db, secret)).current() as SigningKey & { alg: 'ES256' };

beforeAll(async () => {
  database = await testDatabase('auth', { pool: 10 });
});
afterAll(() => database.drop());

describe('the signing key', () => {
  test('is one, however many replicas start at once, and lies sealed in the database', async () => {
    const secret = newSecret();
    const opened = await Promise.all(Array.from({ length: 8 }, () => open(secret)));
    expect(new Set(opened.map(({ kid }) => kid)).size).toBe(1);
    const [first] = opened;
    const again = await open(secret); // as after a restart
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
    await expect(open(newSecret())).rejects.toThrow(/^AUTH_SECRET is not the one [^\n]+\.$/);
    expect(await database.owner('signing_keys').pluck('kid')).toEqual([kid]);
  });
});

describe('a rotation', () => {
  test('publishes the next key at once, signs by it two minutes later, and keeps the old one until its last token expires', async () => {
    const secret = newSecret();
    const auth = await authUnderTest({ secret });
    try {
      const published = async () => {
        const { body } = await auth.anonymous().get('/.well-known/jwks.json').expect(200);
        return body.keys.map(({ kid }: { kid: string }) => kid) as string[];
      };
      const { owner, db } = auth.database;
      const later = async (interval: string) => {
        const shift = (column: string) => owner.raw('?? - ?::interval', [column, interval]);
        await owner('signing_keys').update({ signs_from: shift('signs_from'), retired_at: shift('retired_at') });
      };
      const running = await openSigningKeys(db, secret);
      const old = running.current().kid;
      expect(await published()).toEqual([old]);
      await expect(db.transaction((tx) => rotateSigningKey(tx, newSecret()))).rejects.toThrow(/AUTH_SECRET/);

      const { kid, signs_from } = await db.transaction((tx) => rotateSigningKey(tx, secret));
      expect(Math.abs(Date.parse(signs_from) - Date.now() - 120_000)).toBeLessThan(5000);
      expect((await published()).toSorted()).toEqual([old, kid].toSorted());
      await running.reload();
      expect(running.current().kid).toBe(old);
      expect((await openSigningKeys(db, secret)).current().kid).toBe(old); // a process that starts now

      await later('2 minutes');
      await running.reload();
      expect(running.current().kid).toBe(kid);
      expect((await openSigningKeys(db, secret)).current().kid).toBe(kid);
      expect(await published()).toContain(old);
      await later('15 minutes');
      expect(await published()).toContain(old);
      await later('2 minutes');
      expect(await published()).toEqual([kid]);

      const made = await Promise.all([1, 2].map(() => db.transaction((tx) => rotateSigningKey(tx, secret))));
      expect((await published()).toSorted()).toEqual([kid, ...made.map((one) => one.kid)].toSorted());
      expect(await owner('signing_keys').whereNull('retired_at')).toHaveLength(1);
    } finally {
      await auth.close();
    }
  });

  test(
    'is made by the program, which needs this installation’s secret and says what it did',
    { timeout: 30_000 },
    async () => {
      const secret = newSecret();
      const auth = await authUnderTest({ secret });
      try {
        const program = (AUTH_SECRET: string) =>
          run(process.execPath, [resolve(import.meta.dirname, '../rotate-signing-key.ts')], {
            env: { ...childEnv, AUTH_DATABASE_URL: auth.database.url, AUTH_SECRET },
          });
        const { stdout } = await program(secret);
        const said = JSON.parse(stdout) as { kid: string; signs_from: string };
        const rows = await auth.database.owner('signing_keys').orderBy('signs_from');
        expect(rows).toMatchObject([{ retired_at: said.signs_from }, { kid: said.kid, retired_at: null }]);
        expect(await auth.database.owner('audit_logs').where({ resource_id: said.kid })).toMatchObject([
          { actor_id: 'service:auth', action: 'signing_key.rotated' },
        ]);
        await expect(program(newSecret())).rejects.toMatchObject({
          code: 1,
          stdout: '',
          stderr: expect.stringMatching(/^AUTH_SECRET is not the one [^\n]+\n$/),
        });
        expect(await auth.database.owner('signing_keys')).toHaveLength(2);
      } finally {
        await auth.close();
      }
    },
  );
});

describe('a shared secret', () => {
  test('signs by HS256, and there is nothing to publish', async () => {
    const text = 'a secret that several programs share';
    const auth = await authUnderTest({ shared_secret: text });
    try {
      const { email, password, user } = await auth.registered();
      const { body } = await auth.anonymous().post('/auth/login', { email, password }).expect(200);
      expect(jwt.decode(body.access_token, { complete: true })?.header).toEqual({ alg: 'HS256', typ: 'at+jwt' });
      expect(jwt.verify(body.access_token, text, { algorithms: ['HS256'] })).toMatchObject({ sub: user.id });
      expect((await auth.anonymous().get('/.well-known/jwks.json').expect(200)).body).toEqual({ keys: [] });
    } finally {
      await auth.close();
    }
  });

  test('is 32 bytes or more, or nothing starts', () => {
    const settings = (given: object) =>
      Config.safeParse({ ...needed, ...given }).error?.issues.map(({ path }) => path.join());
    const needed = {
      AUTH_PORT: '8001',
      AUTH_DATABASE_URL: 'postgresql://a:b@127.0.0.1/c',
      AUTH_SERVICE_KEY: newSecret(),
      SERVICE_KEY_HASHES: `gateway=${'0'.repeat(64)}`,
      AUTH_SECRET: newSecret(),
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

test('the public keys are there for everybody, and nothing private with them', async () => {
  const auth = await authUnderTest();
  try {
    const { body, headers } = await auth.anonymous().get('/.well-known/jwks.json').expect(200);
    const text = expect.stringMatching(/^[A-Za-z0-9_-]{43}$/);
    expect(body).toEqual({
      keys: [{ kty: 'EC', crv: 'P-256', x: text, y: text, kid: text, use: 'sig', alg: 'ES256' }],
    });
    expect(headers['cache-control']).toBe('public, max-age=60');
  } finally {
    await auth.close();
  }
});
