import { customerCreated } from '@clientela/contracts';
import type { Tx } from '@clientela/db';
import { AppError, invalid } from '@clientela/errors';
import { fieldErrors, parseWith, requirePermission, type CompanyActor } from '@clientela/http';
import { normalizePhone } from '@clientela/validation/phones';
import type { z } from 'zod';
import { changeCustomer, createCustomer, markDeleted } from '../customers/actions.ts';
import { CustomerPatch } from '../customers/patch.ts';
import type { NewCustomer } from '../customers/schema.ts';
import { findByUniqueValue, type StoredCustomer } from '../customers/store.ts';
import { insertHistory } from '../history/store.ts';
import { findSuppressed } from '../tombstones/suppression-list.ts';
import type { Fingerprinter } from '../tombstones/fingerprints.ts';
import { operationSchema } from './schema.ts';

const AnyOperation = operationSchema(CustomerPatch);
type AnyOperation = z.infer<typeof AnyOperation>;

/** Result of one operation, with the status of the single-customer route. */
export type Outcome = { status: number; customer?: StoredCustomer };
export type BatchContext = {
  company: { country: string; currency: string };
  fingerprints: Fingerprinter;
  /** Whether erased people may be created again. */
  allow_erased: boolean;
};
type UpsertInput = Extract<AnyOperation, { op: 'upsert' }>;
/** An upsert whose data has no schema defaults. */
type Upsert = Omit<UpsertInput, 'data'> & { data: Partial<UpsertInput['data']> };
export type Operation = Exclude<AnyOperation, UpsertInput> | Upsert;

/**
 * Validates and authorizes one operation of a batch.
 * @throws AppError 422 with the field paths of the single-customer routes, 403 for an operation that the role may not do
 */
export function parseOperation(actor: CompanyActor, input: unknown): Operation {
  const parsed = parseWith(AnyOperation, input);
  if (!parsed.success) {
    const errors = fieldErrors(parsed.error.issues);
    throw invalid(errors.map(({ path, message }) => ({ path: path.replace(/^data\./, ''), message })).slice(0, 100));
  }
  const operation = parsed.data;
  for (const verb of operation.op === 'upsert' ? (['create', 'update'] as const) : [operation.op])
    requirePermission(actor, `customers:${verb}`);
  if (operation.op !== 'upsert') return operation;
  if (typeof operation.data[operation.match_on] !== 'string')
    throw invalid([{ path: operation.match_on, message: 'is required, because match_on names it' }]);
  return { ...operation, data: withoutDefaults(operation.data, input) };
}

/** Removes schema defaults, so that an existing customer keeps its status and type. */
function withoutDefaults(data: UpsertInput['data'], input: unknown): Upsert['data'] {
  const { data: sent } = input as { data: object };
  return Object.fromEntries(Object.entries(data).filter(([field]) => field in sent)) as Upsert['data'];
}

/** Applies one operation in the given transaction. */
export async function applyOperation(
  tx: Tx,
  actor: CompanyActor,
  operation: Operation,
  context: BatchContext,
): Promise<Outcome> {
  switch (operation.op) {
    case 'create':
      return { status: 201, customer: await createUnlessErased(tx, actor, operation.data, context) };
    case 'update': {
      const target = { actor, id: operation.id, expected_version: undefined };
      return { status: 200, customer: await changeCustomer(tx, target, operation.data, context.company.country) };
    }
    case 'upsert':
      return upsertCustomer(tx, actor, operation, context);
    default:
      await markDeleted(tx, { actor, id: operation.id, expected_version: undefined });
      return { status: 200 };
  }
}

const newCustomerDefaults = { status: 'active', type: 'regular' } as const;

async function upsertCustomer(
  tx: Tx,
  actor: CompanyActor,
  { match_on, data }: Upsert,
  context: BatchContext,
): Promise<Outcome> {
  const { country } = context.company;
  const value = String(data[match_on]);
  const key = match_on === 'phone' ? normalizePhone(value, country) : value;
  const existing = await findByUniqueValue(tx, actor.company_id, match_on, { [match_on]: key });
  if (!existing) {
    return { status: 201, customer: await createUnlessErased(tx, actor, { ...newCustomerDefaults, ...data }, context) };
  }
  const target = { actor, id: existing.id, expected_version: undefined };
  return { status: 200, customer: await changeCustomer(tx, target, data, country) };
}

/**
 * Creates a customer unless the suppression list has one of its values; with `allow_erased` the history records the exception.
 * @throws AppError 409 CUSTOMER_ERASED naming the fields
 */
async function createUnlessErased(
  tx: Tx,
  actor: CompanyActor,
  data: NewCustomer,
  context: BatchContext,
): Promise<StoredCustomer> {
  const customer = await createCustomer(tx, actor, data, context.company);
  // Checked after the insert: an erasure that held one of the unique values has committed by then.
  const [fields = []] = await findSuppressed(tx, context.fingerprints, actor.company_id, [customer]);
  if (fields.length === 0) return customer;
  if (!context.allow_erased)
    throw new AppError('conflict', {
      error_code: 'CUSTOMER_ERASED',
      detail: `An erased customer had the same ${fields.join(', ')}; allow_erased=true creates the customer anyway`,
      errors: fields.map((path) => ({ path, message: 'belonged to an erased customer' })),
    });
  await insertHistory(tx, actor.company_id, customer.id, {
    actor_id: actor.id,
    action: customerCreated.name,
    changes: [],
    reason: `created with allow_erased, although an erased customer had the same ${fields.join(', ')}`,
  });
  return customer;
}

/**
 * Tells whether an upsert lost a race: another transaction created or deleted the matching customer in between, and a retry
 * will find the new state.
 */
export const isRetryableUpsert = (operation: Operation, error: unknown): boolean =>
  operation.op === 'upsert' &&
  error instanceof AppError &&
  [takenCode(operation.match_on), 'CUSTOMER_DELETED', 'CUSTOMER_NOT_FOUND'].includes(error.error_code);
const takenCode = (field: UpsertInput['match_on']) => `CUSTOMER_${field.toUpperCase()}_TAKEN`;
