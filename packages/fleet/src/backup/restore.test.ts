import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { embeddedVersion } from '@clientela/embedded-postgres';
import { expect, test as base } from 'vitest';
import { openSecrets } from '../launcher/secrets.ts';
import { mapKeys, services } from '../launcher/services.ts';
import { readSettings } from '../launcher/settings.ts';
import { type Catalogue, platform, readCatalogue } from './catalogue.ts';
import { formatSums, storeText, type StoredFile } from './files.ts';
import { placesOfUploads } from './places.ts';
import { nextStep, putInPlace, restore } from './restore.ts';

const test = base.extend('root', async ({}, { onCleanup }) => {
  const root = mkdtempSync(join(tmpdir(), 'restore-'));
  onCleanup(() => rmSync(root, { recursive: true }));
  return root;
});

const damage = 'The backup is damaged: imports/table.csv is not what was written.';
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

/** Writes a backup without databases, whose uploads of imports are damaged: a restore has copied the avatars when it fails. */
async function damagedBackup(backup: string): Promise<Catalogue> {
  const { ownSecrets } = openSecrets(backup);
  const files: StoredFile[] = readdirSync(join(backup, 'secrets')).map((name) => {
    const text = readFileSync(join(backup, 'secrets', name), 'utf8');
    return { path: `secrets/${name}`, bytes: text.length, sha256: sha256(text) };
  });
  const others = [
    ...['backup_label', 'global/pg_control', 'PG_VERSION'].map((name) => `postgres/${name}`),
    'avatars/one/picture.png',
    'imports/table.csv',
  ];
  for (const path of others) {
    mkdirSync(dirname(join(backup, path)), { recursive: true });
    files.push(await storeText(backup, path, path));
  }
  const sums = formatSums(files);
  await storeText(backup, 'SHA256SUMS', sums);
  writeFileSync(join(backup, 'imports/table.csv'), 'damaged');
  const catalogue: Catalogue = {
    format: 1,
    clientela: '0.1.0',
    started_at: '2026-01-31T12:00:00Z',
    consistent_at: '2026-01-31T12:00:01Z',
    platform,
    postgres: {
      version: await embeddedVersion(),
      start_lsn: '0/1',
      stop_lsn: '0/2',
      wal_segments: 0,
      folders: ['base', 'base/1', 'pg_wal'],
    },
    migrations: mapKeys(services, () => []),
    secrets: mapKeys(services, (service) => sha256(ownSecrets[service])),
    broker: false,
    avatars: 'included',
    files: files.length,
    bytes: 0,
    sums: sha256(sums),
  };
  await storeText(backup, 'catalogue.json', JSON.stringify(catalogue));
  return catalogue;
}

test('a restore that fails leaves nothing in folders of uploads that the settings place elsewhere', async ({
  root,
}) => {
  const backup = join(root, 'backup');
  await damagedBackup(backup);
  const elsewhere = join(root, 'elsewhere');
  const outside = { AVATARS_FOLDER: join(elsewhere, 'avatars'), IMPORTS_FOLDER: join(elsewhere, 'imports') };
  mkdirSync(elsewhere);
  const settings = await readSettings(outside);
  const fails = () => expect(restore({ backup, folder: join(root, 'data'), settings })).rejects.toThrow(damage);
  await fails();
  expect(readdirSync(elsewhere)).toEqual([]);
  mkdirSync(outside.AVATARS_FOLDER); // an operator may have created it
  await fails();
  expect(readdirSync(elsewhere)).toEqual(['avatars']);
  expect(readdirSync(outside.AVATARS_FOLDER)).toEqual([]);
  expect(readdirSync(join(root, 'data'))).toEqual([]);
});

test('a folder of uploads below the installation gets its place with it', async ({ root }) => {
  const backup = join(root, 'backup');
  await damagedBackup(backup);
  const folder = join(root, 'data');
  const settings = await readSettings({ AVATARS_FOLDER: join(folder, 'pictures') });
  await expect(restore({ backup, folder, settings })).rejects.toThrow(damage);
  expect(readdirSync(folder)).toEqual([]);

  const unfinished = join(root, 'data.unfinished');
  const uploads = { AVATARS_FOLDER: join(folder, 'pictures'), IMPORTS_FOLDER: join(root, 'imports') };
  const places = await placesOfUploads(await readSettings(uploads), folder, unfinished);
  for (const { part, copy } of places) {
    mkdirSync(copy, { recursive: true });
    writeFileSync(join(copy, 'file'), part);
  }
  writeFileSync(join(folder, 'earlier'), '');
  const aside = await putInPlace(folder, unfinished, places);
  expect(readFileSync(join(folder, 'pictures', 'file'), 'utf8')).toBe('avatars');
  expect(readFileSync(join(root, 'imports', 'file'), 'utf8')).toBe('imports');
  expect(readdirSync(aside ?? '')).toEqual(['earlier']);
});

test('a folder with only a compile cache is no earlier installation', async ({ root }) => {
  const [folder, unfinished] = [join(root, 'data'), join(root, 'data.unfinished')];
  for (const path of [join(folder, 'compile-cache'), unfinished]) mkdirSync(path, { recursive: true });
  expect(await putInPlace(folder, unfinished, [])).toBeUndefined();
  expect(readdirSync(root)).toEqual(['data']);
});

test('says what is left to do by the settings that there are', ({ root }) => {
  const [backup, envFile] = [join(root, 'backup'), join(root, '.env')];
  mkdirSync(backup);
  expect(nextStep(backup, envFile)).toBe('Start it: npm start');
  writeFileSync(join(backup, 'settings.env'), '');
  expect(nextStep(backup, envFile)).toContain(`Copy ${backup}/settings.env to ${envFile}`);
  writeFileSync(envFile, '');
  expect(nextStep(backup, envFile)).toContain(`Compare ${backup}/settings.env with ${envFile}`);
});

test('a file is no backup', async ({ root }) => {
  writeFileSync(join(root, 'file'), '');
  await expect(readCatalogue(join(root, 'file'))).rejects.toThrow('is no backup: it has no catalogue.json');
});

test('when one folder cannot be put in its place, all others are where they were', async ({ root }) => {
  const [folder, unfinished, outside] = [join(root, 'data'), join(root, 'data.unfinished'), join(root, 'imports')];
  const copy = `${outside}.unfinished`;
  for (const path of [folder, copy, outside]) mkdirSync(path);
  writeFileSync(join(folder, 'earlier'), '');
  const before = readdirSync(root, { recursive: true }).toSorted();
  const places = [{ part: 'imports', copy, outside }];
  await expect(putInPlace(folder, unfinished, places)).rejects.toThrow('ENOENT');
  expect(readdirSync(root, { recursive: true }).toSorted()).toEqual(before);
});

test('a catalogue with a folder that leaves the data folder is refused', async ({ root }) => {
  const catalogue = await damagedBackup(root);
  expect((await readCatalogue(root)).postgres.folders).toEqual(catalogue.postgres.folders);
  for (const path of ['../up', '/etc/x', 'base/../../../etc/x', './base']) {
    const folders = [...catalogue.postgres.folders, path];
    writeFileSync(
      join(root, 'catalogue.json'),
      JSON.stringify({ ...catalogue, postgres: { ...catalogue.postgres, folders } }),
    );
    await expect(readCatalogue(root), path).rejects.toThrow('is damaged, or of another version');
  }
});
