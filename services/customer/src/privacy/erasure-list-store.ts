import { whereKeyset, type Query, type Tx } from '@clientela/db';
import type { ListedFingerprint, ListedRequest } from './erasure-list.ts';
import { insertSteps } from './store.ts';

const listBatch = 1000; // rows of a statement

/** Reads all requests in batches, as the list of erasures has them. */
export const listAllRequests = (tx: Tx): AsyncGenerator<Pick<ListedRequest, 'company_id' | 'id'>[]> => {
  const columns = ['customer_id', 'customer_number', 'user_id', 'part_of', 'requested_by', 'requested_at'];
  return inBatches(tx, 'erasure_requests', ['company_id', 'id'], columns);
};

/** Reads the suppression list in batches, its fingerprints in hex. */
export const listFingerprints = (tx: Tx): AsyncGenerator<Pick<ListedFingerprint, 'company_id' | 'fingerprint'>[]> =>
  inBatches(
    tx,
    tx('erased_fingerprints')
      .select('company_id', 'expires_at', tx.raw(`encode(fingerprint, 'hex') as fingerprint`))
      .where('expires_at', '>', tx.fn.now())
      .as('f'),
    ['company_id', 'fingerprint'],
    ['expires_at'],
  );

async function* inBatches<K extends string>(
  tx: Tx,
  table: string | Query,
  key: readonly K[],
  columns: readonly string[],
): AsyncGenerator<Record<K, string>[]> {
  for (let last: Record<K, string> | undefined, isFirst = true; isFirst || last; isFirst = false) {
    const query = tx
      .from(table)
      .select([...key, ...columns])
      .orderBy([...key])
      .limit(listBatch);
    if (last)
      void whereKeyset(
        query,
        key,
        '>',
        key.map((name) => (last as Record<K, string>)[name]),
      );
    const rows = (await query) as Record<K, string>[];
    if (rows.length > 0) yield rows;
    last = rows.length === listBatch ? rows.at(-1) : undefined;
  }
}

/** Requests a listed erasure again, unless the person has a request here. @returns 1, or 0 */
export async function insertRequestAgain(tx: Tx, request: ListedRequest): Promise<number> {
  const [inserted] = await tx('erasure_requests').insert(request).onConflict().ignore().returning('id');
  if (inserted) await insertSteps(tx, request.company_id, request.id, ['customer']);
  return inserted ? 1 : 0;
}

/** Puts a listed fingerprint on the suppression list; the later expiry holds. */
export const insertFingerprintAgain = (tx: Tx, { company_id, fingerprint, expires_at }: ListedFingerprint) =>
  tx('erased_fingerprints')
    .insert({ company_id, fingerprint: Buffer.from(fingerprint, 'hex'), expires_at })
    .onConflict(['company_id', 'fingerprint'])
    .merge({ expires_at: tx.raw('greatest(erased_fingerprints.expires_at, excluded.expires_at)') });
