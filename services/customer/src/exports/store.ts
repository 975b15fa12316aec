import { plannerRowEstimate, type Db, type Scope, type Tx } from '@clientela/db';
import type { Customer } from '../customers/schema.ts';
import { applyOrder, selectKeys, type ListQuery } from '../lists/list-query.ts';
import type { Listing } from '../lists/schema.ts';
import { buildWholeList } from '../lists/search.ts';
import { loadCustomersByKeys } from '../lists/store.ts';

const CHUNK = 250; // customers; one may have 64 KiB of metadata
/** Sorting up to so many rows takes less time than a scan in the order of an index that filters them. */
const SORT_LIMIT = 200_000;

// A client may take nothing for as long as the gateway lets it (60 s); then its transaction ends here too.
const settings = { idle_in_transaction_session_timeout: '75s', work_mem: '64MB', jit: 'off' };

/** A read-only transaction that sees the rows of one moment. */
export type Snapshot = {
  /** The moment, an ISO instant. */
  at: string;
  /** Reads the customers of a list in its order, some hundred at a time. Ends the transaction after the last row. */
  read: () => AsyncGenerator<Customer[], void>;
  /** Ends the transaction; may be called again. */
  close: () => Promise<void>;
};

/** Opens the snapshot of a list. The caller must close it. */
export async function openSnapshot(db: Db, scope: Scope, listing: Listing): Promise<Snapshot> {
  const tx = await db.transaction({ isolationLevel: 'repeatable read', readOnly: true });
  const close = async () => {
    if (!tx.isCompleted()) await tx.rollback().catch(() => {}); // a lost connection has no transaction left
  };
  try {
    const values = Object.entries(settings);
    const set = values.map(() => 'set_config(?, ?, true)').join();
    const { rows } = await tx.raw<{ rows: [{ at: string }] }>(`select now() as at, ${set}`, values.flat());
    await declareCursor(tx, await buildWholeList(tx, scope, listing));
    return { at: rows[0].at, read: () => fetchAll(tx, close), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * Declares the cursor of a list's keys. PostgreSQL scans in the order of an index when the cursor is said to read a small part, and filters and
 * sorts all rows when it is said to read everything.
 */
async function declareCursor(tx: Tx, query: ListQuery): Promise<void> {
  const keys = applyOrder(selectKeys(tx, query, query.baseQuery.clone()), query.sortKeys);
  const isSorted = !query.isIndexOrdered && (await plannerRowEstimate(query.filterQuery)) <= SORT_LIMIT;
  await tx.raw("select set_config('cursor_tuple_fraction', ?, true)", [isSorted ? '1' : '0.001']);
  await tx.raw('declare exported no scroll cursor for ?', [keys]);
}

type FoundKey = { found_company: string; found_id: string };

async function* fetchAll(tx: Tx, close: () => Promise<void>): AsyncGenerator<Customer[], void> {
  for (let isLast = false; !isLast;) {
    const { rows } = await tx.raw<{ rows: FoundKey[] }>(`fetch ${CHUNK} from exported`);
    isLast = rows.length < CHUNK;
    const keys = rows.map(({ found_company, found_id }) => ({ company_id: found_company, id: found_id }));
    const customers = await loadCustomersByKeys(tx, keys, { undeleted: false }); // of the same snapshot
    if (isLast) await close();
    yield customers;
  }
}
