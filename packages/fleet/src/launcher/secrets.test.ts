import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseServiceKeys } from '@clientela/http';
import { openSecrets, rotateServiceKeys } from './secrets.ts';
import { hashOf, keyHashesFor, peers } from './services.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fleet-secrets-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('secrets are made once, differ from each other, and only their owner reads them', () => {
  const first = openSecrets(folder);
  expect(openSecrets(folder)).toEqual(first);
  const all = [
    ...Object.values(first.service_keys),
    ...Object.values(first.own_secrets),
    ...Object.values(first.role_passwords).flatMap(({ owner, app }) => [owner, app]),
  ];
  expect(new Set(all).size).toBe(21);
  for (const secret of all) expect(secret).toMatch(/^[A-Za-z0-9_-]{43}$/);
  expect(statSync(join(folder, 'secrets')).mode & 0o777).toBe(0o700);
  for (const file of readdirSync(join(folder, 'secrets')))
    expect(statSync(join(folder, 'secrets', file)).mode & 0o777).toBe(0o600);
});

test('what the settings give is used and not kept', () => {
  const given = 'g'.repeat(43);
  const secrets = openSecrets(folder, { service_keys: { customer: given }, own_secrets: { customer: given } });
  expect([secrets.service_keys.customer, secrets.own_secrets.customer]).toEqual([given, given]);
  expect(secrets.own_secrets.auth).not.toBe(given);
  expect(secrets.service_keys.gateway).not.toBe(given);
  for (const name of ['customer_service_key', 'customer_secret'])
    expect(existsSync(join(folder, 'secrets', name))).toBe(false);
});

const opens = (key: string, callers: ReturnType<typeof parseServiceKeys>) =>
  callers.filter(({ hash }) => hash.toString('hex') === hashOf(key)).map(({ service: program }) => program);

test('a rotation gives each program another key, and keeps the one before for those that still bring it', () => {
  const first = openSecrets(folder);
  expect(first.previous_service_keys).toEqual({});
  const others = peers.filter((program) => program !== 'product');
  rotateServiceKeys(folder, others);
  const second = openSecrets(folder);
  expect(second.service_keys.product).toBe(first.service_keys.product);
  for (const program of others) {
    expect(second.service_keys[program]).not.toBe(first.service_keys[program]);
    expect(second.previous_service_keys[program]).toBe(first.service_keys[program]);
  }
  const taken = parseServiceKeys(keyHashesFor('auth', second.service_keys, second.previous_service_keys));
  for (const key of [first.service_keys.gateway, second.service_keys.gateway])
    expect(opens(key, taken)).toEqual(['gateway']);
  expect(taken.filter(({ service: program }) => program === 'product')).toHaveLength(1);

  rotateServiceKeys(folder, peers);
  const third = openSecrets(folder);
  const left = parseServiceKeys(keyHashesFor('auth', third.service_keys, third.previous_service_keys));
  expect(opens(first.service_keys.gateway, left)).toEqual([]);
  expect(
    openSecrets(folder, { service_keys: { gateway: 'g'.repeat(43) } }).previous_service_keys.gateway,
  ).toBeUndefined();
});
