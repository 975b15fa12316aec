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

test('omitted settings take their defaults', () => {
  expect(readConfig(good)).toMatchObject({
    HOST: '127.0.0.1',
    PORT: 8080,
    TRUST_PROXY: 0,
    JWT_ALGORITHM: 'ES256',
    LOGIN_RATE: { limit: 10, window: 60_000 },
    RATE_LIMITS: 'on',
    ENVIRONMENT: 'development',
    LOG_LEVEL: 'info',
  });
  expect(readConfig({ ...good, PORT: '9000', LOG_LEVEL: 'WARNING' })).toMatchObject({
    PORT: 9000,
    LOG_LEVEL: 'warning',
  });
});

test('a service may have several replicas, each named once', () => {
  const urls = (CUSTOMER_SERVICE_URL: string) => readConfig({ ...good, CUSTOMER_SERVICE_URL }).CUSTOMER_SERVICE_URL;
  expect(urls('http://customer:8002/')).toEqual(['http://customer:8002']);
  expect(urls('http://a:8002, http://b:8002/,http://[::1]:8002')).toEqual([
    'http://a:8002',
    'http://b:8002',
    'http://[::1]:8002',
  ]);
  for (const repeated of ['http://a:8,http://a:8/', 'http://a,http://a:80', 'http://A:8,http://a:8'])
    expect(() => urls(repeated)).toThrow('CUSTOMER_SERVICE_URL: must not repeat a URL');
  for (const bad of ['http://a:8,', ',', 'http://a:8,https://b:8', 'http://a:8/x,http://b:8', 'http://a:8;http://b:8'])
    expect(() => urls(bad)).toThrow('CUSTOMER_SERVICE_URL: must be http://host:port');
  expect(() => urls(Array.from({ length: 33 }, (_, port) => `http://a:${port + 1}`).join())).toThrow('at most 32 URLs');
  for (const unreachable of ['http://a:6000', 'http://a:8002,http://a:10080/', 'http://[::1]:5060'])
    expect(() => urls(unreachable)).toThrow('must have a port that browsers do not refuse');
});

test('CONSOLE_IDLE_MINUTES is off, or 15 to 480, and named with the other faults', () => {
  const minutes = (CONSOLE_IDLE_MINUTES?: string) => readConfig({ ...good, CONSOLE_IDLE_MINUTES }).CONSOLE_IDLE_MINUTES;
  expect([minutes(), minutes(''), minutes('off'), minutes('15'), minutes('480')]).toEqual([null, null, null, 15, 480]);
  for (const bad of ['14', '481', '0', '-15', '15.5', '1e2', '0x20', ' 30', 'on'])
    expect(() => minutes(bad), bad).toThrow('CONSOLE_IDLE_MINUTES: must be off, or a whole number from 15 to 480');
  const faulty = { ...good, CONSOLE_IDLE_MINUTES: '5', PORT: 'x' };
  expect(() => readConfig(faulty)).toThrow(/PORT: [^]*CONSOLE_IDLE_MINUTES: /);
});

test('TRUST_PROXY is a number of hops or a list of networks, never every address', () => {
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

test('HS256 requires a secret of at least 32 bytes; other algorithms are rejected', () => {
  const secret = 'ñ'.repeat(16);
  const hs256 = { ...good, JWT_ALGORITHM: 'HS256' };
  expect(readConfig({ ...hs256, JWT_SECRET_KEY: secret })).toMatchObject({ JWT_SECRET_KEY: secret });
  expect(() => readConfig(hs256)).toThrow('JWT_SECRET_KEY: is missing');
  expect(() => readConfig({ ...hs256, JWT_SECRET_KEY: 'x'.repeat(31) })).toThrow(
    'JWT_SECRET_KEY: must have at least 32 bytes',
  );
  expect(() => readConfig({ ...good, JWT_SECRET_KEY: 'weak' })).toThrow('JWT_SECRET_KEY');
  for (const JWT_ALGORITHM of ['none', 'HS512', 'hs256', 'RS256'])
    expect(() => readConfig({ ...good, JWT_ALGORITHM, JWT_SECRET_KEY: secret })).toThrow('JWT_ALGORITHM');
  // Reported together with other invalid settings.
  expect(() => readConfig({ ...hs256, PORT: 'x' })).toThrow(/PORT[^]*JWT_SECRET_KEY|JWT_SECRET_KEY[^]*PORT/);
});

test('LOGIN_RATE is a number per unit of time', () => {
  const rate = (LOGIN_RATE: string) => readConfig({ ...good, LOGIN_RATE }).LOGIN_RATE;
  expect(rate('1/second')).toEqual({ limit: 1, window: 1000 });
  expect(rate('500/hour')).toEqual({ limit: 500, window: 3_600_000 });
  expect(rate('100000/day')).toEqual({ limit: 100_000, window: 86_400_000 });
  for (const bad of ['10', '0/minute', '-1/minute', '10/minutes', '10/year', '1.5/hour', '10 / minute', '9999999/day'])
    expect(() => rate(bad)).toThrow(/LOGIN_RATE/);
  expect(() => readConfig({ ...good, RATE_LIMITS: 'false' })).toThrow('RATE_LIMITS');
});

test('lists every invalid setting together, without values', () => {
  const wrong = {
    ...good,
    GATEWAY_SERVICE_KEY: 'weak-secret',
    AUTH_SERVICE_URL: 'http://user:secret@host/path',
    PRODUCT_SERVICE_URL: '',
    PORT: 'x',
    LOG_LEVEL: 'loud',
  };
  const read = () => readConfig(wrong);
  for (const name of [
    'GATEWAY_SERVICE_KEY',
    'AUTH_SERVICE_URL',
    'PRODUCT_SERVICE_URL: is missing',
    'PORT',
    'LOG_LEVEL',
  ])
    expect(read).toThrow(name);
  expect(read).not.toThrow(/secret/);
});
