import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect } from '@clientela/db';
import { locatePostgres, startPostgres } from '@clientela/embedded-postgres';
import { redeliverEvents } from '@clientela/events';
import pg from 'pg';
import { createDatabase, databaseUrl, migrateDatabase } from '../launcher/databases.ts';
import { openSecrets } from '../launcher/secrets.ts';
import { mapKeys, services } from '../launcher/services.ts';
import { readMigrations } from './backup.ts';
import { adminPassword, type Catalogue, erasuresFile, parts } from './catalogue.ts';
import type { RestoreOptions } from './restore.ts';
import { endSessions, exportErasures, replayErasures } from './service-scripts.ts';

export type Recovered = {
  /** Erasures after the backup, which begin again with the next start. */
  replayed: number;
  endedSessions: number;
  /** Events that may have been in a queue of the broker only. */
  redelivered: number;
};

const recoveryTimeout = 3_600_000; // milliseconds; the server replays what was written during the backup
/**
 * Starts the server on the copied files, which brings all databases to the instant of the backup, and prepares them for the first start.
 * @param lists of erasures
 */
export async function recover(
  { backup, settings, fsync = true, onProgress = () => {} }: RestoreOptions,
  catalogue: Catalogue,
  unfinished: string,
  lists: readonly string[],
): Promise<Recovered> {
  const postgres = await startPostgres({ folder: unfinished, fsync, startTimeout: recoveryTimeout });
  try {
    await setAdminPassword(
      postgres.adminUrl,
      (await readFile(join(backup, parts.secrets, adminPassword), 'utf8')).trim(),
    );
    const found = await readMigrations(postgres.adminUrl);
    const differing = services.filter((service) => found[service].join() !== catalogue.migrations[service].join());
    if (differing.length > 0)
      throw new Error(`The backup is damaged: other migrations than in its catalogue ran in ${differing.join(', ')}.`);
    onProgress('the databases are at the instant of the backup');
    const { rolePasswords } = openSecrets(unfinished, settings);
    const urls = await Promise.all(
      services.map(async (service) => {
        const options = { isDedicatedServer: true };
        const database = await createDatabase(postgres.adminUrl, service, rolePasswords[service], options);
        await migrateDatabase(database, service);
        return database.url;
      }),
    );
    const urlOf = mapKeys(services, (service) => urls[services.indexOf(service)] ?? '');
    let replayed = 0;
    for (const list of lists) replayed += await replayErasures(urlOf.customer, list);
    const redelivered = catalogue.broker ? await Promise.all(urls.map(redeliver)) : [];
    return {
      replayed,
      endedSessions: await endSessions(urlOf.auth),
      redelivered: redelivered.reduce((sum, count) => sum + count, 0),
    };
  } finally {
    await postgres.stop();
  }
}

/** Replaces the password of the server's superuser, which the data has from the backup, by that of the new installation. */
async function setAdminPassword(adminUrl: string, earlier: string): Promise<void> {
  const url = new URL(adminUrl);
  const { username, password } = url;
  url.password = earlier;
  const client = new pg.Client({ connectionString: url.href, query_timeout: 30_000 });
  client.on('error', () => {}); // a lost connection fails the next statement
  await client.connect();
  try {
    await client.query(
      `alter role ${client.escapeIdentifier(username)} password ${client.escapeLiteral(decodeURIComponent(password))}`,
    );
  } finally {
    await client.end();
  }
}

async function redeliver(url: string): Promise<number> {
  const db = connect(url, { pool: 1, name: 'restore' });
  try {
    return await redeliverEvents(db);
  } finally {
    await db.destroy();
  }
}

/** Writes the list of erasures of the installation that is replaced, when its databases still start. */
export async function listOldErasures(options: RestoreOptions, unfinished: string): Promise<string[]> {
  const { folder, settings, onProgress = () => {} } = options;
  const list = join(unfinished, 'lists');
  try {
    const location = await locatePostgres(folder);
    if (!existsSync(join(location.dataHome, 'data'))) return [];
    const postgres = await startPostgres({ folder, fsync: options.fsync ?? true });
    try {
      const password = openSecrets(folder, settings).rolePasswords.customer.app;
      const text = await exportErasures(databaseUrl(postgres.adminUrl, 'customer', password));
      await mkdir(list, { mode: 0o700 });
      await writeFile(join(list, erasuresFile), text, { mode: 0o600 });
      return [join(list, erasuresFile)];
    } finally {
      await postgres.stop();
    }
  } catch (error) {
    onProgress(
      `The erasures of the replaced installation cannot be read: ${error instanceof Error ? error.message : 'unknown reason'}`,
    );
    return [];
  }
}
