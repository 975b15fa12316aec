import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { dataFolder } from '@clientela/testing';
import { loadServiceConfigs, settingsOf } from '../launcher/service-configs.ts';
import {
  calls,
  environmentFor,
  folderOf,
  keyHashesFor,
  mapKeys,
  peers,
  repoRoot,
  services,
} from '../launcher/services.ts';
import { settingNames } from '../launcher/settings.ts';
import { compose, composeText, container } from '../testing/compose-file.ts';
import { Config as MigrateConfig } from './migrate.ts';
import { setUp } from './setup.ts';

const execute = promisify(execFile); // synchronous calls would stop the worker
const dockerfile = readFileSync(join(repoRoot, 'Dockerfile'), 'utf8');
/** The settings of a container by the name that its process reads: `X_FILE` provides `X`. */
const settingsIn = (name: string) =>
  Object.keys(container(name).environment ?? {}).map((variable) => variable.replace(/_FILE$/, ''));
const broker = { address: 'rabbitmq:5672', exchange: 'bee.customers.events', folder: '/secrets' };
const configs = await loadServiceConfigs();
const longRunning = [...peers, 'postgres', 'rabbitmq', 'redis', 'prometheus', 'grafana'];
/** The users of images that do not name them after the program. */
const users: Partial<Record<string, string>> = { prometheus: 'nobody', grafana: '472' };

test.each(['docker compose', 'docker-compose'])('is valid for %s, where it is installed', async (command) => {
  const [program = '', ...words] = command.split(' ');
  const run = (...args: string[]) => execute(program, [...words, ...args], { cwd: repoRoot });
  const isInstalled = await run('version').then(
    () => true,
    () => false,
  );
  if (isInstalled) expect(await run('--profile', 'observe', 'config', '--quiet')).toMatchObject({ stderr: '' });
});

test('has a container for the gateway, each service and each set-up step', () => {
  expect(Object.keys(compose.services).toSorted()).toEqual(
    [...longRunning, 'create-superuser', 'migrate', 'setup', 'superuser'].toSorted(),
  );
  for (const peer of peers)
    expect(container(peer).build?.args.PACKAGE).toBe(peer === 'gateway' ? 'gateway' : `services/${peer}`);
});

test.each(peers)('sets every setting in the config of %s, and no other', (peer) => {
  expect(settingsIn(peer).toSorted()).toEqual(Object.keys(configs[peer].shape).toSorted());
});

test.each(peers)('the launcher sets every setting in the config of %s, and no other', (peer) => {
  const env = environmentFor(peer, {
    ports: mapKeys(peers, () => 1),
    serviceUrls: mapKeys(services, () => 'x'),
    databaseUrls: mapKeys(services, () => 'x'),
    serviceKeys: mapKeys(peers, () => 'x'),
    ownSecrets: mapKeys(services, () => 'x'),
    overrides: Object.fromEntries(settingNames(configs).map((name) => [name, 'x'])),
    settingsOf: settingsOf(configs),
  });
  expect(Object.keys(env).toSorted()).toEqual(Object.keys(configs[peer].shape).toSorted());
});

// These may be outside of the fleet.
const upstreams = new Set([
  'LOG_SERVICE_URL',
  'ORDERS_SERVICE_URL',
  'ORDER_SERVICE_URL',
  'COMPLAINT_SERVICE_URL',
  'SCHEDULING_SERVICE_URL',
]);

test.each(services)('requires a secret of 32 bytes for %s', (service) => {
  const secret = configs[service].shape[`${service.toUpperCase()}_SECRET`] as z.ZodType;
  expect([undefined, '', 'short', 'x'.repeat(43)].map((text) => secret.safeParse(text).success)).toEqual([
    false,
    false,
    false,
    true,
  ]);
});

test.each(peers)('lists in `calls` the services whose URLs the config of %s reads', (peer) => {
  const addresses = Object.keys(configs[peer].shape).filter(
    (name) => name.endsWith('_SERVICE_URL') && !upstreams.has(name),
  );
  expect(addresses.toSorted()).toEqual(calls[peer].map((service) => `${service.toUpperCase()}_SERVICE_URL`).toSorted());
});

test('passes the superuser containers the settings that auth’s script reads', () => {
  const source = readFileSync(join(folderOf('auth'), 'src/accounts/superuser-command.ts'), 'utf8');
  for (const name of ['create-superuser', 'superuser']) {
    expect(settingsIn(name)).toEqual(['AUTH_DATABASE_URL', 'ADMIN_EMAIL', 'ADMIN_PASSWORD']);
    for (const variable of settingsIn(name)) expect(source).toContain(variable);
  }
  // A generated password must not end in the log of a container that `up` starts.
  expect(container('superuser').profiles).toEqual(['tools']);
  expect(container('create-superuser').command?.join(' ')).toContain('if [ -n "$$ADMIN_PASSWORD" ]');
});

