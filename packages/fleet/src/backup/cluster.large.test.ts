import { chmodSync, cpSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { locatePostgres, startPostgres } from '@clientela/embedded-postgres';
import { dataFolder } from '@clientela/testing';
import pg from 'pg';
import { expect, test as base } from 'vitest';
import { copyCluster } from './cluster.ts';
import { listTree } from './files.ts';
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
