import { EnvironmentError } from '@clientela/runtime';
import { expect, test } from 'vitest';
import { record } from './secrets.ts';
import { calls, hashOf, peers, services, variablesOf } from './services.ts';
import { readSettings } from './settings.ts';

function faultsOf(env: NodeJS.ProcessEnv): string[] {
  try {
    readSettings(env);
  } catch (error) {
    if (error instanceof EnvironmentError)
      return error.message
        .split('\n')
        .slice(1)
        .map((line) => line.trim());
    throw error;
  }
  return [];
}

test('nothing given is enough', () => {
  const settings = readSettings({});
  expect(settings.ports).toEqual({
    gateway: 8080,
    auth: 8001,
    customer: 8002,
    interaction: 8003,
    product: 8004,
    favorites: 8005,
  });
  expect(settings.postgres_admin_url).toBeUndefined();
  expect(settings.given).toEqual({});
});

test('all faults are named together, without the values', () => {
  const faults = faultsOf({
    PORT: '99999',
    AUTH_PORT: 'eight',
    HOST: 'everywhere',
    TRUST_PROXY: 'true',
    ENVIRONMENT: 'staging',
    LOG_LEVEL: 'loud',
    DEFAULT_CURRENCY: 'euro',
    ADMIN_PASSWORD: 'short7!',
    ADMIN_EMAIL: 'nobody',
    ACCESS_TOKEN_EXPIRE_MINUTES: '0',
    CUSTOMER_SERVICE_KEY: 'tooshort',
    AUTH_DATABASE_URL: 'mysql://x',
    POSTGRES_USER: 'secret-user',
    PRODUCT_DATABASE_URL: 'postgresql://a:b@h/d',
    CUSTOMER_PORT: '8010',
    INTERACTION_PORT: '8010',
  });
  expect(faults.map((fault) => fault.split(':')[0]).toSorted()).toEqual(
    [
      'ACCESS_TOKEN_EXPIRE_MINUTES',
      'ADMIN_EMAIL',
      'ADMIN_PASSWORD',
      'AUTH_DATABASE_URL',
      'AUTH_OWNER_DATABASE_URL',
      'AUTH_PORT',
      'CUSTOMER_SERVICE_KEY',
      'DEFAULT_CURRENCY',
      'ENVIRONMENT',
      'HOST',
      'INTERACTION_PORT',
      'LOG_LEVEL',
      'PORT',
      'POSTGRES_HOST',
      'POSTGRES_PASSWORD',
      'PRODUCT_OWNER_DATABASE_URL',
      'TRUST_PROXY',
    ].toSorted(),
  );
  expect(faults.join('\n')).not.toMatch(/short7|secret-user|tooshort|mysql/);
});

test.each([['2'], ['10.0.0.0/8'], ['10.0.0.1, fd00::/8']])('TRUST_PROXY takes %s', (value) => {
  expect(readSettings({ TRUST_PROXY: value }).given.TRUST_PROXY).toBe(value);
});

test.each([['10.0.0.0/33'], ['0.0.0.0/0'], ['yes'], ['10.0.0.1/'], ['::/129'], ['1,,2']])(
  'TRUST_PROXY refuses %s',
  (value) => {
    expect(faultsOf({ TRUST_PROXY: value })).toHaveLength(1);
  },
);

test('a server of one’s own is named in parts, whatever characters its password has', () => {
  const { postgres_admin_url } = readSettings({
    POSTGRES_HOST: 'db.example',
    POSTGRES_USER: 'boss',
    POSTGRES_PASSWORD: 'a/b@c:d',
  });
  const url = new URL(postgres_admin_url ?? '');
  expect([url.hostname, url.port, url.username, decodeURIComponent(url.password), url.pathname]).toEqual([
    'db.example',
    '5432',
    'boss',
    'a/b@c:d',
    '/postgres',
  ]);
  expect(faultsOf({ POSTGRES_HOST: 'db.example' })).toEqual([
    'POSTGRES_USER: is missing',
    'POSTGRES_PASSWORD: is missing',
  ]);
  expect(faultsOf({ POSTGRES_PORT: '5432' })).toEqual([
    'POSTGRES_HOST: is missing',
    'POSTGRES_USER: is missing',
    'POSTGRES_PASSWORD: is missing',
  ]);
});

test('LOG_LEVEL is taken in any case, and empty settings are none', () => {
  expect(readSettings({ LOG_LEVEL: 'WARNING', PORT: '', ADMIN_EMAIL: '' })).toMatchObject({
    given: { LOG_LEVEL: 'warning' },
    ports: { gateway: 8080 },
    admin: {},
  });
});

