import { notFound, unavailable } from '@clientela/errors';
import {
  requirePermission,
  Problem,
  toProblem,
  route,
  type CompanyActor,
  type CompanyClient,
  type IdempotentSteps,
  type Route,
  type ServiceOptions,
} from '@clientela/http';
import type { Db, Tx } from '@clientela/db';
import { toResponse } from '../customers/presenter.ts';
import type { Fingerprints } from '../tombstones/fingerprints.ts';
import { parseOperation, isRetryableUpsert, applyOperation, type BatchContext } from './actions.ts';
import { Batch, batchResponse, BatchQuery, type OperationResult } from './schema.ts';

const maxAttempts = 3; // of an upsert that others get in the way of

type StepContext = IdempotentSteps & { db: Db; actor: CompanyActor; request_id: string; prepared: BatchContext };

/** What these doors work with. */
export type BatchDeps = { companies: CompanyClient; fingerprints: Fingerprints; log: ServiceOptions['log'] };

export const batchRoutes = ({ companies, fingerprints, log }: BatchDeps): Route[] => [
  route({
    method: 'post',
    path: '/api/customers/batch',
    summary: 'Create, update, upsert and delete many customers',
    description:
      'Each operation stands alone, in the order given, with a result of its own: status, and the customer or the problem. Fields of data ' +
      'and faults are named as by the doors of single customers. An upsert changes the undeleted customer that holds the given value of ' +
      'match_on, or makes one; of an existing one, number, status, type and tags are read-only. With an Idempotency-Key a batch that was cut ' +
      'off goes on where it ended when it is sent again: what has its result keeps it, what met a 5xx is tried again. An operation that ' +
      'would make a customer with the e-mail, phone, document number or external id of somebody who was erased is a 409 CUSTOMER_ERASED; ' +
      'allow_erased=true, which needs an admin, makes it all the same, and the history says so.',
    allow: 'customers:create',
    query: BatchQuery,
    body: Batch,
    bodyLimit: 8 * 1024 * 1024,
    deadline: 120_000, // 1,000 operations on a busy machine
    responses: { 200: batchResponse(Problem) },
    transaction: 'own', // each operation stands alone
    idempotency: 'steps',
    prepare: async ({ actor, query: { allow_erased }, signal }): Promise<BatchContext> => {
      if (allow_erased) requirePermission(actor, 'gdpr:manage');
      const company = await companies(actor.company_id, { actor, signal });
      if (!company) throw notFound('company');
      return { company, fingerprints, allow_erased };
    },
    handle: async ({ body, signal, ...work }) => {
      const results: OperationResult[] = [];
      for (const [at, operation] of body.operations.entries()) {
        // Nobody waits for the answer any more: what is done is done, and kept under the key.
        if (signal.aborted) throw unavailable('The batch was cut off; send it again with the same Idempotency-Key');
        results.push(await runOperation(at + 1, operation, work, log));
      }
      const succeeded = results.filter(({ error }) => error === undefined).length;
      return { results, succeeded, failed: results.length - succeeded };
    },
  }),
];

async function runOperation(
  step: number,
  sent: unknown,
  work: StepContext,
  log: BatchDeps['log'],
): Promise<OperationResult> {
  try {
    return await attemptOperation(step, sent, work);
  } catch (error) {
    const result = await toErrorResult(error, work);
    if (result.status === 403) return result; // what one may do is judged each time
    if (result.status < 500) return work.recordStep(step, result);
    if (result.status === 500) log.error({ request_id: work.request_id, err: error }, 'unexpected failure');
    else log.warn({ request_id: work.request_id, err: error }, 'an operation of a batch was left undone');
    return result;
  }
}

async function toErrorResult(error: unknown, { request_id, db }: StepContext): Promise<OperationResult> {
  const { status, body } = await toProblem(error, request_id, db);
  return { status, error: body };
}

async function attemptOperation(step: number, sent: unknown, work: StepContext): Promise<OperationResult> {
  const { runStep, actor, prepared } = work;
  const operation = parseOperation(actor, sent);
  const apply = async (tx: Tx): Promise<OperationResult> => {
    const { status, customer } = await applyOperation(tx, actor, operation, prepared);
    return { status, ...(customer && { customer: toResponse(actor, customer) }) };
  };
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await runStep(step, apply);
    } catch (error) {
      if (attempt === maxAttempts || !isRetryableUpsert(operation, error)) throw error;
    }
  }
}
