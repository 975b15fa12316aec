import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import pg from 'pg';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { Config as MigrateConfig } from './migrate.ts';
import { locatePostgres } from '@clientela/embedded-postgres';
import { startPostgres } from '@clientela/embedded-postgres';
import { calls, folderOf, type Peer, peers, services, repoRoot, variablesOf } from '../launcher/services.ts';
import { record } from '../launcher/secrets.ts';
import { keyHashesFor } from '../launcher/services.ts';
import { settingNames } from '../launcher/settings.ts';
import { setUp } from './setup.ts';

const File = z.object({
  services: z.record(
    z.string(),
    z.object({
      image: z.string(),
      build: z
        .object({ context: z.literal('.'), args: z.object({ PROGRAM: z.string(), PORT: z.string().optional() }) })
        .optional(),
      user: z.string().optional(),
      restart: z.string(),
      ports: z.array(z.string()).optional(),
      networks: z.array(z.string()).optional(),
      network_mode: z.string().optional(),
      profiles: z.array(z.string()).optional(),
      command: z.array(z.string()).optional(),
      environment: z.record(z.string(), z.string()).optional(),
      volumes: z.array(z.string()).optional(),
      depends_on: z.record(z.string(), z.object({ condition: z.string() })).optional(),
      healthcheck: z.object({ test: z.array(z.string()).optional(), disable: z.boolean().optional() }).optional(),
      logging: z.object({ options: z.record(z.string(), z.string()) }),
    }),
  ),
  networks: z.record(z.string(), z.object({ internal: z.boolean().optional() })),
  volumes: z.record(z.string(), z.unknown()),
});

const text = readFileSync(join(repoRoot, 'docker-compose.yml'), 'utf8');
const compose = File.parse(parse(text, { merge: true }));
const dockerfile = readFileSync(join(repoRoot, 'Dockerfile'), 'utf8');
const one = (name: string) => {
  const found = compose.services[name];
  if (!found) throw new Error(`docker-compose.yml has no ${name}`);
  return found;
};
/** The variables given, by the name that the program reads: `X_FILE` gives `X`. */
const given = (name: string) =>
  Object.keys(one(name).environment ?? {}).map((variable) => variable.replace(/_FILE$/, ''));
const configOf = async (program: Peer) =>
  ((await import(join(folderOf(program), 'src/config.ts'))) as { Config: z.ZodObject }).Config.shape;
const longRunning = [...peers, 'postgres', 'rabbitmq'];

test('every program of the street is there, and what sets it up', () => {
  expect(Object.keys(compose.services).toSorted()).toEqual(
    [...longRunning, 'given-superuser', 'migrate', 'setup', 'superuser'].toSorted(),
  );
  for (const program of peers)
    expect(one(program).build?.args.PROGRAM).toBe(program === 'gateway' ? 'gateway' : `services/${program}`);
});

test.each(peers)('%s is given every variable that its config reads, and none that it does not', async (program) => {
  expect(given(program).toSorted()).toEqual(Object.keys(await configOf(program)).toSorted());
});

test.each(peers)(
  '%s is given the same by the fleet: what it needs, and nothing that it does not read',
  async (program) => {
    const shape = await configOf(program);
    const everything = Object.fromEntries(settingNames.map((name) => [name, 'x']));
    const variables = Object.keys(
      variablesOf(program, {
        ports: record(peers, () => 1),
        service_urls: record(services, () => 'x'),
        database_urls: record(services, () => 'x'),
        service_keys: record(peers, () => 'x'),
        own_secrets: record(services, () => 'x'),
        given: everything,
      }),
    );
    expect(variables.toSorted()).toEqual(Object.keys(shape).toSorted());
  },
);

// They may lie outside of the street.
const upstreams = new Set(['ORDERS_SERVICE_URL', 'COMPLAINT_SERVICE_URL', 'SCHEDULING_SERVICE_URL']);

test.each(services)('%s does not start without a secret of its own', async (service) => {
  const secret = (await configOf(service))[`${service.toUpperCase()}_SECRET`] as z.ZodType;
  expect([undefined, '', 'short', 'x'.repeat(43)].map((text) => secret.safeParse(text).success)).toEqual([
    false,
    false,
    false,
    true,
  ]);
});

test.each(peers)('%s calls whom its config says, and is called by nobody else', async (program) => {
  const addresses = Object.keys(await configOf(program)).filter(
    (name) => name.endsWith('_SERVICE_URL') && !upstreams.has(name),
  );
  expect(addresses.toSorted()).toEqual(
    calls[program].map((service) => `${service.toUpperCase()}_SERVICE_URL`).toSorted(),
  );
});

