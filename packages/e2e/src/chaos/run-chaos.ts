import { setTimeout as sleep } from 'node:timers/promises';
import { newCompany } from '../testing/test-fleet.ts';
import { emptyLedger } from './ledger.ts';
import type { ChaosFleet } from './chaos-fleet.ts';
import { missingRecords, pendingEvents, pendingWork, wrongEffects } from './checks.ts';
import { createFaults } from './faults.ts';
import { untilSuccess, waitUntilFine } from './retry.ts';
import { wrongCounters } from './recount.ts';
import { createRandom, log } from './seed.ts';
import { writeOne, type Writer } from './writers.ts';

const settleTimeout = 30_000; // milliseconds after the last kill until every event must have taken effect

/** Registers a company whose admin is a writer. */
export async function newWriter(fleet: ChaosFleet, name: string): Promise<Writer> {
  const client = await untilSuccess(() => newCompany(fleet.url));
  return { name, client, company_id: client.user.business_id, ledger: emptyLedger(), random: createRandom(name) };
}

/** Starts writers. @returns a function that stops them */
export function startWriting(writers: readonly Writer[], write: (writer: Writer) => Promise<void> = writeOne) {
  const stopping = new AbortController();
  const running = Promise.all(
    writers.map(async (writer) => {
      while (!stopping.signal.aborted) await write(writer);
    }),
  );
  running.catch(() => {}); // rethrown by the stop function
  return async (): Promise<void> => {
    stopping.abort();
    await running;
  };
}

/** Builds a check that no event is pending and every write took effect exactly once, which is compared once none is. */
export const checkEffects = (fleet: ChaosFleet, writers: readonly Writer[]) => async (): Promise<string[]> => {
  const pending = await pendingEvents(fleet);
  if (pending.length > 0) return pending;
  const effects = (await Promise.all(writers.map((writer) => wrongEffects(fleet, writer)))).flat();
  return effects.length > 0 ? effects : pendingWork(fleet);
};

/**
 * Writes while faults are injected, the nth after its share of the writes, so that faults fall among writes at any speed.
 * @param options.kills number of faults that kill a process; other faults are injected in addition
 * @param options.faults names of the faults; all by default
 * @param options.maxDelayMs maximum random delay of a fault after its share of the writes
 * @returns the problems at the end
 */
export async function runChaos(
  fleet: ChaosFleet,
  options: {
    name: string;
    writes: number;
    kills: number;
    writers: number;
    faults?: readonly string[];
    maxDelayMs?: number;
  },
): Promise<{ problems: string[]; kills: number; writes: number }> {
  const { writes, kills } = options;
  const names = Array.from({ length: options.writers }, (_, at) => `${options.name} writer ${at + 1}`);
  const writers = await Promise.all(names.map((name) => newWriter(fleet, name)));
  const written = () => writers.reduce((sum, { ledger }) => sum + ledger.writes, 0);
  const failed = new AbortController();
  let killed = 0;
  const write = async (writer: Writer) => {
    while (written() < writes && !failed.signal.aborted) {
      if (written() < (writes * (killed + 1)) / kills) await writeOne(writer);
      else await sleep(10); // waits, so that the faults fall among the writes
    }
  };
  const startTime = Date.now();
  const writing = Promise.all(writers.map(write)).catch((error: unknown) => {
    failed.abort(error);
  });

  const faultRandom = createRandom(`${options.name} faults`);
  const faults = createFaults(fleet, faultRandom, options.faults);
  while (killed < kills) {
    const share = Math.floor((writes * (killed + 0.5)) / kills);
    const delay = faultRandom.below(options.maxDelayMs ?? 600);
    while (written() < share && !failed.signal.aborted) await sleep(20);
    await sleep(delay);
    if (failed.signal.aborted) break;
    if (await faults.next(`${written()} writes, ${((Date.now() - startTime) / 1000).toFixed(1)} s`)) killed += 1;
  }
  await faults.finish();
  const last = Date.now();
  await writing;
  failed.signal.throwIfAborted();
  log(`${written()} writes and ${killed} kills in ${((Date.now() - startTime) / 1000).toFixed(1)} s`);

  const unsettled = await waitUntilFine(checkEffects(fleet, writers), last + settleTimeout);
  if (unsettled.length === 0)
    log(`every write took effect ${((Date.now() - last) / 1000).toFixed(1)} s after the last kill`);
  const missing = (await Promise.all(writers.map((writer) => missingRecords(writer)))).flat();
  return { problems: [...unsettled, ...missing, ...(await wrongCounters(fleet))], kills: killed, writes: written() };
}
