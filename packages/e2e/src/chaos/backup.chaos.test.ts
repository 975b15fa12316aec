import { randomUUID } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { backUp, readSettings, restore, startFleet } from '@clientela/fleet';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { client, removeInstallation, type Client } from '../testing/test-fleet.ts';
import { queryOf } from '../testing/query.ts';
import { startChaosFleet, type ChaosFleet } from './chaos-fleet.ts';
import { png } from './canaries.ts';
import { missingRecords, pendingEvents, wrongEffects } from './checks.ts';
import { wrongCounters } from './recount.ts';
import { sendWithRetry, waitUntilFine } from './retry.ts';
import { newWriter, startWriting } from './run-chaos.ts';
import { log } from './seed.ts';
import { write, writeOne, type Writer } from './writers.ts';

const settled = 60_000; // milliseconds until every event must have taken effect
const kinds = ['newCustomer', 'note', 'tag', 'interaction', 'order'] as const;
const password = 'correct horse battery';

let source: ChaosFleet;
let root: string;
const installations: string[] = [];
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'clientela-backup-'));
  source = await startChaosFleet('HTTP');
}, 120_000);
afterAll(async () => {
  await source?.end();
  for (const folder of installations) await removeInstallation(folder);
  rmSync(root, { recursive: true, force: true });
});

const percentile = (durations: readonly number[], share: number) =>
  Math.round(durations.toSorted((a, b) => a - b)[Math.floor((durations.length - 1) * share)] ?? 0);

/** Signs a writer in at another fleet, where its session is ended. */
async function signIn(writer: Writer, url: string): Promise<Writer> {
  const { body } = await client(url).post('/auth/login', { email: writer.client.user.email, password });
  return { ...writer, client: { ...client(url, body.access_token), user: body.user } };
}

async function erased(admin: Client, customer_id: string): Promise<void> {
  await sendWithRetry(admin, randomUUID(), 'POST', '/api/gdpr/delete?wait=true', { customer_id });
}

/** Compares what a writer wrote with what the audit log has of it. @returns the numbers of each */
async function rowsAndAuditLines(fleet: ChaosFleet, { company_id }: Writer) {
  const count = async (service: 'customer' | 'interaction' | 'auth', sql: string) =>
    (await fleet.query(service, `select count(*)::int as count from ${sql}`, [company_id]))[0]?.['count'];
  const audited = (action: string) => count('auth', `audit_logs where company_id = $1 and action = '${action}'`);
  return {
    rows: {
      customers: await count('customer', 'customers where company_id = $1 and user_id is null'),
      notes: await count('customer', 'customer_notes where company_id = $1'),
      tags: await count('customer', 'customer_tags where company_id = $1'),
      interactions: await count('interaction', 'interactions where company_id = $1'),
      transactions: await count('interaction', 'transactions where company_id = $1'),
    },
    audit: {
      customers:
        ((await audited('customer.created')) as number) -
        ((await count('customer', 'customers where company_id = $1 and user_id is not null')) as number),
      notes: await audited('customer.note.added'),
      tags: await audited('customer.tag.added'),
      interactions: await audited('interaction.recorded'),
      transactions: await audited('transaction.recorded'),
    },
  };
}

