import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { locatePostgres, startPostgres } from '@clientela/embedded-postgres';
import { dataFolder } from '@clientela/testing';
import pg from 'pg';
import { expect, test as base } from 'vitest';
import { createDatabase, databaseUrl, migrateDatabase } from '../launcher/databases.ts';
import { acquireInstallationLock } from '../launcher/installation-lock.ts';
import { openSecrets } from '../launcher/secrets.ts';
import { services, type Service } from '../launcher/services.ts';
import { readSettings } from '../launcher/settings.ts';
import { backUp } from './backup.ts';

/** An installation whose databases run, as beside a fleet. */
const test = base.extend('installation', async ({}, { onCleanup }) => {
  const root = dataFolder('backup-');
  const folder = join(root, 'data');
  const lock = await acquireInstallationLock(folder);
  const postgres = await startPostgres({ folder, fsync: false });
  onCleanup(async () => {
    await postgres.stop();
    await lock.release();
    rmSync((await locatePostgres(folder)).dataHome, { recursive: true, force: true });
    rmSync(root, { recursive: true });
  });
  const { rolePasswords } = openSecrets(folder);
  const create = async (service: Service) => {
    const passwords = rolePasswords[service];
    const database = await createDatabase(postgres.adminUrl, service, passwords, { isDedicatedServer: true });
    await migrateDatabase(database, service);
  };
  await Promise.all(services.map(create));
  return { folder, target: join(root, 'backups'), adminUrl: postgres.adminUrl };
});

/** Requests an erasure. @returns its id */
async function requestErasure(client: pg.Client): Promise<string> {
  const id = randomUUID();
  await client.query(
    'insert into erasure_requests (company_id, id, customer_id, requested_by) values ($1, $2, $3, $4)',
    [randomUUID(), id, randomUUID(), 'test'],
  );
  return id;
}

test('the list of erasures is written while a backup runs; a backup leaves one that has those since it began', async ({
  installation: { folder, target, adminUrl },
}) => {
  mkdirSync(join(folder, 'imports'));
  for (let count = 0; count < 300; count += 1) writeFileSync(join(folder, 'imports', `${count}.csv`), 'x');
  mkdirSync(target);
  const settings = await readSettings({});
  const client = new pg.Client({ connectionString: databaseUrl(adminUrl, 'customer') });
  await client.connect();
  try {
    const early = await requestErasure(client);
    const list = () => readFileSync(join(target, 'erasures.jsonl'), 'utf8');
    const running = await acquireInstallationLock(target); // as a backup has it
    await backUp({ folder, settings, target, erasuresOnly: true });
    expect(list()).toContain(early);
    await expect(backUp({ folder, settings, target })).rejects.toThrow('Another backup is written');
    await running.release();

    const backingUp = backUp({ folder, settings, target });
    const isCopyingUploads = () => readdirSync(target).some((name) => existsSync(join(target, name, 'imports')));
    await expect.poll(isCopyingUploads, { timeout: 60_000, interval: 5 }).toBe(true);
    const late = await requestErasure(client);
    const backup = await backingUp;
    expect(readFileSync(join(backup?.path ?? '', 'erasures.jsonl'), 'utf8')).toContain(early);
    expect(readFileSync(join(backup?.path ?? '', 'erasures.jsonl'), 'utf8')).not.toContain(late);
    expect(list()).toContain(late);
  } finally {
    await client.end();
  }
}, 120_000);

base('a target that cannot be a folder is named', async ({ onTestFinished }) => {
  const folder = dataFolder('backup-');
  onTestFinished(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, 'secrets'));
  const settings = await readSettings({});
  const file = join(folder, 'file');
  writeFileSync(file, '');
  const backingUp = (target: string, textfile?: string) =>
    backUp({ folder, settings, target, ...(textfile !== undefined && { textfile }) });
  await expect(backingUp(file)).rejects.toThrow(`The folder ${file} cannot be made: a file has this name.`);
  await expect(backingUp(join(file, 'below'))).rejects.toThrow('cannot be made: a part of the path is a file.');
  const nowhere = join(folder, 'nowhere');
  await expect(backingUp(join(folder, 'backups'), join(nowhere, 'x.prom'))).rejects.toThrow(`no folder ${nowhere}.`);
});
