import { services, type ErasureReceipt, type ErasureReport, type Person, type Service } from '@clientela/contracts';
import { newId, paginate, whereCompany, type Db, type Page, type Scope, type Tx } from '@clientela/db';
import type { ErasureRequest } from './schema.ts';

export type StoredRequest = Omit<ErasureRequest, 'services' | 'status'> & {
  customer_number: number | null;
  started_at: string | null;
  version: number;
  /** Of those that have begun, whether they are done. */
  steps: Partial<Record<Service, boolean>> | null;
};

const own = [
  'id',
  'company_id as business_id',
  'customer_id',
  'customer_number',
  'user_id',
  'part_of',
  'requested_by',
  'requested_at',
  'started_at',
  'done_at',
  'version',
] as const;

const columns = (db: Db) => [
  ...own,
  db.raw(
    `(select jsonb_object_agg(s.service, s.done_at is not null) from erasure_steps s
       where s.company_id = erasure_requests.company_id and s.request_id = erasure_requests.id) as steps`,
  ),
];

const findNewest = (db: Db, where: object) =>
  db('erasure_requests').select(columns(db)).where(where).orderBy('requested_at', 'desc').first() as Promise<
    StoredRequest | undefined
  >;

export const findRequest = (db: Db, company_id: string, id: string) => findNewest(db, { company_id, id });
/** Whether the customer was erased, or is about to be. */
export const findRequestOfCustomer = (db: Db, company_id: string, customer_id: string) =>
  findNewest(db, { company_id, customer_id });
/** The newest of a user. */
export const findRequestOfUser = (db: Db, company_id: string, user_id: string) =>
  findNewest(db, { company_id, user_id });

/** @param user_id whose own alone */
export function listRequests(
  db: Db,
  scope: Scope,
  { user_id, ...request }: { user_id: string | undefined; page: number; per_page: number },
): Promise<Page<StoredRequest>> {
  const found = whereCompany(db('erasure_requests'), scope);
  if (user_id !== undefined) void found.where({ user_id });
  const sort = [{ column: 'requested_at', descending: true }];
  return paginate(found, columns(db), { ...request, sort }, { isFiltered: user_id !== undefined });
}

export const findReceipt = (db: Db, company_id: string, id: string) =>
  db('erasure_requests').select('receipt', 'jws').where({ company_id, id }).whereNotNull('jws').first() as Promise<
    { receipt: ErasureReceipt; jws: string } | undefined
  >;

/**
 * Notes that a person is to be erased, and that this service begins. Of two at once one is made: the constraints decide.
 * @returns the id of the person's request, this one or the one that there was
 */
export async function insertRequest(
  tx: Tx,
  { company_id, ...ids }: Person,
  requested_by: string,
  part_of: string | null = null,
): Promise<string> {
  const [made] = await tx('erasure_requests')
    .insert({ company_id, id: newId(), ...ids, requested_by, part_of })
    .onConflict()
    .ignore()
    .returning<{ id: string }[]>('id');
  if (made) {
    await insertSteps(tx, company_id, made.id, ['customer']);
    return made.id;
  }
  const { customer_id, user_id } = ids;
  const which = customer_id === null ? { customer_id, user_id } : { customer_id };
  const there = (await tx('erasure_requests')
    .select('id')
    .where({ company_id, ...which })
    .first()) as { id: string };
  return there.id;
}

const insertSteps = (tx: Tx, company_id: string, request_id: string, names: readonly Service[]): PromiseLike<unknown> =>
  tx('erasure_steps')
    .insert(names.map((service) => ({ company_id, request_id, service })))
    .onConflict(['company_id', 'request_id', 'service'])
    .ignore();

/** Notes that nothing of the customer is left here to be seen, and lets the other services begin. */
export async function markStarted(tx: Tx, company_id: string, id: string, gone: DeletedCounts): Promise<void> {
  await tx('erasure_requests')
    .where({ company_id, id, started_at: null })
    .update({ started_at: tx.fn.now(), deleted_rows: JSON.stringify(gone), version: tx.raw('version + 1') });
  await insertSteps(
    tx,
    company_id,
    id,
    services.filter((service) => service !== 'customer'),
  );
}

/** How many rows went when it began, by table; under the fingerprints' name, how many of those stay. */
export type DeletedCounts = Readonly<Record<string, number>>;
export const fingerprintTable = 'erased_fingerprints';

