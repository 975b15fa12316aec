import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test as base } from 'vitest';
import { recordBackup } from '../backup/last-backup.ts';
import { services } from '../launcher/services.ts';
import { readSettings } from '../launcher/settings.ts';
import { examine, findOldBackup, findSecretProblems } from './examine.ts';

const test = base.extend('folder', async ({}, { onCleanup }) => {
  const folder = mkdtempSync(join(tmpdir(), 'doctor-'));
  onCleanup(() => rmSync(folder, { recursive: true }));
  return folder;
});

const linesOf = async (folder: string, env: NodeJS.ProcessEnv) =>
  (await examine(folder, env)).map(({ level, text }) => `${level}: ${text}`);

/** Databases at a port where nothing listens. */
const external = Object.fromEntries(
  services.flatMap((service) =>
    ['DATABASE_URL', 'OWNER_DATABASE_URL'].map((name) => [
      `${service.toUpperCase()}_${name}`,
      `postgresql://role:canary-password@127.0.0.1:9/${service}`,
    ]),
  ),
);

test('invalid settings are one error that names all of them and no value', async ({ folder }) => {
  const [line = '', ...others] = await linesOf(folder, { PORT: 'canary', LOGIN_RATE: 'canary' });
  expect(others).toEqual([]);
  expect(line).toMatch(/^error: Invalid settings:[\s\S]*PORT: must be a port[\s\S]*LOGIN_RATE: must be n\/second/);
  expect(line).not.toContain('canary');
});

test('an installation that does not exist yet is a warning', async ({ folder }) => {
  expect(await linesOf(join(folder, 'none'), {})).toEqual([
    'warning: there is no installation yet: npm start creates it',
  ]);
});

test('names databases, services, a broker and a Redis that do not answer, and clocks that differ; shows no password', async ({
  folder,
}) => {
  const server = createServer((_req, res) => {
    res.setHeader('Date', new Date(Date.now() - 60_000).toUTCString());
    res.writeHead(503).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const lines = await linesOf(folder, {
    ...external,
    PRODUCT_SERVICE_URL: `http://127.0.0.1:${port}`,
    AUTH_SERVICE_URL: 'http://127.0.0.1:2',
    RABBITMQ_URL: 'amqp://user:canary-password@127.0.0.1:9',
    REDIS_URL: 'redis://:canary-password@127.0.0.1:9',
  });
  server.close();
  for (const service of services)
    expect(lines).toContainEqual(expect.stringMatching(new RegExp(`^error: ${service}: its database does not answer`)));
  expect(lines).toContain('error: product is not ready (503): look at its log');
  expect(lines).toContainEqual(
    expect.stringMatching(/^error: the clock of product is (5\d\.\d|60\.0) s behind this machine/),
  );
  expect(lines).toContain('error: auth does not answer at 127.0.0.1:2: start it, or look at its log');
  expect(lines).toContainEqual(
    expect.stringMatching(/^error: RabbitMQ \(RABBITMQ_URL\) does not answer: ECONNREFUSED/),
  );
  expect(lines).toContainEqual(expect.stringMatching(/^warning: Redis \(REDIS_URL\) does not answer/));
  expect(lines.join('\n')).not.toContain('canary');
});

test('names secrets that others can read, old keys between services, and a backup that is missing or old', async ({
  folder,
}) => {
  const secrets = join(folder, 'secrets');
  mkdirSync(secrets, { mode: 0o700 });
  writeFileSync(join(secrets, 'auth_service_key'), 'x');
  const about = async (env: NodeJS.ProcessEnv = {}) => {
    const settings = await readSettings(env);
    return [...(await findSecretProblems(folder, settings)), ...(await findOldBackup(folder, settings))].map(
      ({ level, text }) => `${level}: ${text}`,
    );
  };
  expect(await about()).toEqual([]);
  expect(await about({ ENVIRONMENT: 'production' })).toEqual([
    'warning: there is no backup yet: npm run backup -- FOLDER',
  ]);
  await recordBackup(folder, new Date(Date.now() - 30 * 3_600_000));
  chmodSync(secrets, 0o755);
  const longAgo = new Date(Date.now() - 400 * 86_400_000);
  utimesSync(join(secrets, 'auth_service_key'), longAgo, longAgo);
  expect(await about()).toEqual([
    `error: others can enter ${secrets}: chmod 700 ${secrets}`,
    'warning: keys between services are 400 days old: npm run rotate-service-keys, then restart',
    'warning: the last backup is 30 h old: npm run backup -- FOLDER',
  ]);
});

test('an external PostgreSQL without an installation is a warning, and no secret is created', async ({ folder }) => {
  const env = { POSTGRES_HOST: '127.0.0.1', POSTGRES_PORT: '9', POSTGRES_USER: 'admin', POSTGRES_PASSWORD: 'x' };
  expect(await linesOf(folder, env)).toEqual(['warning: there is no installation yet: npm start creates it']);
  expect(readdirSync(folder)).toEqual([]);
});

test('does not recommend a backup that would refuse, because one database is external', async ({ folder }) => {
  mkdirSync(join(folder, 'secrets'), { mode: 0o700 });
  const { PRODUCT_DATABASE_URL, PRODUCT_OWNER_DATABASE_URL } = external;
  const settings = await readSettings({
    ENVIRONMENT: 'production',
    ALLOWED_ORIGINS: 'https://example.com',
    PRODUCT_DATABASE_URL,
    PRODUCT_OWNER_DATABASE_URL,
  });
  expect(await findOldBackup(folder, settings)).toEqual([]);
});
