import { generateKeyPairSync, sign } from 'node:crypto';
import { expect, test } from 'vitest';
import { verifyReceipt } from './verify-receipt.ts';

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const key = { ...pair.publicKey.export({ format: 'jwk' }), kid: 'k1', use: 'receipts', alg: 'ES256' };
const receipt = { request_id: 'r1', why: 'the books – ñ' };

function signed(header: object = {}, payload: object = receipt): string {
  const input = `${encode({ alg: 'ES256', kid: 'k1', typ: 'erasure-receipt+jws', ...header })}.${encode(payload)}`;
  const signature = sign('sha256', Buffer.from(input), { key: pair.privateKey, dsaEncoding: 'ieee-p1363' });
  return `${input}.${signature.toString('base64url')}`;
}

test('a genuine receipt is valid, and what was signed is returned', async () => {
  expect(await verifyReceipt(signed(), [key])).toEqual({ result: 'valid', kid: 'k1', receipt });
});

test('anything else is not: changed, signed by another key, of another type, or no receipt at all', async () => {
  const [header = '', payload = '', signature = ''] = signed().split('.');
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' });
  const cases: [string, readonly object[]][] = [
    [`${header}.${encode({ ...receipt, why: 'no reason' })}.${signature}`, [key]],
    [`${header}.${payload}.${signature.slice(0, -4)}AAAA`, [key]],
    [`${header}.${payload}.`, [key]],
    [`${signed()}.x`, [key]],
    [signed(), [{ ...key, ...other }]],
    [signed(), [{ ...key, use: 'sig' }]],
    [signed(), []],
    [signed({ typ: 'at+jwt' }), [key]],
    [signed({ alg: 'none' }), [key]],
    [signed({ kid: undefined }), [{ ...key, kid: undefined }]],
    ['', [key]],
    ['no receipt', [key]],
    ['%.%.%', [key]],
  ];
  for (const [jws, keys] of cases) expect(await verifyReceipt(jws, keys), jws).toEqual({ result: 'invalid' });
});

test('without WebCrypto it says that it cannot tell', async () => {
  expect(await verifyReceipt(signed(), [key], null)).toEqual({ result: 'cannot' });
});