test('a backup under load, restored on an empty machine, has every write acknowledged before and nothing twice; who was erased since stays erased', async () => {
  const quiet = await newWriter(source, 'backup quiet');
  const busy = await Promise.all(['one', 'two', 'three'].map((name) => newWriter(source, `backup ${name}`)));
  for (let count = 0; count < 120; count += 1) await writeOne(quiet);
  const people = await newWriter(source, 'backup people');
  for (let count = 0; count < 3; count += 1) await write('newCustomer', people);
  const [erasedBefore, erasedAfter, staying] = people.ledger.customers;
  if (!erasedBefore || !erasedAfter || !staying) throw new Error('no customers');
  await erased(people.client, erasedBefore.id);
  const avatar = new FormData();
  avatar.append('file', new Blob([Buffer.from(png, 'base64')], { type: 'image/png' }), 'me.png');
  const uploaded = await people.client.post(`/api/customers/${staying.id}/avatar`, avatar);
  expect(uploaded.status).toBe(200);
  const { avatar_url } = uploaded.body.customer;

  const stopWriting = startWriting(busy, async (writer) => {
    const kind = writer.ledger.customers.length < 3 ? 'newCustomer' : writer.random.pick(kinds);
    await write(kind, writer);
  });
  const written = () => busy.reduce((sum, { ledger }) => sum + ledger.writes, 0);
  const durations = () => busy.flatMap(({ ledger }) => ledger.durations);
  await expect.poll(written, { timeout: 60_000 }).toBeGreaterThan(150);
  const usual = durations();
  // The audit trail receives nothing, so that events are under way at the instant of the backup.
  source.kill('auth', 'SIGSTOP');
  const waiting = async () =>
    Number((await source.query('customer', 'select count(*) from outbox_deliveries'))[0]?.['count']);
  await expect.poll(waiting, { timeout: 30_000 }).toBeGreaterThan(10);
  const acknowledged = busy.map(({ ledger }) => structuredClone(ledger));
  const target = join(root, 'backups');
  const settings = await readSettings({ RATE_LIMITS: 'off' });
  const startTime = performance.now();
  const backup = await backUp({ folder: source.folder, settings, target });
  const seconds = (performance.now() - startTime) / 1000;
  const during = durations().slice(usual.length);
  await stopWriting();
  source.kill('auth', 'SIGCONT');
  if (!backup) throw new Error('no backup');
  const { path, catalogue } = backup;
  log(
    `backup: ${catalogue.files} files, ${(catalogue.bytes / 1e6).toFixed(1)} MB, ${catalogue.postgres.wal_segments} segments of WAL, ` +
      `${seconds.toFixed(1)} s; a write took ${percentile(usual, 0.5)} ms (p99 ${percentile(usual, 0.99)}, longest ${percentile(usual, 1)}) before, ` +
      `${percentile(during, 0.5)} ms (p99 ${percentile(during, 0.99)}, longest ${percentile(during, 1)}) meanwhile`,
  );
  expect(during.length).toBeGreaterThan(0);
  expect(statSync(path).mode & 0o777).toBe(0o700);
  expect(readdirSync(target).toSorted()).toEqual(['clientela-' + path.split('clientela-').at(-1), 'erasures.jsonl']);

  await erased(people.client, erasedAfter.id);
  await backUp({ folder: source.folder, settings, target, erasuresOnly: true });
  await source.end();

  const folder = join(root, 'restored');
  installations.push(folder);
  const restoreTime = performance.now();
  const result = await restore({ backup: path, folder, settings, fsync: false, onProgress: log });
  log(`restored in ${((performance.now() - restoreTime) / 1000).toFixed(1)} s`);
  expect(result).toMatchObject({ replayed: 1, listedAt: expect.any(Date) });
  await expect(restore({ backup: path, folder, settings })).rejects.toThrow('holds an installation: --replace');

  const started = await startFleet({ folder, env: { RATE_LIMITS: 'off' }, freePorts: true, fsync: false });
  try {
    const fleet = { ...source, ...started, folder, query: queryOf(started) } as ChaosFleet;
    const old = await client(fleet.url, quiet.client.token).get('/api/customers');
    expect(old.status).toBe(401); // its session is ended
    const writer = await signIn(quiet, fleet.url);
    const check = async () => [...(await pendingEvents(fleet)), ...(await wrongEffects(fleet, writer))];
    expect(await waitUntilFine(check, Date.now() + settled)).toEqual([]);
    expect(await missingRecords(writer)).toEqual([]);
    for (const [index, one] of busy.entries()) {
      const restored = await rowsAndAuditLines(fleet, one);
      log(`${one.name}: ${JSON.stringify(restored.rows)} of ${one.ledger.writes} writes`);
      expect(restored.audit).toEqual(restored.rows);
      const ids = await fleet.query('customer', 'select id from customers where company_id = $1', [one.company_id]);
      const before = acknowledged[index]?.customers ?? [];
      expect(ids.map(({ id }) => id)).toEqual(expect.arrayContaining(before.map(({ id }) => id)));
      expect(restored.rows.notes).toBeGreaterThanOrEqual(before.flatMap(({ notes }) => notes).length);
      expect(restored.rows.tags).toBeGreaterThanOrEqual(before.flatMap(({ tags }) => tags).length);
    }
    expect(await wrongCounters(fleet)).toEqual([]);

    const admin = (await signIn(people, fleet.url)).client;
    for (const { id, full_name } of [erasedBefore, erasedAfter]) {
      const isGone = async () => ((await admin.get(`/api/customers/${id}`)).status === 404 ? [] : ['it is back']);
      expect(await waitUntilFine(isGone, Date.now() + settled)).toEqual([]);
      expect(await fleet.query('customer', 'select id from customers where full_name = $1', [full_name])).toEqual([]);
    }
    const openRequests = () => fleet.query('customer', 'select id from erasure_requests where done_at is null');
    await expect.poll(openRequests, { timeout: settled }).toEqual([]);
    expect((await admin.get(avatar_url)).status).toBe(200);
    await erased(admin, staying.id);
  } finally {
    await started.stop();
  }

  // Restored once more, with no list: the installation that is replaced says who was erased since the backup.
  rmSync(join(target, 'erasures.jsonl'));
  const again = await restore({ backup: path, folder, settings, replace: true, fsync: false, onProgress: log });
  expect(again).toMatchObject({ replayed: 2, aside: expect.stringContaining('restored.before-') });
  installations.push(again.aside ?? '');
}, 600_000);

