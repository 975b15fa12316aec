import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { backoff } from '@clientela/runtime';
import type { Db } from './connect.ts';
import { asUnavailable } from './unavailable-errors.ts';

/** What a database lacks. `signIn`: it refuses the role, its password or the database's name. */
export type MissingDatabase = 'connection' | 'signIn' | 'migrations';

/** The database refuses the sign-in, and not only because it is being set up. */
export class SignInRefusedError extends Error {
  override name = 'SignInRefusedError';
}

const refusedSignIn = /^(?:28|3D000)/; // SQLSTATE: invalid authorization, no such database
const missingTable = new Set(['3F000', '42P01', '42501']); // no such schema or table, or no privilege on it yet

async function findMissing(db: Db, names: readonly string[]): Promise<MissingDatabase | undefined> {
  try {
    const rows = await db('migrations.done').select<{ name: string }[]>('name');
    const applied = new Set(rows.map(({ name }) => name));
    return names.every((name) => applied.has(name)) ? undefined : 'migrations';
  } catch (error) {
    const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
    if (refusedSignIn.test(code)) return 'signIn';
    if (missingTable.has(code)) return 'migrations';
    if (asUnavailable(error)) return 'connection';
    throw error;
  }
}

/**
 * Waits until the database is reachable and has all migrations, without a limit. A refused sign-in is waited for only as long as a
 * set-up that runs at the same time may take.
 * @param options.folders of the migrations
 * @param options.onMissing called with each new reason to wait
 * @param options.signInTimeout milliseconds
 * @param options.signal ends the wait
 * @throws SignInRefusedError
 */
export async function waitForDatabase(
  db: Db,
  options: {
    folders: readonly string[];
    onMissing: (missing: MissingDatabase) => void;
    signInTimeout?: number;
    signal?: AbortSignal;
  },
): Promise<void> {
  const { folders, onMissing, signInTimeout = 10_000, signal } = options;
  const names = folders.flatMap((folder) => readdirSync(folder).filter((file) => file.endsWith('.sql')));
  let reported: MissingDatabase | undefined;
  let refusedSince: number | undefined;
  for (let attempt = 0; ; attempt += 1) {
    const missing = await findMissing(db, names);
    if (missing === undefined) return;
    if (missing !== reported) onMissing(missing);
    reported = missing;
    refusedSince = missing === 'signIn' ? (refusedSince ?? performance.now()) : undefined;
    if (refusedSince !== undefined && performance.now() - refusedSince >= signInTimeout)
      throw new SignInRefusedError('the server refuses this role, password or database');
    await sleep(backoff(attempt, { maxMs: 2000 }), undefined, { ...(signal && { signal }) });
  }
}