test('the superuser is made with what auth’s program for it reads', () => {
  const source = readFileSync(join(folderOf('auth'), 'src/superuser.ts'), 'utf8');
  for (const name of ['given-superuser', 'superuser']) {
    expect(given(name)).toEqual(['AUTH_DATABASE_URL', 'ADMIN_EMAIL', 'ADMIN_PASSWORD']);
    for (const variable of given(name)) expect(source).toContain(variable);
  }
  // A generated password must not get into the log of something that `up` runs.
  expect(one('superuser').profiles).toEqual(['tools']);
  expect(one('given-superuser').command?.join(' ')).toContain('if [ -n "$$ADMIN_PASSWORD" ]');
});

test('the migrations’ program is given what it reads', () => {
  expect(given('migrate').toSorted()).toEqual(Object.keys(MigrateConfig.shape).toSorted());
});

test('every file that a variable or a command names is in the folder that setup makes for it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'compose-'));
  setUp(folder, 'postgres:5432', 'rabbitmq:5672');
  for (const [name, { environment = {}, volumes = [], build }] of Object.entries(compose.services)) {
    const mounted = volumes.find((volume) => volume.startsWith('secrets_'));
    for (const [variable, path] of Object.entries(environment)) {
      if (!variable.endsWith('_FILE')) continue;
      expect(mounted).toMatch(/^secrets_\w+:\/secrets:ro$/);
      const owner = (mounted ?? '').replace(/^secrets_(\w+):.*/, '$1');
      expect(existsSync(path.replace('/secrets', join(folder, owner))), `${name}: ${path}`).toBe(true);
    }
    if (build) expect(statSync(join(repoRoot, build.args.PROGRAM)).isDirectory()).toBe(true);
  }
  rmSync(folder, { recursive: true });
});

test('a program sees its own secrets and no others', () => {
  const seen = (name: string) => (one(name).volumes ?? []).filter((volume) => volume.startsWith('secrets_'));
  for (const name of [...longRunning, 'migrate']) expect(seen(name)).toEqual([`secrets_${name}:/secrets:ro`]);
  expect(seen('superuser')).toEqual(['secrets_auth:/secrets:ro']);
  expect(seen('setup')).toEqual(
    [...peers, 'postgres', 'rabbitmq', 'migrate'].map((name) => `secrets_${name}:/secrets/${name}`),
  );
  const volumes = Object.values(compose.services).flatMap(({ volumes: mounted = [] }) =>
    mounted.map((volume) => volume.split(':')[0]),
  );
  expect([...new Set(volumes)].toSorted()).toEqual(Object.keys(compose.volumes).toSorted());
});

test('only the gateway publishes a port, and PostgreSQL is on a network that the gateway is not on', () => {
  for (const [name, { ports }] of Object.entries(compose.services))
    expect(ports).toEqual(name === 'gateway' ? ['${PORT:-8080}:8080'] : undefined);
  expect(one('gateway').networks).toEqual(['front', 'services']);
  expect(one('postgres').networks).toEqual(['data']);
  expect(compose.networks).toMatchObject({ services: { internal: true }, data: { internal: true } });
});

test('what runs long is watched, restarted, not root, and its log is bounded', () => {
  for (const name of longRunning) {
    const { restart, healthcheck, user, logging } = one(name);
    expect([restart, user]).toEqual(['unless-stopped', name === 'postgres' || name === 'rabbitmq' ? name : 'node']);
    expect(healthcheck?.test?.[0]).toBe('CMD');
    expect(logging.options).toHaveProperty('max-size');
  }
  for (const name of ['setup', 'migrate', 'given-superuser', 'superuser'])
    expect([one(name).restart, one(name).healthcheck?.disable]).toEqual(['no', true]);
});

test('a program listens where the others look for it', () => {
  for (const program of peers) {
    const { environment = {}, build, healthcheck } = one(program);
    const port = program === 'gateway' ? environment['PORT'] : environment[`${program.toUpperCase()}_PORT`];
    expect(environment['HOST']).toBe('0.0.0.0');
    expect(build?.args.PORT).toBe(port);
    expect(healthcheck?.test?.join(' ')).toContain(`http://127.0.0.1:${port}/health`);
    for (const [caller, { environment: variables = {} }] of Object.entries(compose.services)) {
      const address = variables[`${program.toUpperCase()}_SERVICE_URL`];
      if (address !== undefined) expect(address, caller).toBe(`http://${program}:${port}`);
    }
  }
});

test('things start in order: secrets, server, databases, services, gateway', () => {
  const waits = (name: string) =>
    Object.fromEntries(Object.entries(one(name).depends_on ?? {}).map(([on, { condition }]) => [on, condition]));
  expect(waits('setup')).toEqual({});
  for (const server of ['postgres', 'rabbitmq'])
    expect(waits(server)).toEqual({ setup: 'service_completed_successfully' });
  expect(waits('migrate')).toEqual({ setup: 'service_completed_successfully', postgres: 'service_healthy' });
  for (const service of [...services, 'superuser', 'given-superuser'])
    expect(waits(service)).toEqual({ migrate: 'service_completed_successfully' });
  expect(waits('gateway')).toEqual(record(services, () => 'service_healthy'));
});