test('passes the migrate container the settings that it reads', () => {
  expect(settingsIn('migrate').toSorted()).toEqual(Object.keys(MigrateConfig.shape).toSorted());
});

test('setup creates every secret file that a container mounts', () => {
  const folder = mkdtempSync(join(tmpdir(), 'compose-'));
  setUp(folder, 'postgres:5432', broker);
  for (const [name, { environment = {}, volumes = [], build }] of Object.entries(compose.services)) {
    const mounted = volumes.find((volume) => volume.startsWith('secrets_'));
    for (const [variable, path] of Object.entries(environment)) {
      if (!variable.endsWith('_FILE')) continue;
      expect(mounted).toMatch(/^secrets_\w+:\/secrets:ro$/);
      const owner = (mounted ?? '').replace(/^secrets_(\w+):.*/, '$1');
      expect(existsSync(path.replace('/secrets', join(folder, owner))), `${name}: ${path}`).toBe(true);
    }
    if (build) expect(statSync(join(repoRoot, build.args.PACKAGE)).isDirectory()).toBe(true);
  }
  rmSync(folder, { recursive: true });
});

test('mounts only a container’s own secrets into it', () => {
  const mountedSecrets = (name: string) =>
    (container(name).volumes ?? []).filter((volume) => volume.startsWith('secrets_'));
  for (const name of [...peers, 'postgres', 'rabbitmq', 'migrate', 'prometheus', 'grafana'])
    expect(mountedSecrets(name)).toEqual([`secrets_${name}:/secrets:ro`]);
  expect(mountedSecrets('superuser')).toEqual(['secrets_auth:/secrets:ro']);
  expect(mountedSecrets('setup')).toEqual(
    [...peers, 'postgres', 'rabbitmq', 'migrate', 'prometheus', 'grafana'].map(
      (name) => `secrets_${name}:/secrets/${name}`,
    ),
  );
  const volumes = Object.values(compose.services).flatMap(({ volumes: mounted = [] }) =>
    mounted.map((volume) => volume.split(':')[0] ?? '').filter((volume) => !volume.startsWith('./')),
  );
  expect([...new Set(volumes)].toSorted()).toEqual(Object.keys(compose.volumes).toSorted());
});

test('publishes only the port of the gateway, on the address HOST, by default of this machine, and that of Grafana on this machine; neither shares a network with PostgreSQL', () => {
  // As text: docker-compose 1.29 knows no `host_ip`.
  const published: Partial<Record<string, string[]>> = {
    gateway: ['${HOST:-127.0.0.1}:${PORT:-8080}:8080'],
    grafana: ['127.0.0.1:3000:3000'],
  };
  for (const [name, { ports }] of Object.entries(compose.services)) expect(ports).toEqual(published[name]);
  expect(container('grafana').networks).toEqual(['front', 'observe']);
  expect(container('prometheus').networks).toEqual(['services', 'observe']);
  expect(container('gateway').networks).toEqual(['front', 'services', 'redis']);
  expect(container('postgres').networks).toEqual(['data']);
  expect(compose.networks).toMatchObject({ services: { internal: true }, data: { internal: true } });
});

test('Redis is reached by the processes with REDIS_URL only, keeps nothing on disk and has a bound of memory', () => {
  const users = Object.keys(compose.services).filter((name) => container(name).networks?.includes('redis'));
  expect(users.toSorted()).toEqual(['auth', 'customer', 'gateway', 'redis']);
  for (const name of ['auth', 'customer', 'gateway'])
    expect(container(name).environment?.['REDIS_URL']).toBe('${REDIS_URL-redis://redis:6379}');
  expect(compose.networks).toMatchObject({ redis: { internal: true } });
  expect(container('redis').command?.join(' ')).toMatch(/--save {2}--appendonly no .*--maxmemory \d+mb/);
});

test('the profile observe runs Prometheus with the alerts and Grafana with the dashboard, from files and without a default password', () => {
  for (const name of ['prometheus', 'grafana']) {
    expect(container(name).profiles).toEqual(['observe']);
    for (const volume of container(name).volumes ?? [])
      if (volume.startsWith('./')) expect(existsSync(join(repoRoot, volume.split(':')[0] ?? '')), volume).toBe(true);
  }
  expect(container('grafana').environment?.['GF_SECURITY_ADMIN_PASSWORD__FILE']).toBe('/secrets/grafana_password');
  const { scrape_configs } = parse(readFileSync(join(repoRoot, 'ops/prometheus/prometheus.yml'), 'utf8')) as {
    scrape_configs: { static_configs: { targets: string[] }[] }[];
  };
  const addresses = peers.map((peer) => {
    const { environment = {} } = container(peer);
    return `${peer}:${environment[peer === 'gateway' ? 'PORT' : `${peer.toUpperCase()}_PORT`]}`;
  });
  const targets = scrape_configs.flatMap(({ static_configs }) => static_configs.flatMap((group) => group.targets));
  expect(targets.toSorted()).toEqual(addresses.toSorted());
});

