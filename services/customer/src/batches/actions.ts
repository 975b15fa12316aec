import type { Tx } from '@clientela/db';
import { AppError, invalid } from '@clientela/errors';
import { fieldErrors, need, patchBody, type CompanyActor } from '@clientela/http';
import { normalPhone } from '@clientela/values/phones';
import type { z } from 'zod';
import { changeCustomer, createCustomer, markDeleted } from '../customers/actions.ts';
import { Customer, withDocument, WritableCustomer } from '../customers/schema.ts';
import { findHolder, type StoredCustomer } from '../customers/store.ts';
import { operationWith } from './schema.ts';

const Operation = operationWith(withDocument(patchBody(Customer, WritableCustomer)));
type Operation = z.infer<typeof Operation>;

/** Its status as the door of a single customer would give it. */
export type Done = { status: number; customer?: StoredCustomer };
type Company = { country: string; currency: string };
type Given = Extract<Operation, { op: 'upsert' }>;
/** Its data without what was only filled in. */
type Upsert = Omit<Given, 'data'> & { data: Partial<Given['data']> };
export type Judged = Exclude<Operation, Given> | Upsert;

/**
 * Judges an operation as it was sent.
 * @throws AppError 422 naming its fields as the doors of single customers do, 403 for one that the role may not do
 */
export function judged(actor: CompanyActor, sent: unknown): Judged {
  const parsed = Operation.safeParse(sent);
  if (!parsed.success) {
    const faults = fieldErrors(parsed.error.issues);
    throw invalid(faults.map(({ path, message }) => ({ path: path.replace(/^data\./, ''), message })).slice(0, 100));
  }
  const operation = parsed.data;
  for (const verb of operation.op === 'upsert' ? (['create', 'update'] as const) : [operation.op])
    need(actor, `customers:${verb}`);
  if (operation.op !== 'upsert') return operation;
  if (typeof operation.data[operation.match_on] !== 'string')
    throw invalid([{ path: operation.match_on, message: 'is required: it is what the customer is found by' }]);
  return { ...operation, data: givenIn(operation.data, sent) };
}

/** Without what was only filled in: a customer that is there keeps its status and type. */
function givenIn(data: Given['data'], sent: unknown): Upsert['data'] {
  const { data: given } = sent as { data: object };
  return Object.fromEntries(Object.entries(data).filter(([field]) => field in given)) as Upsert['data'];
}

/** Does one operation in the transaction that it is given. */
export async function perform(tx: Tx, actor: CompanyActor, operation: Judged, company: Company): Promise<Done> {
  switch (operation.op) {
    case 'create':
      return { status: 201, customer: await createCustomer(tx, actor, operation.data, company) };
    case 'update': {
      const target = { actor, id: operation.id, expected_version: undefined };
      return { status: 200, customer: await changeCustomer(tx, target, operation.data, company.country) };
    }
    case 'upsert':
      return upsertCustomer(tx, actor, operation, company);
    default:
      await markDeleted(tx, { actor, id: operation.id, expected_version: undefined });
      return { status: 200 };
  }
}

/** What a new customer is when nothing is said. */
const fresh = { status: 'active', type: 'regular' } as const;

async function upsertCustomer(
  tx: Tx,
  actor: CompanyActor,
  { match_on, data }: Upsert,
  company: Company,
): Promise<Done> {
  const value = String(data[match_on]);
  const looked = match_on === 'phone' ? normalPhone(value, company.country) : value;
  const holder = await findHolder(tx, actor.company_id, match_on, { [match_on]: looked });
  if (!holder) {
    return { status: 201, customer: await createCustomer(tx, actor, { ...fresh, ...data }, company) };
  }
  const target = { actor, id: holder.id, expected_version: undefined };
  return { status: 200, customer: await changeCustomer(tx, target, data, company.country) };
}

/**
 * Whether an upsert failed only because somebody else made, or deleted, the very customer it looked for meanwhile: then it is worth
 * another try.
 */
export const overtaken = (operation: Judged, error: unknown): boolean =>
  operation.op === 'upsert' &&
  error instanceof AppError &&
  [takenBy(operation.match_on), 'CUSTOMER_DELETED', 'CUSTOMER_NOT_FOUND'].includes(error.error_code);
const takenBy = (field: Given['match_on']) => `CUSTOMER_${field.toUpperCase()}_TAKEN`;
