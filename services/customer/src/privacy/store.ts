import { services, type ErasureReceipt, type ErasureReport, type Person, type Service } from '@clientela/contracts';
import { dueUntil, newId, paginate, whereCompany, type Db, type Page, type Scope, type Tx } from '@clientela/db';
import type { ErasureRequest } from './schema.ts';

export type StoredRequest = Omit<ErasureRequest, 'services' | 'status'> & {
  customer_number: number | null;
  started_at: string | null;
  version: number;
  /** Whether each service is done; null until the request starts. */
  steps: Partial<Record<Service, boolean>> | null;
};

const requestColumns = [
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
  ...requestColumns,
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
/** Finds the request that erased, or will erase, a customer. */
export const findRequestOfCustomer = (db: Db, company_id: string, customer_id: string) =>
  findNewest(db, { company_id, customer_id });
/** Finds the newest request for a user. */
export const findRequestOfUser = (db: Db, company_id: string, user_id: string) =>
  findNewest(db, { company_id, user_id });

/** @param user_id restricts the list to this user's requests */
export function listRequests(
  db: Db,
  scope: Scope,
  { user_id, ...pagination }: { user_id: string | undefined; page: number; per_page: number },
): Promise<Page<StoredRequest>> {
  const query = whereCompany(db('erasure_requests'), scope);
  if (user_id !== undefined) void query.where({ user_id });
  const sort = [{ column: 'requested_at', descending: true }];
  return paginate(query, columns(db), { ...pagination, sort }, { isFiltered: user_id !== undefined });
}

export const findReceipt = (db: Db, company_id: string, id: string) =>
  db('erasure_requests').select('receipt', 'jws').where({ company_id, id }).whereNotNull('jws').first() as Promise<
    { receipt: ErasureReceipt; jws: string } | undefined
  >;

/**
 * Inserts a request with this service's step, unless the person has one: unique constraints decide between concurrent calls.
 * @returns the id of the person's request, new or existing
 */
export async function insertRequest(
  tx: Tx,
  { company_id, ...ids }: Person,
  requested_by: string,
  part_of: string | null = null,
): Promise<string> {
  const [inserted] = await tx('erasure_requests')
    .insert({ company_id, id: newId(), ...ids, requested_by, part_of })
    .onConflict()
    .ignore()
    .returning<{ id: string }[]>('id');
  if (inserted) {
    await insertSteps(tx, company_id, inserted.id, ['customer']);
    return inserted.id;
  }
  const { customer_id, user_id } = ids;
  const person = customer_id === null ? { customer_id, user_id } : { customer_id };
  const existing = (await tx('erasure_requests')
    .select('id')
    .where({ company_id, ...person })
    .first()) as { id: string };
  return existing.id;
}

export const insertSteps = (
  tx: Tx,
  company_id: string,
  request_id: string,
  names: readonly Service[],
): PromiseLike<unknown> =>
  tx('erasure_steps')
    .insert(names.map((service) => ({ company_id, request_id, service })))
    .onConflict(['company_id', 'request_id', 'service'])
    .ignore();

/**
 * Marks a request as started and lets the other services begin, once the transaction commits.
 * @returns who requested it
 */
export async function markStarted(tx: Tx, company_id: string, id: string): Promise<string> {
  const [request] = await tx('erasure_requests')
    .where({ company_id, id })
    .update({ started_at: tx.fn.now(), version: tx.raw('version + 1') })
    .returning<{ requested_by: string }[]>('requested_by');
  if (!request) throw new Error(`erasure request ${id} does not exist`);
  const peers = services.filter((service) => service !== 'customer');
  await insertSteps(tx, company_id, id, peers);
  return request.requested_by;
}

/** Lists the customer records of a user except one. */
export const listOtherRecords = (
  db: Db,
  company_id: string,
  user_id: string,
  excluded_id: string | null,
): PromiseLike<{ id: string; number: number }[]> => {
  const query = db('customers').select('id', 'number').where({ company_id, user_id }).orderBy('id');
  if (excluded_id !== null) void query.whereNot({ id: excluded_id });
  return query;
};

/** One service's part of a request. */
export type Step = Person & { request_id: string; service: Service; attempts: number };

/** Whether any request is unfinished. */
export const hasOpenRequests = async (db: Db): Promise<boolean> =>
  (await db('erasure_requests').whereNull('done_at').first(db.raw('1'))) !== undefined;

/** Lists the due steps of a service, the longest waiting first. */
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
    .whereRaw(`s.next_attempt_at <= ${dueUntil}`)
    .orderBy('s.next_attempt_at')
    .limit(limit);

/** Stores the report of a service. */
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

const retryAfter = (db: Db, delayMs: number) => ({
  attempts: db.raw('attempts + 1'),
  next_attempt_at: db.raw(`now() + ? * interval '1 millisecond'`, [delayMs]),
});

/** @param delayMs milliseconds until the next attempt */
export const postponeStep = (db: Db, { company_id, request_id, service }: Step, delayMs: number): PromiseLike<number> =>
  db('erasure_steps').where({ company_id, request_id, service }).update(retryAfter(db, delayMs));

/** A request that lacks only its receipt: all its steps and dependent requests are done. */
export type ConfirmedRequest = Person & { id: string; requested_at: string; attempts: number };

export const listConfirmed = (db: Db, limit: number): PromiseLike<ConfirmedRequest[]> =>
  db('erasure_requests as r')
    .select('r.company_id', 'r.id', 'customer_id', 'customer_number', 'user_id', 'requested_at', 'attempts')
    .whereNull('r.done_at')
    .whereNotNull('r.started_at')
    .whereRaw(`r.next_attempt_at <= ${dueUntil}`)
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

export const postponeReceipt = (db: Db, { company_id, id }: ConfirmedRequest, delayMs: number): PromiseLike<number> =>
  db('erasure_requests').where({ company_id, id }).update(retryAfter(db, delayMs));

/** Counts unfinished requests. @returns `oldest`: age of the oldest, in seconds */
export async function countOpen(db: Db): Promise<{ open: number; oldest: number }> {
  const counts = await db('erasure_requests')
    .whereNull('done_at')
    .first(
      db.raw('count(*) as open'),
      db.raw('coalesce(extract(epoch from now() - min(requested_at)), 0)::float8 as oldest'),
    );
  return counts as { open: number; oldest: number };
}
