import { unavailable } from '@clientela/errors';
import { duplicateCodes } from '../customers/error-codes.ts';
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
import { nameSchemas } from '@clientela/validation';
import type { Db, Tx } from '@clientela/db';
import { requireCompany } from '../customers/company.ts';
import { toResponse } from '../customers/presenter.ts';
import type { Fingerprinter } from '../tombstones/fingerprints.ts';
import { parseOperation, isRetryableUpsert, applyOperation, type BatchContext } from './actions.ts';
import { Batch, batchResponse, BatchQuery, type OperationResult } from './schema.ts';

const maxAttempts = 3; // of an upsert that loses a race

const BatchResponse = batchResponse(Problem);
nameSchemas({ BatchResponse });

type StepContext = IdempotentSteps & { db: Db; actor: CompanyActor; request_id: string; prepared: BatchContext };

export type BatchDeps = { companies: CompanyClient; fingerprints: Fingerprinter; log: ServiceOptions['log'] };

export const batchRoutes = ({ companies, fingerprints, log }: BatchDeps): Route[] => [
  route({
    method: 'post',
    path: '/api/customers/batch',
    operation: 'customers.batch',
    errors: {
      404: ['COMPANY_NOT_FOUND', 'CUSTOMER_NOT_FOUND'],
      409: ['CUSTOMER_DELETED', 'CUSTOMER_ERASED', ...duplicateCodes],
    },
    summary: 'Create, update, upsert and delete many customers',
    description:
      'Each operation runs in its own transaction, in the given order, and has its own result: a status, and the customer or ' +
      'the problem. Fields of data and errors have the names of the single-customer routes. An upsert changes the undeleted customer ' +
      'with the given value of match_on, or creates one; number, status, type and tags of an existing customer are read-only. With an ' +
      'Idempotency-Key an interrupted batch continues when it is repeated: finished operations keep their results, operations that ' +
      'failed with a 5xx run again. An operation that would create a customer with the e-mail, phone, document number or external id of ' +
      'an erased customer is a 409 CUSTOMER_ERASED; allow_erased=true, which needs an admin, creates it and records that in the history.',
    allow: 'customers:create',
    query: BatchQuery,
    body: Batch,
    example: { operations: [{ op: 'create', data: { full_name: 'Ana García', email: 'ana@example.com' } }] },
    bodyLimit: 8 * 1024 * 1024,
    deadline: 120_000, // 1,000 operations on a busy machine
    responses: { 200: BatchResponse },
    transaction: 'own', // one for each operation
    idempotency: 'steps',
    prepare: async ({ actor, query: { allow_erased }, signal }): Promise<BatchContext> => {
      if (allow_erased) requirePermission(actor, 'gdpr:manage');
      const company = await requireCompany(companies, actor.company_id, { actor, signal });
      return { company, fingerprints, allow_erased };
    },
    handle: async ({ body, signal, ...context }) => {
      const results: OperationResult[] = [];
      for (const [index, operation] of body.operations.entries()) {
        // Stops when the client has disconnected: finished operations are stored under the key.
        if (signal.aborted) throw unavailable('The batch was interrupted; repeat it with the same Idempotency-Key');
        results.push(await runOperation(index + 1, operation, context, log));
      }
      const succeeded = results.filter(({ error }) => error === undefined).length;
      return { results, succeeded, failed: results.length - succeeded };
    },
  }),
];

/** Runs one operation and turns an error into its result. */
async function runOperation(
  step: number,
  input: unknown,
  context: StepContext,
  log: BatchDeps['log'],
): Promise<OperationResult> {
  try {
    return await attemptOperation(step, input, context);
  } catch (error) {
    const result = await toErrorResult(error, context);
    if (result.status === 403) return result; // permissions are checked again on every repeat
    if (result.status < 500) return context.recordStep(step, result);
    if (result.status === 500) log.error({ request_id: context.request_id, err: error }, 'unexpected failure');
    else log.warn({ request_id: context.request_id, err: error }, 'batch operation failed; a repeat will retry it');
    return result;
  }
}

async function toErrorResult(error: unknown, { request_id, db }: StepContext): Promise<OperationResult> {
  const { status, body } = await toProblem(error, request_id, db);
  return { status, error: body };
}

async function attemptOperation(step: number, input: unknown, context: StepContext): Promise<OperationResult> {
  const { runStep, actor, prepared } = context;
  const operation = parseOperation(actor, input);
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
