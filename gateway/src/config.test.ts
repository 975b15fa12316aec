import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { readConfig } from './config.ts';

const good = {
  GATEWAY_SERVICE_KEY: randomBytes(32).toString('base64url'),
  AUTH_SERVICE_URL: 'http://127.0.0.1:8001',
  CUSTOMER_SERVICE_URL: 'http://customer:8002/',
  INTERACTION_SERVICE_URL: 'http://127.0.0.1:8003',
  PRODUCT_SERVICE_URL: 'http://127.0.0.1:8004',
  FAVORITES_SERVICE_URL: 'http://[::1]:8005',
};

test('what is not given has its default', () => {
  expect(readConfig(good)).toMatchObject({
    HOST: '127.0.0.1',
    PORT: 8080,
    TRUST_PROXY: 0,
    ENVIRONMENT: 'development',
    LOG_LEVEL: 'info',
  });
  expect(readConfig({ ...good, PORT: '9000', LOG_LEVEL: 'WARNING' })).toMatchObject({
    PORT: 9000,
    LOG_LEVEL: 'warning',
  });
});

test('TRUST_PROXY is a number of hops or a list of networks, never everybody', () => {
  const trust = (TRUST_PROXY: string) => readConfig({ ...good, TRUST_PROXY }).TRUST_PROXY;
  expect(trust('2')).toBe(2);
  expect(trust('10.0.0.0/8, fd00::/8,192.0.2.1')).toEqual(['10.0.0.0/8', 'fd00::/8', '192.0.2.1']);
  for (const bad of [
    'true',
    '-1',
    '0.0.0.0/0',
    '::/0',
    '10.0.0.0/33',
    '10.0.0.0/8/8',
    '10.0.0.0/',
    'proxy',
    ',',
    '1.5',
  ])
    expect(() => trust(bad)).toThrow(/TRUST_PROXY/);
});

test('every fault is named together, and no value with it', () => {
  const wrong = {
    ...good,
    GATEWAY_SERVICE_KEY: 'weak-secret',
    AUTH_SERVICE_URL: 'http://user:secret@host/path',
    PRODUCT_SERVICE_URL: '',
    PORT: 'x',
    LOG_LEVEL: 'loud',
  };
  const said = () => readConfig(wrong);
  for (const name of [
    'GATEWAY_SERVICE_KEY',
    'AUTH_SERVICE_URL',
    'PRODUCT_SERVICE_URL: is missing',
    'PORT',
    'LOG_LEVEL',
  ])
    expect(said).toThrow(name);
  expect(said).not.toThrow(/secret/);
});