test('long-running containers have a health check, a restart policy, an unprivileged user and bounded logs', () => {
  for (const name of longRunning) {
    const { restart, healthcheck, user, logging } = container(name);
    expect([restart, user]).toEqual([
      'unless-stopped',
      (peers as readonly string[]).includes(name) ? 'node' : (users[name] ?? name),
    ]);
    expect(healthcheck?.test?.[0]).toBe('CMD');
    expect(logging.options).toHaveProperty('max-size');
  }
  for (const name of ['setup', 'migrate', 'create-superuser', 'superuser'])
    expect([container(name).restart, container(name).healthcheck?.disable]).toEqual(['no', true]);
});

test('the gateway has the CPU before all other containers', () => {
  const shares = Object.entries(compose.services).map(([name, { cpu_shares = 1024 }]) => [name, cpu_shares] as const);
  for (const [name, share] of shares) expect([name, share]).toEqual([name, name === 'gateway' ? 9216 : 1024]);
});

test('each process listens on the host and port that its callers use', () => {
  for (const peer of peers) {
    const { environment = {}, build, healthcheck } = container(peer);
    const port = peer === 'gateway' ? environment['PORT'] : environment[`${peer.toUpperCase()}_PORT`];
    expect(environment['HOST']).toBe('0.0.0.0');
    expect(build?.args.PORT).toBe(port);
    expect(healthcheck?.test?.join(' ')).toContain(`http://127.0.0.1:${port}/health`);
    for (const [caller, { environment: variables = {} }] of Object.entries(compose.services)) {
      const address = variables[`${peer.toUpperCase()}_SERVICE_URL`];
      if (address !== undefined) expect(address, caller).toBe(`http://${peer}:${port}`);
    }
  }
});

test('starts in order: secrets, server, databases, services, gateway', () => {
  const waits = (name: string) =>
    Object.fromEntries(Object.entries(container(name).depends_on ?? {}).map(([on, { condition }]) => [on, condition]));
  expect(waits('setup')).toEqual({});
  for (const server of ['postgres', 'rabbitmq'])
    expect(waits(server)).toEqual({ setup: 'service_completed_successfully' });
  expect(waits('migrate')).toEqual({ setup: 'service_completed_successfully', postgres: 'service_healthy' });
  for (const service of [...services, 'superuser', 'create-superuser'])
    expect(waits(service)).toEqual({ migrate: 'service_completed_successfully' });
  expect(waits('gateway')).toEqual({
    ...mapKeys(services, () => 'service_healthy'),
    'create-superuser': 'service_completed_successfully',
  });
});

test('something waits for each container that ends by itself, so that `up --wait` succeeds and a failed step is seen', () => {
  const completed = Object.values(compose.services).flatMap(({ depends_on = {} }) =>
    Object.entries(depends_on).flatMap(([name, { condition }]) =>
      condition === 'service_completed_successfully' ? [name] : [],
    ),
  );
  const ending = Object.keys(compose.services).filter(
    (name) => container(name).restart === 'no' && !container(name).profiles,
  );
  for (const name of ending) expect(completed).toContain(name);
});

test('every path that the Dockerfile copies and every script that a command runs exists', () => {
  const copied = [...dockerfile.matchAll(/^COPY (?!--from)(?:--\S+ )*(.+) \S+$/gm)].flatMap(([, paths = '']) =>
    paths.split(' '),
  );
  expect(copied).toContain('pnpm-lock.yaml');
  for (const path of copied) if (path !== '${PACKAGE}') expect(existsSync(join(repoRoot, path)), path).toBe(true);
  for (const { command = [], build } of Object.values(compose.services)) {
    for (const [, script = ''] of command.join(' ').matchAll(/\b(src\/\S+\.ts)/g))
      expect(existsSync(join(repoRoot, build?.args.PACKAGE ?? '', script)), script).toBe(true);
  }
  for (const peer of peers) expect(existsSync(join(folderOf(peer), 'src/main.ts')), peer).toBe(true);
});

