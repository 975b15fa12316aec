import { createHash } from 'node:crypto';
import type { Person } from '@clientela/contracts';
import type { Db, Tx } from '@clientela/db';

export const storedResponsesTable = 'idempotency_keys';
const redactedSubjectsTable = 'redacted_subjects';

/** Stands for the company in requests of routes without one. */
export const NIL_UUID = '00000000-0000-0000-0000-000000000000';

/** Identifies a request and its repetitions. `request` is a hash of actor, method, path and key. */
export type IdempotencyScope = { company_id: string; request: Buffer };

export type StoredResponse = {
  /** 0 for the whole request, from 1 for its steps. */
  step: number;
  fingerprint: Buffer;
  status: number | null;
  headers: Record<string, string> | null;
  /** Null for a response that was too long to store. */
  response: unknown;
  /** The response was about a person who was erased. */
  redacted: boolean;
};

export type CompletedResponse = {
  fingerprint: Buffer;
  status: number | undefined;
  headers: object;
  /** JSON text; null when too long. */
  response: string | null;
  subject_ids: readonly string[];
};

const columns = ['step', 'fingerprint', 'status', 'headers', 'response', 'redacted'] as const;
const redaction = {
  fingerprint: Buffer.of(),
  status: null,
  headers: null,
  response: null,
  subject_ids: [],
  redacted: true,
};
/** The columns that a redaction clears. */
export const redactedColumns = Object.keys(redaction).filter((column) => column !== 'redacted');

const lifetime = `interval '24 hours'`;
/** Exceeds the duration of any request. */
const subjectLifetime = `interval '1 hour'`;
const redactionBatchSize = 1000; // rows per statement

/** Lists the stored responses of a request and of its steps. */
export const listStored = (db: Db, scope: IdempotencyScope): Promise<StoredResponse[]> =>
  db(storedResponsesTable)
    .select(columns)
    .where(scope)
    .whereRaw(`created_at > now() - ${lifetime}`)
    .options({ name: 'list_stored_responses' });

/**
 * Reserves the key of a request or step before its effect. An equal request waits here for the end of this transaction.
 * A step expires with its request.
 * @returns false when a response is stored already
 */
export async function reserveKey(tx: Tx, { company_id, request }: IdempotencyScope, step: number): Promise<boolean> {
  const { rows } = await tx.raw(
    `insert into idempotency_keys as stored (company_id, request, step, created_at) values (?, ?, ?, coalesce(
       (select created_at from idempotency_keys where company_id = ? and request = ? and step = 0 and step < ?), now()))
     on conflict (company_id, request, step) do update
        set (created_at, fingerprint, status, headers, response, subject_ids, redacted)
          = (excluded.created_at, default, default, default, default, default, default)
      where stored.created_at <= now() - ${lifetime}
     returning 1`,
    [company_id, request, step, company_id, request, step],
  );
  return rows.length > 0;
}

const lockName = (company_id: string) => `${storedResponsesTable} ${company_id}`;
const hashSubject = (id: string) => createHash('sha256').update(id).digest('hex');

/**
 * Stores the response of a reserved key, or a redacted one when a person in it has been erased meanwhile. The advisory lock serializes it
 * with redactions until the commit: either the redaction finds this response, or this function finds the redacted subject.
 */
export async function completeKey(
  tx: Tx,
  scope: IdempotencyScope,
  step: number,
  completed: CompletedResponse,
): Promise<void> {
  await tx.raw('select pg_advisory_xact_lock_shared(hashtextextended(?, 0))', [lockName(scope.company_id)]);
  const row = tx(storedResponsesTable).where({ ...scope, step });
  const erased = tx(redactedSubjectsTable)
    .where({ company_id: scope.company_id })
    .whereRaw(`created_at > now() - ${subjectLifetime}`)
    .whereRaw('subject_hash = any(?)', [completed.subject_ids.map(hashSubject)]);
  const stored = await row.clone().whereNotExists(erased).update(completed);
  if (stored === 0) await row.update(redaction);
}

/**
 * Redacts up to 1,000 stored responses about a person, found by index. Repeated requests then get a 404 and have no effect.
 * @returns the number of rows, and whether they were the last
 */
export async function redactStoredResponses(
  tx: Tx,
  person: Person,
): Promise<{ rows: number; isLast: boolean; after: null }> {
  const companies = [...new Set([person.company_id, NIL_UUID])];
  const ids = [person.customer_id, person.customer_number, person.user_id].flatMap((id) => id?.toString() ?? []);
  if (ids.length === 0) return { rows: 0, isLast: true, after: null };
  for (const company_id of companies)
    await tx.raw('select pg_advisory_xact_lock(hashtextextended(?, 0))', [lockName(company_id)]);
  await tx(redactedSubjectsTable)
    .insert(companies.flatMap((company_id) => ids.map((id) => ({ company_id, subject_hash: hashSubject(id) }))))
    .onConflict(['company_id', 'subject_hash'])
    .merge({ created_at: tx.fn.now() });
  const rowKeys = tx(storedResponsesTable)
    .select('company_id', 'request', 'step')
    .whereIn('company_id', companies)
    .whereRaw('subject_ids && ?::text[]', [ids])
    .limit(redactionBatchSize);
  const rows = await tx(storedResponsesTable).whereIn(['company_id', 'request', 'step'], rowKeys).update(redaction);
  return { rows, isLast: rows < redactionBatchSize, after: null };
}

/** Redacts all stored responses about a person within the caller's transaction. For hard deletes; last, because it takes a lock of the company. */
export async function redactAllStoredResponses(tx: Tx, person: Person): Promise<void> {
  while (!(await redactStoredResponses(tx, person)).isLast);
}

/** Deletes expired responses and redacted subjects, oldest first. @returns the number of rows */
export async function deleteExpired(db: Db, limit: number): Promise<number> {
  let deleted = 0;
  for (const [table, age] of [
    [storedResponsesTable, lifetime],
    [redactedSubjectsTable, subjectLifetime],
  ] as const) {
    const { rowCount } = await db.raw(
      `delete from ${table} where ctid = any(array(
         select ctid from ${table} where created_at <= now() - ${age} order by created_at limit ? for update skip locked))`,
      [limit],
    );
    deleted += rowCount as number;
  }
  return deleted;
}