test('every path that the Dockerfile copies and every program that a command runs exists', () => {
  const copied = [...dockerfile.matchAll(/^COPY (?!--from)(?:--\S+ )*(.+) \S+$/gm)].flatMap(([, paths = '']) =>
    paths.split(' '),
  );
  expect(copied).toContain('pnpm-lock.yaml');
  for (const path of copied) if (path !== '${PROGRAM}') expect(existsSync(join(repoRoot, path)), path).toBe(true);
  for (const { command = [], build } of Object.values(compose.services)) {
    for (const [, script = ''] of command.join(' ').matchAll(/\b(src\/\S+\.ts)/g))
      expect(existsSync(join(repoRoot, build?.args.PROGRAM ?? '', script)), script).toBe(true);
  }
  for (const program of peers) expect(existsSync(join(folderOf(program), 'src/main.ts')), program).toBe(true);
});

test('every variable that the file takes from .env is a setting that .env.example explains', () => {
  const example = readFileSync(join(repoRoot, '.env.example'), 'utf8');
  const explained = [...example.matchAll(/^# ?([A-Z_0-9]+)=/gm)].map(([, name]) => name);
  expect(explained.toSorted()).toEqual([...settingNames].toSorted());
  for (const [, name = ''] of text.matchAll(/(?<!\$)\$\{([A-Z_0-9]+)/g)) expect(explained).toContain(name);
});

test('pictures lie in a volume of the customer service, in the folder that its image gives to its user', () => {
  expect(one('customer').volumes).toContain('avatars:/avatars');
  expect(one('customer').environment?.['AVATARS_FOLDER']).toBe('${AVATARS_FOLDER-/avatars}');
  expect(dockerfile).toContain('RUN mkdir /avatars && chown node:node /app /avatars\nUSER node');
});

test('setup makes secrets once, each for its own user; migrate makes the databases to which they open the door', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'compose-'));
  const postgres = await startPostgres({ folder, fsync: false });
  try {
    const secrets = join(folder, 'mounted');
    const read = () =>
      Object.fromEntries(
        readdirSync(secrets).flatMap((name) =>
          readdirSync(join(secrets, name)).map((file) => [
            `${name}/${file}`,
            readFileSync(join(secrets, name, file), 'utf8').trim(),
          ]),
        ),
      );
    setUp(secrets, `127.0.0.1:${postgres.port}`, 'rabbitmq:5672');
    const made = read();
    setUp(secrets, `127.0.0.1:${postgres.port}`, 'rabbitmq:5672');
    expect(read()).toEqual(made);
    expect(made['migrate/postgres_password']).toBe(made['postgres/postgres_password']);
    expect(made['product/rabbitmq_url']).toBe(`amqp://clientela:${made['rabbitmq/password']}@rabbitmq:5672`);
    expect(made['rabbitmq/rabbitmq.conf']).toContain(`default_pass = ${made['rabbitmq/password']}`);
    const keys = record(peers, (program) => made[`${program}/${program}_service_key`] ?? '');
    expect(made['product/service_key_hashes']).toBe(keyHashesFor('product', keys));
    if (process.getuid?.() === 0) {
      expect(statSync(join(secrets, 'postgres', 'postgres_password'))).toMatchObject({ uid: 999, mode: 0o100400 });
      expect(statSync(join(secrets, 'auth', 'auth_secret'))).toMatchObject({ uid: 1000, mode: 0o100400 });
    }

    const admin = new URL(postgres.admin_url);
    const files = Object.entries(one('migrate').environment ?? {}).map(([name, value]) => [
      name,
      value.replace('/secrets', join(secrets, 'migrate')),
    ]);
    const env = {
      PATH: process.env['PATH'],
      ...Object.fromEntries(files),
      POSTGRES_PASSWORD_FILE: join(folder, 'secrets', 'postgres_password'),
      POSTGRES_HOST: '127.0.0.1',
      POSTGRES_PORT: String(postgres.port),
      POSTGRES_USER: admin.username,
    };
    const migrate = () =>
      execFileSync(process.execPath, [join(import.meta.dirname, 'migrate.ts')], { env, encoding: 'utf8' });
    expect(migrate()).toMatch(/^product: [1-9]\d* new migrations?$/m);
    expect(migrate()).toMatch(/^product: 0 new migrations$/m);
    const client = new pg.Client({ connectionString: made['product/product_database_url'] ?? '' });
    await client.connect();
    expect((await client.query('select current_user as role')).rows).toEqual([{ role: 'clientela_product_app' }]);
    await client.end();
  } finally {
    await postgres.stop();
    rmSync((await locatePostgres(folder)).home, { recursive: true });
    rmSync(folder, { recursive: true });
  }
}, 60_000);