export async function findDeletedCounts(db: Db, company_id: string, id: string): Promise<DeletedCounts> {
  const found = await db('erasure_requests')
    .where({ company_id, id })
    .first<{ deleted_rows: DeletedCounts | null }>('deleted_rows');
  return found.deleted_rows ?? {};
}

/** What a service has to do of a request. */
export type Step = Person & { request_id: string; service: Service; attempts: number };

/** Whether anything is being erased, or waits for it. */
export const hasOpenRequests = async (db: Db): Promise<boolean> =>
  (await db('erasure_requests').whereNull('done_at').first(db.raw('1'))) !== undefined;

/** Those of a service that are due, the longest waiting first. */
export const listDueSteps = (db: Db, service: Service, limit: number): PromiseLike<Step[]> =>
  db('erasure_steps as s')
    .join('erasure_requests as r', { 'r.company_id': 's.company_id', 'r.id': 's.request_id' })
    .select(
      's.company_id',
      's.request_id',
      's.service',
      's.attempts',
      'r.customer_id',
      'r.customer_number',
      'r.user_id',
    )
    .where({ service })
    .whereNull('s.done_at')
    .where('s.next_attempt_at', '<=', db.fn.now())
    .orderBy('s.next_attempt_at')
    .limit(limit);

/** Keeps what a service has reported. */
export async function completeStep(tx: Tx, { company_id, request_id, service }: Step, report: ErasureReport) {
  const done = await tx('erasure_steps')
    .where({ company_id, request_id, service })
    .whereNull('done_at')
    .update({ done_at: tx.fn.now(), report: JSON.stringify(report) });
  if (done > 0)
    await tx('erasure_requests')
      .where({ company_id, id: request_id })
      .update({ version: tx.raw('version + 1') });
}

const retryAfter = (db: Db, wait: number) => ({
  attempts: db.raw('attempts + 1'),
  next_attempt_at: db.raw(`now() + ? * interval '1 millisecond'`, [wait]),
});

/** @param wait milliseconds until it is tried again */
export const postponeStep = (db: Db, { company_id, request_id, service }: Step, wait: number): PromiseLike<number> =>
  db('erasure_steps').where({ company_id, request_id, service }).update(retryAfter(db, wait));

/** A request that every service has confirmed, its other records too. */
export type ConfirmedRequest = Person & { id: string; requested_at: string; attempts: number };

export const listConfirmed = (db: Db, limit: number): PromiseLike<ConfirmedRequest[]> =>
  db('erasure_requests as r')
    .select('r.company_id', 'r.id', 'customer_id', 'customer_number', 'user_id', 'requested_at', 'attempts')
    .whereNull('r.done_at')
    .whereNotNull('r.started_at')
    .where('r.next_attempt_at', '<=', db.fn.now())
    .whereNotExists(
      db('erasure_steps as s')
        .select(db.raw('1'))
        .whereRaw('s.company_id = r.company_id and s.request_id = r.id')
        .whereNull('s.done_at'),
    )
    .whereNotExists(
      db('erasure_requests as p')
        .select(db.raw('1'))
        .whereRaw('p.company_id = r.company_id and p.part_of = r.id')
        .whereNull('p.done_at'),
    )
    .orderBy('r.requested_at')
    .limit(limit);

export const listReports = (db: Db, company_id: string, request_id: string): PromiseLike<ErasureReport[]> =>
  db('erasure_steps').where({ company_id, request_id }).orderBy('service').pluck('report');

export const finishRequest = (db: Db, receipt: ErasureReceipt, jws: string): PromiseLike<number> =>
  db('erasure_requests')
    .where({ company_id: receipt.company_id, id: receipt.request_id })
    .whereNull('done_at')
    .update({
      done_at: receipt.done_at,
      receipt: JSON.stringify(receipt),
      jws,
      version: db.raw('version + 1'),
    });

export const postponeReceipt = (db: Db, { company_id, id }: ConfirmedRequest, wait: number): PromiseLike<number> =>
  db('erasure_requests').where({ company_id, id }).update(retryAfter(db, wait));

/** How many are open, and how old the oldest is in seconds. */
export async function countOpen(db: Db): Promise<{ open: number; oldest: number }> {
  const found = await db('erasure_requests')
    .whereNull('done_at')
    .first(
      db.raw('count(*) as open'),
      db.raw('coalesce(extract(epoch from now() - min(requested_at)), 0)::float8 as oldest'),
    );
  return found as { open: number; oldest: number };
}
