import { createHash } from 'node:crypto';
import type { Db, Tx } from '@clientela/db';

/** Where the answer to one request is kept: whose, to which definition, under which key. */
export type IdempotencyScope = { company_id: string; actor_id: string; method: string; path: string; key: string };

export type StoredResponse = {
  part: string;
  fingerprint: Buffer;
  status: number | null;
  answer: unknown;
  headers: Record<string, string> | null;
  reference: string | null;
  /** It was about a person whose data is gone: nothing is left of it but that it was given. */
  erased: boolean;
};

/** In the place of a company, for doors that act in none. */
export const NIL_UUID = '00000000-0000-0000-0000-000000000000';

/** What is kept is either the answer itself or what it is built from again. */
export type CompletedResponse = {
  fingerprint: Buffer;
  status?: number;
  headers?: object;
  answer?: string;
  reference?: string;
};

const table = 'idempotency_keys';
const fresh = `created_at > now() - interval '24 hours'`;
const columns = ['part', 'fingerprint', 'status', 'answer', 'headers', 'reference', 'erased'] as const;

/** The rows of a request. Of one whose answer was erased, the key was too: it is found by its digest. */
const of = (db: Db, { key, ...slot }: IdempotencyScope) =>
  db(table)
    .where(slot)
    .whereIn('key', [key, createHash('sha256').update(key).digest('hex')])
    .whereRaw(fresh);

/** The rows of a request: the whole, and its parts where the definition works in parts. Those past their 24 hours are none. */
export const listStoredSteps = (db: Db, slot: IdempotencyScope): Promise<StoredResponse[]> =>
  of(db, slot).select(columns).options({ name: 'list_idempotency_answers' });

export const findStored = async (db: Db, slot: IdempotencyScope, part = ''): Promise<StoredResponse | undefined> =>
  of(db, slot).select(columns).where({ part }).first().options({ name: 'find_idempotency_answer' }) as Promise<
    StoredResponse | undefined
  >;

/**
 * Takes the place for an answer, before its effect. Whoever comes second waits here until the first one's transaction has ended.
 * @returns false when there is an answer already
 */
export async function reserveKey(tx: Tx, slot: IdempotencyScope, part: string, fingerprint: Buffer): Promise<boolean> {
  const { company_id, actor_id, method, path, key } = slot;
  const { rows } = await tx.raw(
    `insert into ${table} as kept (company_id, actor_id, method, path, key, part, fingerprint) values (?, ?, ?, ?, ?, ?, ?)
     on conflict (company_id, actor_id, method, path, key, part) do update
        set fingerprint = excluded.fingerprint, created_at = now(), status = null, answer = null, headers = null, reference = null,
            erased = false
      where kept.created_at <= now() - interval '24 hours'
     returning 1`,
    [company_id, actor_id, method, path, key, part, fingerprint],
  );
  return rows.length > 0;
}

/** Puts the answer into the place that was taken for it. */
export const completeKey = (
  tx: Tx,
  slot: IdempotencyScope,
  part: string,
  settled: CompletedResponse,
): Promise<number> =>
  tx(table)
    .where({ ...slot, part })
    .update(settled);

/** What is left of a request under the same key whose 24 hours are over. */
export const deleteSteps = (tx: Tx, slot: IdempotencyScope): Promise<number> =>
  tx(table).where(slot).whereNot({ part: '' }).delete();

/** Removes what is past its 24 hours, the oldest first. @returns how many there were */
export async function deleteExpired(db: Db, limit: number): Promise<number> {
  const { rowCount } = await db.raw(
    `delete from ${table} where ctid = any(array(
       select ctid from ${table} where created_at <= now() - interval '24 hours' order by created_at limit ? for update skip locked))`,
    [limit],
  );
  return rowCount as number;
}
