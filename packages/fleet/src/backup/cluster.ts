import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { copyFile, forEach, flushTree, listTree, makeFolders, storeText, type StoredFile } from './files.ts';

/** A copy of the cluster: its files, and the instant of all its databases. */
export type ClusterCopy = {
  files: StoredFile[];
  folders: string[];
  version: string;
  /** All that was committed before this time is in the copy. */
  consistentAt: string;
  startLsn: string;
  stopLsn: string;
  segments: number;
};

const statementTimeout = 600_000; // milliseconds; the checkpoint at the start writes all changed pages

// As pg_basebackup leaves them out: the server creates their contents again, or they name this server's process.
const contentsLeftOut =
  /^(?:pg_wal|pg_replslot|pg_dynshmem|pg_notify|pg_serial|pg_snapshots|pg_subtrans|pg_stat_tmp)\/(?!archive_status$|summaries$)/;
const leftOut =
  /(?:^|\/)(?:postmaster\.(?:pid|opts)|backup_label(?:\.old)?|tablespace_map(?:\.old)?|backup_manifest|pgsql_tmp[^/]*|pg_internal\.init[^/]*)$/;
const controlFile = 'global/pg_control';

/**
 * Copies a running cluster while it is written to: PostgreSQL's low-level backup. The copied pages are of different moments; the server
 * that starts from them replays the write-ahead log up to one instant of all databases, which is why the log of that time comes along.
 * @param adminUrl a superuser's connection
 * @param data the data folder of that server
 * @param root the backup, in which the copy becomes the folder `name`
 */
export async function copyCluster(adminUrl: string, data: string, root: string, name: string): Promise<ClusterCopy> {
  const client = new pg.Client({
    connectionString: adminUrl,
    application_name: 'clientela backup',
    connectionTimeoutMillis: 5000,
    query_timeout: statementTimeout,
    keepAlive: true,
  });
  client.on('error', () => {}); // a lost connection fails the next statement, which fails the backup
  await client.connect();
  try {
    const [server] = (
      await client.query<{ version: string; segment: string; tablespaces: number }>(
        `select current_setting('server_version') as version, pg_size_bytes(current_setting('wal_segment_size'))::text as segment,
              (select count(*)::int from pg_tablespace where spcname not in ('pg_default', 'pg_global')) as tablespaces`,
      )
    ).rows;
    if (!server) throw new Error('PostgreSQL gave no version.');
    if (server.tablespaces > 0)
      throw new Error('The cluster has tablespaces outside of its folder: use pg_basebackup.');
    // Keeps the log from being recycled while the files are copied. It ends with this connection.
    await client.query(`select pg_create_physical_replication_slot($1, true, true)`, [
      `clientela_backup_${process.pid}`,
    ]);
    const [started] = (
      await client.query<{ lsn: string; segment: string }>(
        `select lsn::text, pg_walfile_name(lsn) as segment from pg_backup_start('clientela', fast => true) as lsn`,
      )
    ).rows;
    const target = join(root, name);
    const tree = await listTree(data, (path) => contentsLeftOut.test(path) || leftOut.test(path));
    await makeFolders(target, tree.folders);
    const files: StoredFile[] = [];
    const add = async (path: string) => {
      const copied = await copyFile(join(data, path), join(target, path));
      if (copied) files.push({ path: `${name}/${path}`, ...copied });
    };
    await forEach(
      tree.files.filter((path) => path !== controlFile),
      add,
    );
    files.push(await storeText(root, `${name}/${controlFile}`, await readStable(join(data, controlFile))));
    const consistentAt = new Date().toISOString();
    const [stopped] = (
      await client.query<{ lsn: string; label: string; segment: string }>(
        `select lsn::text, labelfile as label, pg_walfile_name(lsn) as segment
         from pg_backup_stop(wait_for_archive => false)`,
      )
    ).rows;
    if (!started || !stopped) throw new Error('PostgreSQL gave no position of the backup.');
    files.push(await storeText(root, `${name}/backup_label`, stopped.label));
    const segments = segmentNames(started.segment, stopped.segment, Number(server.segment));
    for (const segment of segments) {
      const copied = await copyFile(join(data, 'pg_wal', segment), join(target, 'pg_wal', segment));
      if (copied?.bytes !== Number(server.segment))
        throw new Error(`The write-ahead log of the backup is incomplete: ${segment} is missing.`);
      files.push({ path: `${name}/pg_wal/${segment}`, ...copied });
    }
    await flushTree(target, tree.folders);
    return {
      files,
      folders: tree.folders,
      version: server.version.split(' ')[0] ?? '',
      consistentAt,
      startLsn: started.lsn,
      stopLsn: stopped.lsn,
      segments: segments.length,
    };
  } finally {
    await client.end().catch(() => {}); // ends the slot, and a backup that was not stopped
  }
}

/** Reads a small file that the server overwrites in place, until two reads agree. */
async function readStable(path: string): Promise<Buffer> {
  let last = await readFile(path);
  for (let attempt = 0; attempt < 100; attempt += 1) {
    await sleep(5);
    const next = await readFile(path);
    if (next.equals(last)) return next;
    last = next;
  }
  throw new Error(`${path} does not stop changing.`);
}

/** Names the segments of the write-ahead log from the first to the last: timeline, then two numbers of 8 hex digits each. */
function segmentNames(first: string, last: string, segmentBytes: number): string[] {
  const perFile = BigInt(2 ** 32 / segmentBytes);
  const numberOf = (name: string) => BigInt(`0x${name.slice(8, 16)}`) * perFile + BigInt(`0x${name.slice(16)}`);
  const hex = (number: bigint) => number.toString(16).toUpperCase().padStart(8, '0');
  if (first.slice(0, 8) !== last.slice(0, 8)) throw new Error('The server was restored while it was backed up.');
  const names: string[] = [];
  for (let number = numberOf(first); number <= numberOf(last); number += 1n)
    names.push(`${first.slice(0, 8)}${hex(number / perFile)}${hex(number % perFile)}`);
  return names;
}