test('pictures are kept in one place, which is told to the customer service alone', () => {
  const bucket = {
    AVATARS_S3_BUCKET: 'pictures',
    AVATARS_S3_REGION: 'eu',
    AVATARS_S3_ACCESS_KEY_ID: 'id',
    AVATARS_S3_SECRET_ACCESS_KEY: 'the-bucket-secret',
  };
  expect(faultsOf({ ...bucket, AVATARS_FOLDER: '/pictures', PORT: 'x' })).toEqual([
    expect.stringMatching(/^PORT: /),
    expect.stringMatching(/^AVATARS_FOLDER: set either a folder or a bucket/),
  ]);
  expect(faultsOf({ AVATARS_S3_ENDPOINT: 'ftp://host' })).toEqual([
    expect.stringMatching(/^AVATARS_S3_ENDPOINT: must be http/),
    'AVATARS_S3_BUCKET: is missing',
    'AVATARS_S3_REGION: is missing',
    'AVATARS_S3_ACCESS_KEY_ID: is missing',
    'AVATARS_S3_SECRET_ACCESS_KEY: is missing',
  ]);
  expect(faultsOf({ AVATARS_FOLDER: 'pictures' })).toEqual(['AVATARS_FOLDER: must be an absolute path']);
  const { given } = readSettings(bucket);
  expect(given).toEqual(bucket);
  const told = peers.filter((program) => JSON.stringify(variablesOf(program, { ...street, given })).includes('bucket'));
  expect(told).toEqual(['customer']);
});

const street = {
  ports: readSettings({}).ports,
  service_urls: record(services, (service) => `http://127.0.0.1:1/${service}`),
  database_urls: record(services, (service) => `postgresql://${service}`),
  service_keys: record(peers, (program) => `key-of-${program}`),
  own_secrets: record(services, (service) => `secret-of-${service}`),
  given: {
    HOST: '0.0.0.0',
    TRUST_PROXY: '1',
    LOG_LEVEL: 'debug',
    DEFAULT_COUNTRY: 'CO',
    ACCESS_TOKEN_EXPIRE_MINUTES: '5',
  },
};

test.each(peers)('%s gets no secret and no address that is not its own affair', (program) => {
  const text = JSON.stringify(variablesOf(program, street));
  for (const other of peers) expect(text.includes(`key-of-${other}"`)).toBe(other === program);
  for (const service of services) {
    expect(text.includes(`postgresql://${service}"`)).toBe(service === program);
    expect(text.includes(`secret-of-${service}"`)).toBe(service === program);
    expect(text.includes(`/${service}"`)).toBe(calls[program].includes(service) || service === program);
  }
});

test('a service listens on this machine alone and knows the keys of exactly those that call it', () => {
  const variables = variablesOf('favorites', street);
  expect(variables.HOST).toBe('127.0.0.1');
  expect(variablesOf('gateway', street).HOST).toBe('0.0.0.0');
  expect(variables.SERVICE_KEY_HASHES).toBe(
    `gateway=${hashOf('key-of-gateway')};auth=${hashOf('key-of-auth')};customer=${hashOf('key-of-customer')}`,
  );
  expect(variablesOf('product', street).SERVICE_KEY_HASHES).toBe(
    `gateway=${hashOf('key-of-gateway')};auth=${hashOf('key-of-auth')};customer=${hashOf('key-of-customer')};interaction=${hashOf('key-of-interaction')};favorites=${hashOf('key-of-favorites')}`,
  );
});

test('HS256 is given with its secret, which is told to auth and the gateway alone', () => {
  expect(faultsOf({ JWT_ALGORITHM: 'HS256', PORT: 'x' })).toEqual([
    expect.stringMatching(/^PORT: /),
    'JWT_SECRET_KEY: is missing',
  ]);
  expect(faultsOf({ JWT_ALGORITHM: 'HS256', JWT_SECRET_KEY: 'x'.repeat(31) })).toEqual([
    'JWT_SECRET_KEY: must have at least 32 bytes',
  ]);
  expect(
    faultsOf({ JWT_ALGORITHM: 'none', LOGIN_RATE: '10', RATE_LIMITS: 'no', REFRESH_TOKEN_EXPIRE_DAYS: '0' }),
  ).toHaveLength(4);
  expect(faultsOf({ CUSTOMER_PATCH_RATE: '5/month', PRODUCT_SECRET: 'short' })).toHaveLength(2);
  expect(faultsOf({ ORDERS_SERVICE_URL: 'ftp://shop', COMPLAINT_SERVICE_URL: 'http://me:secret@shop' })).toHaveLength(
    2,
  );
  expect(readSettings({ SCHEDULING_SERVICE_URL: 'https://shop.example/crm' }).given).toHaveProperty(
    'SCHEDULING_SERVICE_URL',
  );
  const { given } = readSettings({ JWT_ALGORITHM: 'HS256', JWT_SECRET_KEY: 'x'.repeat(32), LOGIN_RATE: '5/hour' });
  const told = peers.filter((program) => 'JWT_SECRET_KEY' in variablesOf(program, { ...street, given }));
  expect(told).toEqual(['gateway', 'auth']);
});
