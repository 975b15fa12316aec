import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiClient } from './client.ts';
import { exitCodeOf, progressLine, summaryOf, type ImportState } from './progress.ts';

const pollInterval = 1000; // milliseconds
const linesInterval = 10_000; // of a terminal that cannot redraw a line

const path = (id: string) => `/api/customers/imports/${id}`;

/** Reads the state of an import. */
export const readImport = async (client: ApiClient, id: string): Promise<ImportState> =>
  (await client.send('GET', path(id)))['import'] as ImportState;

/**
 * Shows the progress of an import until it ends, and its summary. Ctrl-C ends the command only: the import goes on.
 * @returns the exit code
 */
export async function followImport(client: ApiClient, id: string): Promise<number> {
  const interrupted = new AbortController();
  const onInterrupt = () => interrupted.abort();
  process.once('SIGINT', onInterrupt);
  try {
    const started = performance.now();
    const state = await showProgress(client, id, interrupted.signal);
    if (!state) {
      process.stderr.write(
        `\nThe import goes on. Follow it with: npm run import -- --follow ${id}\nCancel it with: npm run import -- --cancel ${id}\n`,
      );
      return 130;
    }
    const file = state.failed + state.warnings > 0 ? await saveProblems(client, id) : undefined;
    process.stdout.write(`${summaryOf(state, (performance.now() - started) / 1000, file)}\n`);
    return exitCodeOf(state);
  } finally {
    process.off('SIGINT', onInterrupt);
  }
}

/** @returns the state at the end; undefined when the command was interrupted */
async function showProgress(client: ApiClient, id: string, signal: AbortSignal): Promise<ImportState | undefined> {
  const { isTTY } = process.stderr;
  let first: { at: number; read: number } | undefined;
  let shownAt = -Infinity;
  while (!signal.aborted) {
    const state = await readImport(client, id);
    const now = performance.now();
    if (state.status === 'running') first ??= { at: now, read: state.read };
    const rate = first && now > first.at ? ((state.read - first.read) * 1000) / (now - first.at) : 0;
    const hasEnded = state.status !== 'queued' && state.status !== 'running';
    if (isTTY) process.stderr.write(`\r\u001B[K${hasEnded ? '' : progressLine(state, rate, Date.now())}`);
    else if (!hasEnded && now - shownAt >= linesInterval) {
      process.stderr.write(`${progressLine(state, rate, Date.now())}\n`);
      shownAt = now;
    }
    if (hasEnded) return state;
    await sleep(pollInterval, undefined, { signal }).catch(() => {});
  }
  return undefined;
}

/** Saves the errors file in the present folder. @returns its path */
async function saveProblems(client: ApiClient, id: string): Promise<string> {
  const file = resolve(`import-${id}-errors.csv`);
  await writeFile(file, await client.text(`${path(id)}/errors.csv`), { mode: 0o600 });
  return file;
}
