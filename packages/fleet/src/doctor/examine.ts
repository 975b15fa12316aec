import { existsSync, statSync } from 'node:fs';
import { readdir, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { clockFinding, failureMessage, type Finding } from '@clientela/db';
import { isStillThere, locatePostgres } from '@clientela/embedded-postgres';
import { checkBroker } from '@clientela/events';
import { connectRedis } from '@clientela/runtime';
import { pino } from 'pino';
import { isEmbedded } from '../backup/backup.ts';
import { lastBackup } from '../backup/last-backup.ts';
import { findLauncher } from '../launcher/pid-file.ts';
import { type Service, services } from '../launcher/services.ts';
import { readSettings, type Settings } from '../launcher/settings.ts';
import { findDatabaseProblems } from './databases.ts';
import { error, warning } from './findings.ts';

const callTimeout = 3000; // milliseconds for one response
const maxBackupAge = 26; // hours, as the alert has it
const maxServiceKeyAge = 365; // days
const day = 86_400_000; // milliseconds

/**
 * Looks at an installation: its settings, what they name, its databases, clocks, disks, keys and backups.
 * @param folder the installation's folder
 */
export async function examine(folder: string, env: NodeJS.ProcessEnv): Promise<Finding[]> {
  let settings: Settings;
  try {
    settings = await readSettings(env);
  } catch (failure) {
    return [error(failureMessage(failure))];
  }
  const found = await Promise.all([
    findDatabaseProblems(folder, settings),
    findUnreachable(folder, settings),
    findFullDisks(folder),
    findSecretProblems(folder, settings),
    findOldBackup(folder, settings),
  ]);
  return found.flat();
}

/** Asks what the settings name, and what runs from this folder, whether it answers, and compares clocks. */
async function findUnreachable(folder: string, settings: Settings): Promise<Finding[]> {
  const recorded = findLauncher(folder);
  const launcher = recorded && isStillThere(recorded) ? recorded : undefined;
  const urls = services.flatMap((service): [string, string][] => {
    const port = settings.ports[service];
    const url = settings.serviceUrls[service] ?? (launcher && port !== 0 ? `http://127.0.0.1:${port}` : undefined);
    return url === undefined ? [] : url.split(',').map((one) => [service, one.trim()]);
  });
  if (launcher?.url !== undefined) urls.push(['gateway', launcher.url]);
  const brokers = Object.entries(settings.overrides).filter(([name, url]) => name.endsWith('RABBITMQ_URL') && url);
  const found = await Promise.all([
    ...urls.map(([name, url]) => findUnready(name, url)),
    ...brokers.map(async ([name, url]) => {
      const failure = await checkBroker(url ?? '');
      return failure === undefined
        ? []
        : [error(`RabbitMQ (${name}) does not answer: ${failure}; events wait in the databases`)];
    }),
    settings.overrides['REDIS_URL'] ? findRedisProblem(settings.overrides['REDIS_URL']) : [],
  ]);
  return found.flat();
}

async function findRedisProblem(url: string): Promise<Finding[]> {
  const redis = connectRedis(url, pino({ level: 'silent' }));
  try {
    const deadline = Date.now() + callTimeout;
    while (!redis.isUp() && Date.now() < deadline) await sleep(50);
    return redis.isUp()
      ? []
      : [
          warning(
            'Redis (REDIS_URL) does not answer: each process counts limits alone, sign-outs take seconds to arrive',
          ),
        ];
  } finally {
    redis.close();
  }
}

async function findUnready(name: string, url: string): Promise<Finding[]> {
  try {
    const sentAt = Date.now();
    const response = await fetch(`${url}/ready`, { redirect: 'manual', signal: AbortSignal.timeout(callTimeout) });
    await response.body?.cancel();
    const receivedAt = Date.now();
    const date = Date.parse(response.headers.get('date') ?? '');
    // The header has whole seconds.
    const skew = date + 1000 < sentAt ? date + 1000 - sentAt : Math.max(0, date - receivedAt);
    return [
      ...(response.status === 200 ? [] : [error(`${name} is not ready (${response.status}): look at its log`)]),
      ...(Number.isNaN(date) ? [] : clockFinding(name, skew)),
    ];
  } catch {
    return [error(`${name} does not answer at ${new URL(url).host}: start it, or look at its log`)];
  }
}

/** Measures the file systems of the installation and of the embedded PostgreSQL. */
async function findFullDisks(folder: string): Promise<Finding[]> {
  if (!existsSync(folder)) return [];
  const places = [folder];
  if (existsSync(join(folder, 'secrets', 'postgres_password')))
    places.push((await locatePostgres(folder).catch(() => ({ dataHome: folder }))).dataHome);
  const full = new Map<number, Finding>();
  for (const place of places) {
    const { bavail, blocks, bsize } = await statfs(place);
    const free = bavail * bsize;
    const share = bavail / blocks;
    const said = `${(free / 1e9).toFixed(1)} GB (${Math.floor(share * 100)} %) are free in ${place}: free some`;
    if (free < 256 * 2 ** 20 || share < 0.03) full.set(statSync(place).dev, error(said));
    else if (share < 0.15 && free < 20 * 2 ** 30) full.set(statSync(place).dev, warning(said));
  }
  return [...full.values()];
}

/** Finds secrets that others can read, and service keys that were not rotated for long. */
export async function findSecretProblems(folder: string, settings: Pick<Settings, 'serviceKeys'>): Promise<Finding[]> {
  const secrets = join(folder, 'secrets');
  if (!existsSync(secrets)) return [];
  const isOpen = process.platform !== 'win32' && (statSync(secrets).mode & 0o077) !== 0;
  const ages = (await readdir(secrets))
    .filter((name) => /^[a-z]+_service_key$/.test(name))
    .filter((name) => settings.serviceKeys[name.split('_')[0] as Service] === undefined)
    .map((name) => Math.floor((Date.now() - statSync(join(secrets, name)).mtimeMs) / day));
  const oldest = Math.max(0, ...ages);
  return [
    ...(isOpen ? [error(`others can enter ${secrets}: chmod 700 ${secrets}`)] : []),
    ...(oldest > maxServiceKeyAge
      ? [warning(`keys between services are ${oldest} days old: npm run rotate-service-keys, then restart`)]
      : []),
  ];
}

/** Development needs no backup; once one was made, it may not grow old. */
export async function findOldBackup(folder: string, settings: Settings): Promise<Finding[]> {
  if (!isEmbedded(settings)) return [];
  if (!existsSync(join(folder, 'secrets'))) return [];
  const at = await lastBackup(folder);
  if (at === undefined)
    return settings.overrides['ENVIRONMENT'] === 'production'
      ? [warning('there is no backup yet: npm run backup -- FOLDER')]
      : [];
  const hours = Math.floor((Date.now() - at.getTime()) / 3_600_000);
  return hours < maxBackupAge ? [] : [warning(`the last backup is ${hours} h old: npm run backup -- FOLDER`)];
}