test('docker-bake.hcl builds the images of compose for both platforms, from the one Dockerfile, whose process is not root', () => {
  const bake = readFileSync(join(repoRoot, 'docker-bake.hcl'), 'utf8');
  const [, programs = ''] = /program = (\[.*\])/.exec(bake) ?? [];
  const images = new Set(Object.values(compose.services).flatMap(({ image, build }) => (build ? [image] : [])));
  expect((JSON.parse(programs) as string[]).map((name) => `clientela-${name}`).toSorted()).toEqual(
    [...images].toSorted(),
  );
  expect(bake).toContain('platforms = ["linux/amd64", "linux/arm64"]');
  for (const [, name = '', port = ''] of bake.matchAll(/(\w+) = "(8\d{3})"/g))
    expect(container(name).build?.args.PORT).toBe(port);
  expect(dockerfile).toMatch(/^ARG BASE=node:24-bookworm-slim$/m);
  for (const [, base = ''] of dockerfile.matchAll(/^FROM (\S+)/gm)) expect(base).toBe('${BASE}');
  expect(dockerfile.lastIndexOf('\nUSER node\n')).toBeGreaterThan(dockerfile.lastIndexOf('\nFROM '));
  expect(dockerfile).toContain('\nSTOPSIGNAL SIGTERM\n');
  for (const label of ['title', 'licenses', 'version', 'revision'])
    expect(dockerfile).toContain(`org.opencontainers.image.${label}=`);
  // Where the metrics read it (packages/runtime/src/metrics.ts), in the folder of the workspace.
  expect(dockerfile).toContain('\nRUN if [ -n "$REVISION" ]; then echo "$REVISION" > COMMIT; fi\n');
  for (const name of ['BASE', 'VERSION', 'REVISION']) expect(bake).toMatch(new RegExp(`${name} +[=] ${name}\\n`));
});

test('.env.example explains every setting, among them all that docker-compose.yml reads', () => {
  const example = readFileSync(join(repoRoot, '.env.example'), 'utf8');
  const explained = [...example.matchAll(/^# ?([A-Z_0-9]+)=/gm)].map(([, name]) => name);
  expect(explained.toSorted()).toEqual(settingNames(configs).toSorted());
  for (const [, name = ''] of composeText.matchAll(/(?<!\$)\$\{([A-Z_0-9]+)/g)) expect(explained).toContain(name);
});

test('stores avatars and uploads in volumes of the customer service, in folders that its user owns', () => {
  expect(container('customer').volumes).toEqual(expect.arrayContaining(['avatars:/avatars', 'imports:/imports']));
  expect(container('customer').environment?.['IMPORTS_FOLDER']).toBe('${IMPORTS_FOLDER:-/imports}');
  expect(container('customer').environment?.['AVATARS_FOLDER']).toBe('${AVATARS_FOLDER-/avatars}');
  expect(dockerfile).toContain('RUN mkdir /avatars /imports && chown node:node /app /avatars /imports\nUSER node');
});

test('setup creates secrets once, each for its own user', () => {
  const folder = dataFolder('compose-');
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const database = '127.0.0.1:5432';
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
  setUp(secrets, database, broker);
  const created = read();
  setUp(secrets, database, broker);
  expect(read()).toEqual(created);
  expect(created['prometheus/metrics_token']).toBe(created['gateway/metrics_token']);
  setUp(secrets, database, broker, undefined, 'a-token-of-the-operator');
  expect([read()['gateway/metrics_token'], read()['prometheus/metrics_token']]).toEqual(
    Array.from({ length: 2 }, () => 'a-token-of-the-operator'),
  );
  expect(created['migrate/postgres_password']).toBe(created['postgres/postgres_password']);
  expect(created['product/rabbitmq_url']).toBe(`amqp://product:${created['product/rabbitmq_password']}@rabbitmq:5672`);
  expect(created['rabbitmq/definitions.json']).not.toContain(created['product/rabbitmq_password']);
  const keys = mapKeys(peers, (peer) => created[`${peer}/${peer}_service_key`] ?? '');
  expect(created['product/service_key_hashes']).toBe(keyHashesFor('product', keys));
  const outside = `orders=${'a'.repeat(64)}`;
  setUp(secrets, database, broker, outside);
  for (const service of ['auth', 'customer', 'product'] as const) {
    const own = keyHashesFor(service, keys);
    const expected = service === 'product' ? own : `${own};${outside}`;
    expect(read()[`${service}/service_key_hashes`]).toBe(expected);
  }
  if (process.getuid?.() === 0) {
    expect(statSync(join(secrets, 'postgres', 'postgres_password'))).toMatchObject({ uid: 999, mode: 0o100400 });
    expect(statSync(join(secrets, 'auth', 'auth_secret'))).toMatchObject({ uid: 1000, mode: 0o100400 });
  }
});
