import type { Db } from '@clientela/db';
import { startPeriodicWorker, type Log } from '@clientela/runtime';
import {
  changeCounterCurrency,
  deleteOldCurrencyChange,
  listCounterCurrencies,
  listCurrencyChanges,
  type CurrencyChange,
} from './store.ts';

const batchSize = 2000; // customers

/**
 * Expresses the counters of all companies whose currency changed lately in the new one. Rows that were locked, or written from a cache
 * with the earlier currency, follow in a later run. Safe in several processes.
 */
export async function applyCurrencyChanges(db: Db, signal?: AbortSignal): Promise<void> {
  for (const change of await listCurrencyChanges(db)) {
    await applyCurrencyChange(db, change, signal);
    if (signal?.aborted) return;
    await deleteOldCurrencyChange(db, change);
  }
}

async function applyCurrencyChange(db: Db, change: CurrencyChange, signal?: AbortSignal): Promise<void> {
  let last: string | undefined;
  do {
    const rows = await listCounterCurrencies(db, change.company_id, last, batchSize);
    const outdated = rows.filter(({ currency }) => currency !== change.currency);
    if (outdated.length > 0) {
      const ids = outdated.map(({ customer_id }) => customer_id);
      await changeCounterCurrency(db, change, ids);
    }
    last = rows.at(-1)?.customer_id;
  } while (last !== undefined && !signal?.aborted);
}

/** @param options.intervalMs milliseconds between two runs */
export const startCurrencyWorker = (options: { db: Db; log: Log; intervalMs?: number }) =>
  startPeriodicWorker({
    run: (signal) => applyCurrencyChanges(options.db, signal),
    intervalMs: options.intervalMs ?? 5000,
    log: options.log,
    failureMessage: 'changing the currency of counters failed and will be retried',
  });
