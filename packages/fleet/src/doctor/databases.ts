import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { failureMessage, type Finding } from '@clientela/db';
import { openServer } from '../commands/service-databases.ts';
import { appliedMigrations, databaseUrl, knownMigrations } from '../launcher/databases.ts';
import { openSecrets } from '../launcher/secrets.ts';
import { runServiceScript } from '../launcher/service-script.ts';
import { type Service, services } from '../launcher/services.ts';
import type { Settings } from '../launcher/settings.ts';
import { error, warning } from './findings.ts';

const scriptTimeout = 330_000; // milliseconds for a service's script

/** The two connections to one service's database: for its own script, and to read which migrations ran. */
type Examined = { url: string; migrationsUrl: string };

/** Examines the database of every service, where one can be reached without creating anything. */
export async function findDatabaseProblems(folder: string, settings: Settings): Promise<Finding[]> {
  const needsServer = services.some((service) => !settings.databases[service]);
  if (needsServer && !existsSync(join(folder, 'secrets')))
    return [warning('there is no installation yet: npm start creates it')];
  try {
    await using server = needsServer ? await openServer(settings, folder) : undefined;
    const found = await Promise.all(
      services.map(async (service) => {
        const findings = await examineService(
          service,
          connectionsOf(service, settings, folder, server?.adminUrl ?? ''),
        );
        return findings.map(({ level, text: said }): Finding => ({ level, text: `${service}: ${said}` }));
      }),
    );
    return found.flat();
  } catch (failure) {
    return [error(`PostgreSQL: ${failureMessage(failure)}`)];
  }
}

function connectionsOf(service: Service, settings: Settings, folder: string, adminUrl: string): Examined {
  const external = settings.databases[service];
  if (external) return { url: external.url, migrationsUrl: external.ownerUrl };
  const { app } = openSecrets(folder, settings).rolePasswords[service];
  return { url: databaseUrl(adminUrl, service, app), migrationsUrl: databaseUrl(adminUrl, service) };
}

async function examineService(service: Service, { url, migrationsUrl }: Examined): Promise<Finding[]> {
  const pending = await findPendingMigrations(service, migrationsUrl).catch((failure: unknown) => [
    error(`its database does not answer: ${failureMessage(failure)}`),
  ]);
  // A script of this version may not understand an earlier schema.
  if (pending.length > 0) return pending;
  return runScript(service, url).catch((failure: unknown) => [error(failureMessage(failure))]);
}

async function findPendingMigrations(service: Service, url: string): Promise<Finding[]> {
  const done = new Set(await appliedMigrations(url));
  const [first, ...others] = knownMigrations(service)
    .filter((name) => !done.has(name))
    .toSorted();
  if (first === undefined) return [];
  const more = others.length > 0 ? ` and ${others.length} more` : '';
  return [warning(`${first}${more} is to be run: back up, then start this version`)];
}

/** Runs a service's own script. @returns its findings */
async function runScript(service: Service, url: string): Promise<Finding[]> {
  const env = { [`${service.toUpperCase()}_DATABASE_URL`]: url };
  const { stdout, stderr } = await runServiceScript(service, 'doctor.ts', { env, timeout: scriptTimeout });
  const findings = [...stdout.matchAll(/^(warning|error): (.*)$/gm)].map(([, level, said = '']): Finding => ({
    level: level === 'error' ? 'error' : 'warning',
    text: said,
  }));
  return stderr ? [...findings, error(stderr)] : findings;
}
