import { execFile } from 'node:child_process';
import { createPublicKey, randomUUID, verify, type JsonWebKey } from 'node:crypto';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import type { ErasureReceipt } from '@clientela/contracts';
import { childEnv, testDatabase } from '@clientela/testing';
import { describe, expect, test as base } from 'vitest';
import { createTestAuth, generateSecret, type TestAuth } from '../testing/test-auth.ts';
import { loadSigningKeys } from '../keys/signing-key.ts';
import { createReceiptKeyLoader, rotateReceiptKey } from './receipt-key.ts';

const test = base.extend('auth', { scope: 'file' }, async ({}, { onCleanup }) => {
  const auth = await createTestAuth();
  onCleanup(() => auth.close());

  return auth;
});

const path = '/internal/receipts';
const at = '2026-01-31T12:00:00.123Z';

const receiptOf = (company_id: string): ErasureReceipt => ({
  request_id: randomUUID(),
  company_id,
  customer_id: randomUUID(),
  user_id: null,
  requested_at: at,
  done_at: at,
  services: [
    {
      service: 'interaction',
      done_at: at,
      erased: [{ table: 'interactions', rows: 3, columns: ['notes'] }],
      anonymised: [{ table: 'transactions', rows: 2, columns: ['description'], why: 'the books – ñ' }],
      kept: [],
    },
  ],
});

type PublishedKey = JsonWebKey & { kid: string; use: string; alg: string };
const publishedKeys = async (auth: TestAuth, at = auth): Promise<PublishedKey[]> =>
  (await at.anonymous().get('/.well-known/jwks.json').expect(200)).body.keys;

