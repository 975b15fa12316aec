import { EnvironmentError } from '@clientela/runtime';
import { expect, test } from 'vitest';
import { calls, environmentFor, type FleetConfig, hashOf, mapKeys, peers, services } from './services.ts';
import { readSettings, settingNames } from './settings.ts';
import { loadServiceConfigs } from './service-configs.ts';

/** The lines that report invalid settings. */
async function errorLines(env: NodeJS.ProcessEnv): Promise<string[]> {
  try {
    await readSettings(env);
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

test('has a default for every setting', async () => {
  const settings = await readSettings({});
  expect(settings.ports).toEqual({
    gateway: 8080,
    auth: 8001,
    customer: 8002,
    interaction: 8003,
    product: 8004,
    favorites: 8005,
  });
  expect(settings.postgresAdminUrl).toBeUndefined();
  expect(settings.overrides).toEqual({});
});

test('reports every setting in one form: its name, and what it must be in our own words', async () => {
  const names = settingNames(await loadServiceConfigs());
  const lines = await errorLines(Object.fromEntries(names.map((name) => [name, '\u0007 ?'])));
  const unchecked = [
    'POSTGRES_HOST',
    'POSTGRES_USER',
    'POSTGRES_PASSWORD',
    /^AVATARS_S3_(?!ENDPOINT)/,
    /^VAPTEKESYNC_(DB|USER|PASSWORD)$/,
  ];
  const isUnchecked = (name: string) =>
    unchecked.some((known) => (typeof known === 'string' ? known === name : known.test(name)));
  for (const name of names) {
    const reported = lines.filter((line) => line.startsWith(`${name}: `));
    if (isUnchecked(name)) expect(reported, name).toEqual([]);
    else expect(reported, name).toEqual([expect.stringMatching(/^[A-Z_0-9]+: (?:must|set either) (?!.*Invalid)/)]);
  }
  expect(lines).toHaveLength(names.filter((name) => !isUnchecked(name)).length);
});

test('reports all invalid settings together, without their values', async () => {
  const lines = await errorLines({
    PORT: '99999',
    AUTH_PORT: 'eight',
    HOST: 'everywhere',
    TRUST_PROXY: 'true',
    CORS_ORIGINS: 'example.com',
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
  expect(lines.map((line) => line.split(':')[0]).toSorted()).toEqual(
    [
      'ACCESS_TOKEN_EXPIRE_MINUTES',
      'ADMIN_EMAIL',
      'ADMIN_PASSWORD',
      'AUTH_DATABASE_URL',
      'AUTH_OWNER_DATABASE_URL',
      'AUTH_PORT',
      'CORS_ORIGINS',
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
  expect(lines.join('\n')).not.toMatch(/short7|secret-user|tooshort|mysql/);
});

test.each([['2'], ['10.0.0.0/8'], ['10.0.0.1, fd00::/8']])('accepts TRUST_PROXY=%s', async (value) => {
  expect((await readSettings({ TRUST_PROXY: value })).overrides['TRUST_PROXY']).toBe(value);
});

test.each([['10.0.0.0/33'], ['0.0.0.0/0'], ['yes'], ['10.0.0.1/'], ['::/129'], ['1,,2']])(
  'rejects TRUST_PROXY=%s',
  async (value) => {
    expect(await errorLines({ TRUST_PROXY: value })).toHaveLength(1);
  },
);

test('builds the URL of an external server from its parts and escapes the password', async () => {
  const { postgresAdminUrl } = await readSettings({
    POSTGRES_HOST: 'db.example',
    POSTGRES_USER: 'boss',
    POSTGRES_PASSWORD: 'a/b@c:d',
  });
  const url = new URL(postgresAdminUrl ?? '');
  expect([url.hostname, url.port, url.username, decodeURIComponent(url.password), url.pathname]).toEqual([
    'db.example',
    '5432',
    'boss',
    'a/b@c:d',
    '/postgres',
  ]);
  expect(await errorLines({ POSTGRES_HOST: 'db.example' })).toEqual([
    'POSTGRES_USER: is missing',
    'POSTGRES_PASSWORD: is missing',
  ]);
  expect(await errorLines({ CUSTOMER_PORT: '6000' })).toEqual([
    'CUSTOMER_PORT: must be a port that browsers do not refuse',
  ]);
  expect(await errorLines({ POSTGRES_PORT: '5432' })).toEqual([
    'POSTGRES_HOST: is missing',
    'POSTGRES_USER: is missing',
    'POSTGRES_PASSWORD: is missing',
  ]);
});

test('accepts LOG_LEVEL in any case and treats empty settings as absent', async () => {
  expect(await readSettings({ LOG_LEVEL: 'WARNING', PORT: '', ADMIN_EMAIL: '' })).toMatchObject({
    overrides: { LOG_LEVEL: 'WARNING' },
    ports: { gateway: 8080 },
    admin: {},
  });
});

test('accepts one avatar storage and passes it to the customer service only', async () => {
  const bucket = {
    AVATARS_S3_BUCKET: 'pictures',
    AVATARS_S3_REGION: 'eu',
    AVATARS_S3_ACCESS_KEY_ID: 'id',
    AVATARS_S3_SECRET_ACCESS_KEY: 'the-bucket-secret',
  };
  expect(await errorLines({ ...bucket, AVATARS_FOLDER: '/pictures', PORT: 'x' })).toEqual([
    expect.stringMatching(/^PORT: /),
    expect.stringMatching(/^AVATARS_FOLDER: set either a folder or a bucket/),
  ]);
  expect(await errorLines({ AVATARS_S3_ENDPOINT: 'ftp://host' })).toEqual([
    expect.stringMatching(/^AVATARS_S3_ENDPOINT: must be http/),
    'AVATARS_S3_BUCKET: is missing',
    'AVATARS_S3_REGION: is missing',
    'AVATARS_S3_ACCESS_KEY_ID: is missing',
    'AVATARS_S3_SECRET_ACCESS_KEY: is missing',
  ]);
  expect(await errorLines({ AVATARS_FOLDER: 'pictures' })).toEqual(['AVATARS_FOLDER: must be an absolute path']);
  const { overrides, settingsOf } = await readSettings(bucket);
  expect(overrides).toEqual(bucket);
  const config = { ...(await fleetConfig()), overrides, settingsOf };
  const readers = peers.filter((peer) => JSON.stringify(environmentFor(peer, config)).includes('bucket'));
  expect(readers).toEqual(['customer']);
});

async function fleetConfig(): Promise<FleetConfig> {
  const { ports, settingsOf } = await readSettings({});
  return {
    ports,
    settingsOf,
    serviceUrls: mapKeys(services, (service) => `http://127.0.0.1:1/${service}`),
    databaseUrls: mapKeys(services, (service) => `postgresql://${service}`),
    serviceKeys: mapKeys(peers, (peer) => `key-of-${peer}`),
    ownSecrets: mapKeys(services, (service) => `secret-of-${service}`),
    overrides: {
      HOST: '0.0.0.0',
      TRUST_PROXY: '1',
      LOG_LEVEL: 'debug',
      DEFAULT_COUNTRY: 'CO',
      ACCESS_TOKEN_EXPIRE_MINUTES: '5',
    },
  };
}

test.each(peers)('gives %s its own secrets and the URLs of the services that it calls only', async (peer) => {
  const text = JSON.stringify(environmentFor(peer, await fleetConfig()));
  for (const other of peers) expect(text.includes(`key-of-${other}"`)).toBe(other === peer);
  for (const service of services) {
    expect(text.includes(`postgresql://${service}"`)).toBe(service === peer);
    expect(text.includes(`secret-of-${service}"`)).toBe(service === peer);
    expect(text.includes(`/${service}"`)).toBe(calls[peer].includes(service) || service === peer);
  }
});

test('lets services listen on 127.0.0.1 only and gives each the key hashes of its callers only', async () => {
  const config = await fleetConfig();
  const env = environmentFor('favorites', config);
  expect(env['HOST']).toBe('127.0.0.1');
  expect(environmentFor('gateway', config)['HOST']).toBe('0.0.0.0');
  expect(env['SERVICE_KEY_HASHES']).toBe(
    `gateway=${hashOf('key-of-gateway')};auth=${hashOf('key-of-auth')};customer=${hashOf('key-of-customer')}`,
  );
  expect(environmentFor('product', config)['SERVICE_KEY_HASHES']).toBe(
    `gateway=${hashOf('key-of-gateway')};auth=${hashOf('key-of-auth')};customer=${hashOf('key-of-customer')};interaction=${hashOf('key-of-interaction')};favorites=${hashOf('key-of-favorites')}`,
  );
});

test('adds the hashes of outside services to those of auth and customer only, and accepts no other name', async () => {
  const hashes = `orders=${'a'.repeat(64)},${'b'.repeat(64)};scheduling=${'c'.repeat(64)}`;
  const { overrides, settingsOf } = await readSettings({ SERVICE_KEY_HASHES: hashes });
  const config = { ...(await fleetConfig()), overrides, settingsOf };
  const receivers = peers.filter((peer) => environmentFor(peer, config)['SERVICE_KEY_HASHES']?.endsWith(`;${hashes}`));
  expect(receivers).toEqual(['auth', 'customer']);
  for (const name of ['gateway', 'customer', 'billing'])
    expect(await errorLines({ SERVICE_KEY_HASHES: `${name}=${'a'.repeat(64)}` })).toEqual([
      expect.stringMatching(/^SERVICE_KEY_HASHES: must be orders, complaints, scheduling=/),
    ]);
});

test('takes one address of orders under either name', async () => {
  expect((await readSettings({ ORDER_SERVICE_URL: 'http://shop:80' })).overrides).toHaveProperty('ORDER_SERVICE_URL');
  expect(await errorLines({ ORDER_SERVICE_URL: 'http://shop', ORDERS_SERVICE_URL: 'http://other' })).toEqual([
    'ORDER_SERVICE_URL: differs from ORDERS_SERVICE_URL',
  ]);
});

test('requires a secret for HS256 and passes it to auth and the gateway only', async () => {
  expect(await errorLines({ JWT_ALGORITHM: 'HS256', PORT: 'x' })).toEqual([
    expect.stringMatching(/^PORT: /),
    'JWT_SECRET_KEY: is missing',
  ]);
  expect(await errorLines({ JWT_ALGORITHM: 'HS256', JWT_SECRET_KEY: 'x'.repeat(31) })).toEqual([
    'JWT_SECRET_KEY: must have at least 32 bytes',
  ]);
  expect(
    await errorLines({ JWT_ALGORITHM: 'none', LOGIN_RATE: '10', RATE_LIMITS: 'no', REFRESH_TOKEN_EXPIRE_DAYS: '0' }),
  ).toHaveLength(4);
  expect(await errorLines({ CUSTOMER_PATCH_RATE: '5/month', PRODUCT_SECRET: 'short' })).toHaveLength(2);
  expect(
    await errorLines({ ORDERS_SERVICE_URL: 'ftp://shop', COMPLAINT_SERVICE_URL: 'http://me:secret@shop' }),
  ).toHaveLength(2);
  expect((await readSettings({ SCHEDULING_SERVICE_URL: 'https://shop.example/crm' })).overrides).toHaveProperty(
    'SCHEDULING_SERVICE_URL',
  );
  const { overrides, settingsOf } = await readSettings({
    JWT_ALGORITHM: 'HS256',
    JWT_SECRET_KEY: 'x'.repeat(32),
    LOGIN_RATE: '5/hour',
  });
  const config = { ...(await fleetConfig()), overrides, settingsOf };
  const readers = peers.filter((peer) => 'JWT_SECRET_KEY' in environmentFor(peer, config));
  expect(readers).toEqual(['gateway', 'auth']);
});

test('reads the settings of each provider of sign-ins that the environment names, for auth only', async () => {
  const provider = {
    OIDC_ONE_ISSUER: 'https://one.example.com',
    OIDC_ONE_CLIENT_ID: 'clientela',
    OIDC_ONE_CLIENT_SECRET: 'a secret',
  };
  const settings = await readSettings({ ...provider, OIDC_TWO_ISSUER: '' });
  expect(settings.overrides).toEqual(provider);
  for (const peer of peers)
    expect(settings.settingsOf[peer].filter((name) => name.startsWith('OIDC_'))).toEqual(
      peer === 'auth' ? Object.keys(provider) : [],
    );
  const { OIDC_ONE_CLIENT_SECRET: _secret, ...incomplete } = provider;
  expect(await errorLines({ ...incomplete, OIDC_TWO_ISSUER: 'two', AUTH_PORT: 'eight' })).toEqual(
    expect.arrayContaining([
      'OIDC_ONE_CLIENT_SECRET: is missing',
      'OIDC_TWO_ISSUER: must be an https:// URL',
      'OIDC_TWO_CLIENT_ID: is missing',
      'OIDC_TWO_CLIENT_SECRET: is missing',
      'AUTH_PORT: must be a port from 0 to 65535',
    ]),
  );
});
