import { chmodSync, cpSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { locatePostgres, startPostgres } from '@clientela/embedded-postgres';
import { dataFolder } from '@clientela/testing';
import pg from 'pg';
import { expect, test as base } from 'vitest';
import { copyCluster } from './cluster.ts';
import { copyVerified, formatSums, listTree, readSums, storeText } from './files.ts';
import { lastBackup, recordBackup } from './last-backup.ts';
import { handOver } from './restore.ts';

const test = base.extend('folder', { scope: 'file' }, async ({}, { onCleanup }) => {
  const folder = dataFolder('backup-');
  onCleanup(() => rmSync(folder, { recursive: true }));
  return folder;
});

async function connectTo(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {}); // the server stops
  await client.connect();
  return client;
}

/** Writes rows, one commit each, until stopped. @returns the number of acknowledged ones, and what stops it */
async function startWriting(url: string) {
  const client = await connectTo(url);
  await client.query('create table written (id int primary key, text text)');
  let acknowledged = 0;
  let isStopping = false;
  const running = (async () => {
    for (; !isStopping; acknowledged += 1)
      await client.query(`insert into written values ($1, repeat('x', 500))`, [acknowledged]);
    await client.end();
  })();
  return {
    acknowledged: () => acknowledged,
    stop: () => {
      isStopping = true;
      return running;
    },
  };
}

test('a cluster that is copied while rows are written has every row acknowledged before, and starts as another one', async ({
  folder,
}) => {
  const source = join(folder, 'source');
  const root = join(folder, 'copy');
  mkdirSync(root, { mode: 0o700 });
  const server = await startPostgres({ folder: source, fsync: false });
  const { dataHome, runAs } = await locatePostgres(source);
  const data = join(dataHome, 'data');
  try {
    const writer = await startWriting(server.adminUrl);
    await expect.poll(writer.acknowledged).toBeGreaterThan(100);
    const before = writer.acknowledged();
    const copy = await copyCluster(server.adminUrl, data, root, 'postgres');
    expect(writer.acknowledged()).toBeGreaterThan(before);
    await writer.stop();
    await server.stop();
    const paths = copy.files.map(({ path }) => path);
    expect(paths).toEqual(expect.arrayContaining(['postgres/backup_label', 'postgres/global/pg_control']));
    expect((await listTree(root)).files.toSorted()).toEqual(paths.toSorted());

    rmSync(data, { recursive: true });
    cpSync(join(root, 'postgres'), data, { recursive: true });
    chmodSync(data, 0o700);
    await handOver(data, runAs);
    const restored = await startPostgres({ folder: source, fsync: false });
    const client = await connectTo(restored.adminUrl);
    const { rows } = await client.query('select count(*)::int as count, max(id) + 1 as next from written');
    const slots = await client.query('select from pg_replication_slots');
    await client.end();
    expect(rows[0].count).toBeGreaterThanOrEqual(before);
    expect(rows[0].next).toBe(rows[0].count); // nothing is missing in between
    expect(slots.rowCount).toBe(0);
  } finally {
    await server.stop();
    rmSync(dataHome, { recursive: true, force: true });
  }
}, 120_000);

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
