import { customerCreated } from '@clientela/contracts';
import type { Tx } from '@clientela/db';
import { AppError, invalid } from '@clientela/errors';
import { fieldErrors, requirePermission, patchBody, type CompanyActor } from '@clientela/http';
import { normalizePhone } from '@clientela/validation/phones';
import type { z } from 'zod';
import { changeCustomer, createCustomer, markDeleted } from '../customers/actions.ts';
import { Customer, checkedPatch, WritableCustomer, type NewCustomer } from '../customers/schema.ts';
import { findByUniqueValue, type StoredCustomer } from '../customers/store.ts';
import { insertHistory } from '../history/store.ts';
import { findSuppressed } from '../tombstones/suppression-list.ts';
import type { Fingerprinter } from '../tombstones/fingerprints.ts';
import { operationSchema } from './schema.ts';

const Operation = operationSchema(checkedPatch(patchBody(Customer, WritableCustomer)));
type Operation = z.infer<typeof Operation>;

/** Its status as the door of a single customer would give it. */
export type Outcome = { status: number; customer?: StoredCustomer };
/** In which company, and whether its erased people may be made again. */
export type BatchContext = {
  company: { country: string; currency: string };
  fingerprints: Fingerprinter;
  allow_erased: boolean;
};
type UpsertOperation = Extract<Operation, { op: 'upsert' }>;
/** Its data without what was only filled in. */
type Upsert = Omit<UpsertOperation, 'data'> & { data: Partial<UpsertOperation['data']> };
export type ParsedOperation = Exclude<Operation, UpsertOperation> | Upsert;

/**
 * Judges an operation as it was sent.
 * @throws AppError 422 naming its fields as the doors of single customers do, 403 for one that the role may not do
 */
export function parseOperation(actor: CompanyActor, sent: unknown): ParsedOperation {
  const parsed = Operation.safeParse(sent);
  if (!parsed.success) {
    const faults = fieldErrors(parsed.error.issues);
    throw invalid(faults.map(({ path, message }) => ({ path: path.replace(/^data\./, ''), message })).slice(0, 100));
  }
  const operation = parsed.data;
  for (const verb of operation.op === 'upsert' ? (['create', 'update'] as const) : [operation.op])
    requirePermission(actor, `customers:${verb}`);
  if (operation.op !== 'upsert') return operation;
  if (typeof operation.data[operation.match_on] !== 'string')
    throw invalid([{ path: operation.match_on, message: 'is required: it is what the customer is found by' }]);
  return { ...operation, data: withoutDefaults(operation.data, sent) };
}

/** Without what was only filled in: a customer that is there keeps its status and type. */
function withoutDefaults(data: UpsertOperation['data'], sent: unknown): Upsert['data'] {
  const { data: given } = sent as { data: object };
  return Object.fromEntries(Object.entries(data).filter(([field]) => field in given)) as Upsert['data'];
}

/** Does one operation in the transaction that it is given. */
export async function applyOperation(
  tx: Tx,
  actor: CompanyActor,
  operation: ParsedOperation,
  terms: BatchContext,
): Promise<Outcome> {
  switch (operation.op) {
    case 'create':
      return { status: 201, customer: await createUnlessErased(tx, actor, operation.data, terms) };
    case 'update': {
      const target = { actor, id: operation.id, expected_version: undefined };
      return { status: 200, customer: await changeCustomer(tx, target, operation.data, terms.company.country) };
    }
    case 'upsert':
      return upsertCustomer(tx, actor, operation, terms);
    default:
      await markDeleted(tx, { actor, id: operation.id, expected_version: undefined });
      return { status: 200 };
  }
}

/** What a new customer is when nothing is said. */
const newCustomerDefaults = { status: 'active', type: 'regular' } as const;

async function upsertCustomer(
  tx: Tx,
  actor: CompanyActor,
  { match_on, data }: Upsert,
  terms: BatchContext,
): Promise<Outcome> {
  const { country } = terms.company;
  const value = String(data[match_on]);
  const looked = match_on === 'phone' ? normalizePhone(value, country) : value;
  const holder = await findByUniqueValue(tx, actor.company_id, match_on, { [match_on]: looked });
  if (!holder) {
    return { status: 201, customer: await createUnlessErased(tx, actor, { ...newCustomerDefaults, ...data }, terms) };
  }
  const target = { actor, id: holder.id, expected_version: undefined };
  return { status: 200, customer: await changeCustomer(tx, target, data, country) };
}

/**
 * A list must not bring back who was erased, unless somebody says that it may, which the history remembers.
 * @throws AppError 409 CUSTOMER_ERASED naming the fields
 */
async function createUnlessErased(
  tx: Tx,
  actor: CompanyActor,
  data: NewCustomer,
  terms: BatchContext,
): Promise<StoredCustomer> {
  const customer = await createCustomer(tx, actor, data, terms.company);
  // Asked when it is made: had it to wait for an erasure that held one of its values, that one has ended by now.
  const [fields = []] = await findSuppressed(tx, terms.fingerprints, actor.company_id, [customer]);
  if (fields.length === 0) return customer;
  if (!terms.allow_erased)
    throw new AppError('conflict', {
      error_code: 'CUSTOMER_ERASED',
      detail: `${fields.join(', ')}: somebody had this whose data was erased; allow_erased=true makes the customer all the same`,
      errors: fields.map((path) => ({ path, message: 'was that of somebody whose data was erased' })),
    });
  await insertHistory(tx, actor.company_id, customer.id, {
    actor_id: actor.id,
    action: customerCreated.name,
    changes: [],
    reason: `made with allow_erased, though somebody who was erased had this ${fields.join(', ')}`,
  });
  return customer;
}

/**
 * Whether an upsert failed only because somebody else made, or deleted, the very customer it looked for meanwhile: then it is worth
 * another try.
 */
export const isRetryableUpsert = (operation: ParsedOperation, error: unknown): boolean =>
  operation.op === 'upsert' &&
  error instanceof AppError &&
  [takenCode(operation.match_on), 'CUSTOMER_DELETED', 'CUSTOMER_NOT_FOUND'].includes(error.error_code);
const takenCode = (field: UpsertOperation['match_on']) => `CUSTOMER_${field.toUpperCase()}_TAKEN`;
