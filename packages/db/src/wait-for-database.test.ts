import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, migrationsOf, testDatabase } from '@clientela/testing';
import { expect, onTestFinished, test } from 'vitest';
import { connect } from './connect.ts';
import { SignInRefusedError, waitForDatabase, type MissingDatabase } from './wait-for-database.ts';

test('waits for a migration that the database does not have yet', async () => {
  const database = await testDatabase('product');
  const folder = mkdtempSync(join(tmpdir(), 'migrations-'));
  onTestFinished(async () => {
    rmSync(folder, { recursive: true });
    await database.drop();
  });
  const folders = [...migrationsOf('product'), folder];
  const missing: MissingDatabase[] = [];
  const wait = () => waitForDatabase(database.db, { folders, onMissing: (one) => void missing.push(one) });
  await wait();
  expect(missing).toEqual([]);

  writeFileSync(join(folder, 'product-9999_later.sql'), '');
  const waiting = wait();
  await expect.poll(() => missing).toEqual(['migrations']);
  await database
    .owner('migrations.done')
    .insert({ name: 'product-9999_later.sql', batch: 1, migration_time: new Date() });
  await waiting;
});

test('waits for an unreachable server without a limit, and for a refused sign-in only for a while', async () => {
  const database = await testDatabase('product');
  onTestFinished(() => database.drop());
  const waitFor = (url: string) => {
    const db = connect(url, { pool: 1 });
    onTestFinished(() => db.destroy());
    const missing: MissingDatabase[] = [];
    const stopping = new AbortController();
    onTestFinished(() => stopping.abort());
    const onMissing = (one: MissingDatabase) => void missing.push(one);
    const waiting = waitForDatabase(db, { folders: [], onMissing, signInTimeout: 50, signal: stopping.signal });
    waiting.catch(() => {});
    return { waiting, missing };
  };
  const wrongPassword = new URL(database.url);
  wrongPassword.password = 'wrong';
  const unknownDatabase = new URL(database.url);
  unknownDatabase.pathname = '/clientela_nowhere';
  for (const url of [wrongPassword, unknownDatabase]) {
    const refused = waitFor(url.href);
    await expect(refused.waiting).rejects.toThrow(SignInRefusedError);
    expect(refused.missing).toEqual(['signIn']);
  }
  const unreachable = waitFor(`postgresql://a:b@127.0.0.1:${await freePort()}/c`);
  await expect.poll(() => unreachable.missing).toEqual(['connection']);
  expect(await Promise.race([unreachable.waiting, new Promise((resolve) => setTimeout(resolve, 300, 'waits'))])).toBe(
    'waits',
  );
});
