import { randomBytes } from 'node:crypto';
import { totpCode } from '@clientela/testing';
import { expect, test } from 'vitest';
import {
  createSecondFactors,
  describeTotp,
  generateRecoveryCode,
  generateTotpSecret,
  hashRecoveryCode,
  sealSecret,
  stepOf,
  unsealSecret,
} from './codes.ts';

const period = 30_000;

test('codes are those of RFC 6238', () => {
  const secret = Buffer.from('12345678901234567890');
  for (const [seconds, code] of [
    [59, '287082'],
    [1_111_111_109, '081804'],
    [1_111_111_111, '050471'],
    [1_234_567_890, '005924'],
    [2_000_000_000, '279037'],
    [20_000_000_000, '353130'],
  ] as const)
    expect([seconds, stepOf(secret, code, seconds * 1000)]).toEqual([seconds, Math.floor(seconds / 30)]);
});

test('a clock may be a step off, both ways, and no more', () => {
  const secret = generateTotpSecret();
  const { secret: base32 } = describeTotp(secret, 'ana@example.com');
  const step = 60_000_000;
  const code = totpCode(base32, step * period);
  for (const at of [(step - 1) * period, step * period, (step + 2) * period - 1])
    expect(stepOf(secret, code, at)).toBe(step);
  for (const at of [(step - 1) * period - 1, (step + 2) * period, (step + 100) * period])
    expect(stepOf(secret, code, at)).toBeUndefined();
  for (const wrong of ['', '12345', '1234567', `${code}0`, 'abcdef']) expect(stepOf(secret, wrong, 0)).toBeUndefined();
});

test('an app reads the secret from text, URL and QR code', () => {
  const { secret, otpauth_url, qr_svg } = describeTotp(Buffer.alloc(20, 1), 'a+b&c@example.com');
  expect(secret).toBe('AEAQCAIBAEAQCAIBAEAQCAIBAEAQCAIB');
  const url = new URL(otpauth_url);
  expect([url.protocol, url.host, decodeURIComponent(url.pathname)]).toEqual([
    'otpauth:',
    'totp',
    '/Clientela:a+b&c@example.com',
  ]);
  expect(Object.fromEntries(url.searchParams)).toEqual({
    issuer: 'Clientela',
    secret,
    algorithm: 'SHA1',
    digits: '6',
    period: '30',
  });
  expect(qr_svg).toMatch(/^<svg [^>]*xmlns="http:\/\/www\.w3\.org\/2000\/svg"[^]*<\/svg>$/);
  expect(qr_svg).not.toMatch(/script|href|on\w+=/i);
});

test('a secret is sealed for its user', () => {
  const factors = createSecondFactors(randomBytes(32).toString('base64url'));
  const secret = generateTotpSecret();
  const sealed = sealSecret(factors, 'one', secret);
  expect(sealed.includes(secret)).toBe(false);
  expect(unsealSecret(factors, 'one', sealed)).toEqual(secret);
  expect(() => unsealSecret(factors, 'another', sealed)).toThrow(/./);
});

test('a recovery code has 80 bits, and is the same however a person writes it', () => {
  const codes = Array.from({ length: 200 }, generateRecoveryCode);
  expect(new Set(codes).size).toBe(200);
  for (const code of codes) expect(code).toMatch(/^([0-9a-hjkmnp-tv-z]{4}-){3}[0-9a-hjkmnp-tv-z]{4}$/);
  const hash = hashRecoveryCode('x7k2-91pm-4tzd-0e8w');
  for (const written of ['X7K2 91PM 4TZD 0E8W', 'x7k291pm4tzd0e8w', 'x7k2-9lpm-4tzd-oe8w', ' x7k2–9Ipm–4tzd–Oe8w'])
    expect(hashRecoveryCode(written)).toEqual(hash);
  expect(hashRecoveryCode('x7k2-91pm-4tzd-0e8x')).not.toEqual(hash);
});