test('a backup that is damaged or incomplete is refused, and nothing is restored', async () => {
  const target = join(root, 'backups');
  const name = readdirSync(target).find((entry) => entry.startsWith('clientela-')) ?? '';
  const settings = await readSettings({});
  const attempt = async (damage: (backup: string) => void) => {
    const backup = join(root, 'damaged');
    rmSync(backup, { recursive: true, force: true });
    cpSync(join(target, name), backup, { recursive: true });
    damage(backup);
    const folder = join(root, 'none');
    const error = await restore({ backup, folder, settings, fsync: false }).then(
      () => 'restored',
      ({ message }: Error) => message,
    );
    expect(readdirSync(folder)).toEqual([]);
    expect(readdirSync(root)).not.toContain('none.unfinished');
    return error;
  };
  const catalogue = (backup: string) => join(backup, 'catalogue.json');
  const change = (backup: string, values: object) => {
    const earlier = JSON.parse(readFileSync(catalogue(backup), 'utf8')) as { postgres: object };
    writeFileSync(catalogue(backup), JSON.stringify({ ...earlier, ...values }));
  };
  const label = 'postgres/backup_label';
  expect(await attempt((backup) => rmSync(join(backup, label)))).toBe(`The backup is damaged: ${label} is missing.`);
  expect(await attempt((backup) => writeFileSync(join(backup, 'postgres/PG_VERSION'), '18 \n'))).toBe(
    'The backup is damaged: postgres/PG_VERSION is not what was written.',
  );
  expect(await attempt((backup) => rmSync(join(backup, 'SHA256SUMS')))).toBe(
    'The backup is damaged: SHA256SUMS is missing.',
  );
  expect(await attempt((backup) => rmSync(catalogue(backup)))).toMatch(/is no backup: it has no catalogue\.json/);
  expect(await attempt((backup) => change(backup, { platform: 'sunos-sparc' }))).toMatch(/was made on sunos-sparc/);
  expect(
    await attempt((backup) => {
      const { migrations } = JSON.parse(readFileSync(catalogue(backup), 'utf8')) as {
        migrations: Record<string, string[]>;
      };
      change(backup, { migrations: { ...migrations, product: [...(migrations['product'] ?? []), '9999_new.sql'] } });
    }),
  ).toMatch(/of a newer version, .*: this one does not know product's migration 9999_new\.sql/);
  cpSync(join(target, name), join(root, 'clientela-1.unfinished'), { recursive: true });
  const unfinished = restore({ backup: join(root, 'clientela-1.unfinished'), folder: join(root, 'none'), settings });
  await expect(unfinished).rejects.toThrow('is a backup that was interrupted');
}, 300_000);