/** Verifies a receipt as docs/operations.md describes, with the receipt and the published keys only. */
function verifyReceipt(jws: string, keys: PublishedKey[]): unknown {
  const [header = '', payload = '', signature = ''] = jws.split('.');
  const read = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>;
  const { alg, typ, kid } = read(header);
  const jwk = keys.find((key) => key.kid === kid && key.use === 'receipts');
  if (alg !== 'ES256' || typ !== 'erasure-receipt+jws' || !jwk) throw new Error('unknown receipt');
  const key = { key: createPublicKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' } as const;
  if (!verify('sha256', Buffer.from(`${header}.${payload}`), key, Buffer.from(signature, 'base64url')))
    throw new Error('forged');
  return read(payload);
}

describe('a receipt', () => {
  test.for(['ES256', 'HS256'] as const)(
    'is signed when tokens use %s, and can be verified with the published keys',
    async (algorithm, { auth }) => {
      const service = await createTestAuth(
        algorithm === 'HS256' ? { sharedSecret: 'a secret that several share' } : {},
      );
      try {
        const company = service.company();
        const receipt = receiptOf(company.id);
        const { body } = await service.callingService('customer', company).post(path, receipt).expect(200);
        expect(Object.keys(body)).toEqual(['jws']);
        const keys = await publishedKeys(auth, service);
        expect(verifyReceipt(body.jws, keys)).toEqual(receipt);

        const [header, payload = '', signature] = body.jws.split('.');
        const other = Buffer.from(JSON.stringify({ ...receipt, services: [] })).toString('base64url');
        expect(() => verifyReceipt(`${header}.${other}.${signature}`, keys)).toThrow('forged');
        const without = keys.filter(({ use }) => use !== 'receipts');
        expect(() => verifyReceipt(body.jws, without)).toThrow('unknown receipt');

        // Neither its type, its claims nor its key could pass for those of a token.
        expect(JSON.parse(Buffer.from(header, 'base64url').toString()).typ).not.toMatch(/jwt/i);
        expect(Object.keys(JSON.parse(Buffer.from(payload, 'base64url').toString()))).not.toEqual(
          expect.arrayContaining([expect.stringMatching(/^(iss|aud|sub|sid|exp)$/)]),
        );
        expect(keys.map(({ use }) => use)).toEqual(algorithm === 'ES256' ? ['sig', 'receipts'] : ['receipts']);
        expect(keys.at(-1)).toEqual({
          kty: 'EC',
          crv: 'P-256',
          x: expect.any(String),
          y: expect.any(String),
          kid: expect.any(String),
          use: 'receipts',
          alg: 'ES256',
        });
      } finally {
        await service.close();
      }
    },
  );

  test('adds one audit entry', async ({ auth }) => {
    const company = auth.company();
    const receipt = receiptOf(company.id);
    await auth.callingService('customer', company).post(path, receipt).expect(200);
    expect(await auth.database.owner('audit_logs').where({ company_id: company.id })).toMatchObject([
      {
        actor_id: 'service:customer',
        action: 'receipt.signed',
        resource_type: 'erasure',
        resource_id: receipt.request_id,
        fields: [],
        ip: null,
      },
    ]);
  });

  test('is signed for the customer service only, for the company of the request, without unknown fields; otherwise nothing is written', async ({
    auth,
  }) => {
    const company = auth.company();
    const receipt = receiptOf(company.id);
    const [report] = receipt.services;
    for (const rotate of ['interaction', 'favorites', 'product', 'gateway'] as const)
      await auth.callingService(rotate, company).post(path, receipt).expect(403);
    await auth.user('admin', company).post(path, receipt).expect(403);
    const customer = auth.callingService('customer', company);
    const cases: [object, string][] = [
      [{ ...receipt, name: 'Ana' }, 'name'],
      [{ ...receipt, company_id: randomUUID() }, 'company_id'],
      [{ ...receipt, services: [{ ...report, name: 'Ana' }] }, 'services.0.name'],
      [
        { ...receipt, services: [{ ...report, kept: [{ table: 't', rows: 1, columns: [], why: 'w', value: 'Ana' }] }] },
        'services.0.kept.0.value',
      ],
      [
        { ...receipt, services: [{ ...report, erased: [{ table: 't', rows: 1, columns: [], why: 'w' }] }] },
        'services.0.erased.0.why',
      ],
    ];
    for (const [body, field] of cases) {
      const problem = (await customer.post(path, body).expect(422)).body;
      expect(problem.errors.map((error: { path: string }) => error.path)).toEqual([field]);
    }
    await auth.callingService('customer').post(path, receipt).expect(422);
    const actions = await auth.database.owner('audit_logs').where({ company_id: company.id }).pluck('action');
    expect(actions.filter((action) => action === 'receipt.signed')).toEqual([]);
  });
});

describe('the receipt key', () => {
  test('is the same for replicas that create it concurrently, is stored sealed and signs no tokens', async () => {
    const database = await testDatabase('auth', { pool: 10 });
    try {
      const secret = generateSecret();
      const loaded = await Promise.all(Array.from({ length: 8 }, () => createReceiptKeyLoader(secret)(database.db)));
      expect(new Set(loaded.map(({ kid }) => kid)).size).toBe(1);
      const [row, ...rest] = await database.owner('receipt_keys');
      expect(rest).toEqual([]);
      expect(row.public_jwk).not.toHaveProperty('d');
      const scalar = Buffer.from(loaded[0]?.key.export({ format: 'jwk' }).d ?? '', 'base64url');
      expect(scalar).toHaveLength(32);
      expect(row.sealed_private_key.includes(scalar)).toBe(false);
      await expect(createReceiptKeyLoader(generateSecret())(database.db)).rejects.toThrow(
        /^Invalid settings:\n  AUTH_SECRET: does not match [^\n]+$/,
      );
      const signing = await loadSigningKeys(database.db, secret);
      await signing.reload();
      expect(signing.current().kid).not.toBe(row.kid);
    } finally {
      await database.drop();
    }
  });

  test('is rotated; the old public key keeps verifying its receipts', async ({ auth }) => {
    const company = auth.company();
    const sign = async () => {
      const receipt = receiptOf(company.id);
      const { body } = await auth.callingService('customer', company).post(path, receipt).expect(200);
      return { receipt, jws: body.jws as string };
    };
    const before = await sign();
    const { db, owner, url } = auth.database;
    const rotate = (which: string) =>
      promisify(execFile)(process.execPath, [resolve(import.meta.dirname, '../rotate-signing-key.ts'), which], {
        env: { ...childEnv, AUTH_DATABASE_URL: url, AUTH_SECRET: auth.secret },
      });
    const [{ stdout }] = await Promise.all([
      rotate('receipts'),
      expect(rotate('others')).rejects.toMatchObject({ code: 1, stdout: '' }),
    ]);
    const { kid } = JSON.parse(stdout) as { kid: string };
    expect(await owner('audit_logs').where({ resource_id: kid })).toMatchObject([
      { actor_id: 'service:auth', action: 'receipt_key.rotated', resource_type: 'receipt_key' },
    ]);
    await expect(db.transaction((tx) => rotateReceiptKey(tx, generateSecret()))).rejects.toThrow(
      /^Invalid settings:\n  AUTH_SECRET: does not match/,
    );

    const after = await sign();
    const keys = await publishedKeys(auth);
    expect(keys.findLast(({ use }) => use === 'receipts')?.kid).toBe(kid);
    for (const { receipt, jws } of [before, after]) expect(verifyReceipt(jws, keys)).toEqual(receipt);

    // The private part of a retired key is gone, even for someone with the database and the secret.
    await db.transaction((tx) => rotateReceiptKey(tx, auth.secret));
    const rows = await owner('receipt_keys').orderBy('created_at');
    expect(rows.map(({ sealed_private_key }) => sealed_private_key === null)).toEqual([true, true, false]);
  });

  test('stays published: the app role can neither delete nor change it', async ({ auth }) => {
    await createReceiptKeyLoader(auth.secret)(auth.database.db);
    for (const sql of [
      'delete from receipt_keys',
      'truncate receipt_keys',
      `update receipt_keys set public_jwk = '{}'`,
      `update receipt_keys set kid = 'x'`,
    ]) {
      await expect(auth.database.db.raw(sql), sql).rejects.toMatchObject({ code: '42501' });
    }
    await expect(auth.database.owner('receipt_keys').update({ sealed_private_key: null })).rejects.toThrow(
      'receipt_keys_private_key',
    );
  });
});
