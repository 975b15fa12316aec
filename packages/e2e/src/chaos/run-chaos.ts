import { setTimeout as sleep } from 'node:timers/promises';
import { newCompany } from '../testing/test-fleet.ts';
import { emptyBook } from './ledger.ts';
import type { ChaosStreet } from './chaos-fleet.ts';
import { allIsThere, nothingWaits, onceEach } from './checks.ts';
import { faultsOf } from './faults.ts';
import { settles } from './retry.ts';
import { recounted } from './recount.ts';
import { dice, tell } from './seed.ts';
import { writeOne, type Writer } from './writers.ts';

const stuck = 30_000; // milliseconds after the last kill in which everything must have taken effect

/** Somebody who founds a company and writes in it. */
export async function newWriter(street: ChaosStreet, name: string): Promise<Writer> {
  const client = await newCompany(street.url);
  return { name, client, company_id: client.user.business_id, book: emptyBook(), dice: dice(name) };
}

/** Lets writers write until they are told to stop. */
export function startWriting(writers: readonly Writer[], write: (writer: Writer) => Promise<void> = writeOne) {
  const stopping = new AbortController();
  const running = Promise.all(
    writers.map(async (writer) => {
      while (!stopping.signal.aborted) await write(writer);
    }),
  );
  running.catch(() => {}); // told by whoever stops it
  return async (): Promise<void> => {
    stopping.abort();
    await running;
  };
}

/** Whether everything that writers wrote took effect, once, and nothing waits any more. */
export const effectsOf = (street: ChaosStreet, writers: readonly Writer[]) => async (): Promise<string[]> => [
  ...(await Promise.all(writers.map((writer) => onceEach(street, writer)))).flat(),
  ...(await nothingWaits(street)),
];

/**
 * Writes while faults happen: the nth when its share of the writes is acknowledged, so that each falls among writes however fast they are.
 * @param options.kills how many of the faults are kills; others come besides
 * @returns what is wrong when it is over
 */
export async function storm(
  street: ChaosStreet,
  options: { name: string; writes: number; kills: number; writers: number },
): Promise<{ wrong: string[]; kills: number; writes: number }> {
  const { writes, kills } = options;
  const names = Array.from({ length: options.writers }, (_, at) => `${options.name} writer ${at + 1}`);
  const writers = await Promise.all(names.map((name) => newWriter(street, name)));
  const written = () => writers.reduce((sum, { book }) => sum + book.writes, 0);
  const failed = new AbortController();
  let killed = 0;
  const write = async (writer: Writer) => {
    while (written() < writes && !failed.signal.aborted) {
      if (written() < (writes * (killed + 1)) / kills) await writeOne(writer);
      else await sleep(10); // the faults are to fall among the writes, not behind them
    }
  };
  const begun = Date.now();
  const writing = Promise.all(writers.map(write)).catch((error: unknown) => {
    failed.abort(error);
  });

  const chance = dice(`${options.name} faults`);
  const faults = faultsOf(street, chance);
  while (killed < kills) {
    const share = Math.floor((writes * (killed + 0.5)) / kills);
    const later = chance.below(600);
    while (written() < share && !failed.signal.aborted) await sleep(20);
    await sleep(later);
    if (failed.signal.aborted) break;
    if (await faults.next(`${written()} writes, ${((Date.now() - begun) / 1000).toFixed(1)} s`)) killed += 1;
  }
  await faults.over();
  const last = Date.now();
  await writing;
  failed.signal.throwIfAborted();
  tell(`${written()} writes and ${killed} kills in ${((Date.now() - begun) / 1000).toFixed(1)} s`);

  const waits = await settles(effectsOf(street, writers), last + stuck);
  if (waits.length === 0) tell(`all took effect ${((Date.now() - last) / 1000).toFixed(1)} s after the last kill`);
  const missing = (await Promise.all(writers.map((writer) => allIsThere(writer)))).flat();
  return { wrong: [...waits, ...missing, ...(await recounted(street))], kills: killed, writes: written() };
}
