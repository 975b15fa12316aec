import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dataFolder } from '@clientela/testing';
import { expect, test as base } from 'vitest';
import { copyVerified, formatSums, readSums, storeText } from './files.ts';
import { lastBackup, recordBackup } from './last-backup.ts';

const test = base.extend('folder', { scope: 'file' }, async ({}, { onCleanup }) => {
  const folder = dataFolder('backup-');
  onCleanup(() => rmSync(folder, { recursive: true }));
  return folder;
});

// A running cluster that is copied: cluster.large.test.ts.

test('a file that changed after the backup, one that is missing and a list that changed are named', async ({
  folder,
}) => {
  const backup = join(folder, 'small');
  mkdirSync(backup);
  const one = await storeText(backup, 'one', 'text');
  const sums = formatSums([one]);
  const { sha256: hash } = await storeText(backup, 'SHA256SUMS', sums);
  expect(await readSums(backup, hash)).toEqual(new Map([['one', one.sha256]]));
  await expect(readSums(backup, one.sha256)).rejects.toThrow('SHA256SUMS is not the list that was written');
  expect(await copyVerified(backup, 'one', one.sha256, join(folder, 'one'))).toBe(4);
  writeFileSync(join(backup, 'one'), 'test');
  await expect(copyVerified(backup, 'one', one.sha256, join(folder, 'two'))).rejects.toThrow('one is not what');
  await expect(copyVerified(backup, 'none', one.sha256, join(folder, 'three'))).rejects.toThrow('none is missing');
  for (const [index, path] of ['../up', '/etc/passwd', 'a/../../b', './one'].entries()) {
    const name = `list-${index}`;
    mkdirSync(join(folder, name));
    const list = await storeText(join(folder, name), 'SHA256SUMS', `${one.sha256}  ${path}\n`);
    await expect(readSums(join(folder, name), list.sha256), path).rejects.toThrow('has an invalid line');
  }
});

test('records the time of the last backup for Prometheus, also where node exporter reads', async ({ folder }) => {
  expect(await lastBackup(folder)).toBeUndefined();
  const at = new Date('2026-01-31T12:00:00Z');
  await recordBackup(folder, at, join(folder, 'clientela.prom'));
  expect(await lastBackup(folder)).toEqual(at);
  expect(readFileSync(join(folder, 'clientela.prom'), 'utf8')).toContain(
    '# TYPE clientela_backup_last_success_timestamp_seconds gauge\nclientela_backup_last_success_timestamp_seconds 1769860800\n',
  );
  expect(statSync(join(folder, 'clientela.prom')).mode & 0o777).toBe(0o644);
});
