import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test as base } from 'vitest';
import { parseServiceKeys } from '@clientela/http';
import { openSecrets, rotateServiceKeys } from './secrets.ts';
import { hashOf, keyHashesFor, peers } from './services.ts';

const test = base.extend('folder', async ({}, { onCleanup }) => {
  const folder = mkdtempSync(join(tmpdir(), 'fleet-secrets-'));
  onCleanup(() => rmSync(folder, { recursive: true }));

  return folder;
});

test('creates distinct secrets once, readable for their owner only', ({ folder }) => {
  const first = openSecrets(folder);
  expect(openSecrets(folder)).toEqual(first);
  const all = [
    ...Object.values(first.serviceKeys),
    ...Object.values(first.ownSecrets),
    ...Object.values(first.rolePasswords).flatMap(({ owner, app }) => [owner, app]),
  ];
  expect(new Set(all).size).toBe(21);
  for (const secret of all) expect(secret).toMatch(/^[A-Za-z0-9_-]{43}$/);
  expect(statSync(join(folder, 'secrets')).mode & 0o777).toBe(0o700);
  for (const file of readdirSync(join(folder, 'secrets')))
    expect(statSync(join(folder, 'secrets', file)).mode & 0o777).toBe(0o600);
});

test('uses secrets from the settings without storing them', ({ folder }) => {
  const override = 'g'.repeat(43);
  const secrets = openSecrets(folder, { serviceKeys: { customer: override }, ownSecrets: { customer: override } });
  expect([secrets.serviceKeys.customer, secrets.ownSecrets.customer]).toEqual([override, override]);
  expect(secrets.ownSecrets.auth).not.toBe(override);
  expect(secrets.serviceKeys.gateway).not.toBe(override);
  for (const name of ['customer_service_key', 'customer_secret'])
    expect(existsSync(join(folder, 'secrets', name))).toBe(false);
});

const servicesWithKey = (key: string, keys: ReturnType<typeof parseServiceKeys>) =>
  keys.filter(({ hash }) => hash.toString('hex') === hashOf(key)).map(({ service }) => service);

test('a rotation replaces keys and accepts the previous ones until the next rotation', ({ folder }) => {
  const first = openSecrets(folder);
  expect(first.previousServiceKeys).toEqual({});
  const others = peers.filter((peer) => peer !== 'product');
  rotateServiceKeys(folder, others);
  const second = openSecrets(folder);
  expect(second.serviceKeys.product).toBe(first.serviceKeys.product);
  for (const peer of others) {
    expect(second.serviceKeys[peer]).not.toBe(first.serviceKeys[peer]);
    expect(second.previousServiceKeys[peer]).toBe(first.serviceKeys[peer]);
  }
  const accepted = parseServiceKeys(keyHashesFor('auth', second.serviceKeys, second.previousServiceKeys));
  for (const key of [first.serviceKeys.gateway, second.serviceKeys.gateway])
    expect(servicesWithKey(key, accepted)).toEqual(['gateway']);
  expect(accepted.filter(({ service }) => service === 'product')).toHaveLength(1);

  rotateServiceKeys(folder, peers);
  const third = openSecrets(folder);
  const acceptedLater = parseServiceKeys(keyHashesFor('auth', third.serviceKeys, third.previousServiceKeys));
  expect(servicesWithKey(first.serviceKeys.gateway, acceptedLater)).toEqual([]);
  expect(openSecrets(folder, { serviceKeys: { gateway: 'g'.repeat(43) } }).previousServiceKeys.gateway).toBeUndefined();
});
