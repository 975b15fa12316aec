import { customerCreated, customerUpdated, type InternalCompany, type InternalUser } from '@clientela/contracts';
import type { Tx } from '@clientela/db';
import { AppError, notFound, preconditionFailed } from '@clientela/errors';
import type { EventOrigin } from '@clientela/events';
import { changedValues } from '@clientela/http';
import { blank, changedFields, changesBetween, fieldsAfter } from '../customers/rules.ts';
import type { CustomerGiven } from '../customers/schema.ts';
import { insertCustomer, lockCustomer, updateCustomer, type StoredCustomer } from '../customers/store.ts';
import { tell } from '../history/actions.ts';
import { insertHistory } from '../history/store.ts';
import { broughtBy, fullNameOf, type Followed } from './rules.ts';
import { isErasedUser, lockUser } from '../tombstones/store.ts';
import { findLinked, findProfile, noteHeard } from './store.ts';

type Company = Pick<InternalCompany, 'id' | 'country' | 'currency'>;

/** Who is to have a profile, and by whose doing. */
export type Person = { user_id: string; email: string; full_name: string; phone?: string | null | undefined };

/**
 * Makes a user's profile unless there is one. An e-mail or phone proves nobody: a value that another customer holds is left out, and
 * that customer stays as it is.
 * @throws AppError 404 for a user who was erased, whatever still comes of it
 */
export async function makeProfile(
  tx: Tx,
  cause: EventOrigin,
  { user_id, full_name, email, phone = null }: Person,
  company: Company,
): Promise<{ customer: StoredCustomer; made: boolean }> {
  const existing = await findProfile(tx, company.id, user_id);
  if (existing) return { customer: existing, made: false };
  await lockUser(tx, company.id, user_id);
  if (await isErasedUser(tx, company.id, user_id)) throw notFound('customer');
  try {
    const { done: customer, left } = await withoutTaken(tx, { email, phone }, (savepoint, contact) => {
      const record = fieldsAfter(blank, { user_id, full_name, ...contact }, company.country);
      const { currency } = company;
      return insertCustomer(savepoint, company.id, { ...record, status: 'active', type: 'regular', currency });
    });
    await tell(tx, { ...cause, company_id: company.id }, customerCreated, customer, told(left), reasonOf(left));
    return { customer, made: true };
  } catch (error) {
    // Another call made it in between.
    const meanwhile = isTaken(error, 'user_id') && (await findProfile(tx, company.id, user_id));
    if (meanwhile) return { customer: meanwhile, made: false };
    throw error;
  }
}

/** A user as auth knows it now, and the company it belongs to. */
export type KnownUser = { user: InternalUser; company: Company };

/**
 * Moves what changed of a user into the customer that is linked to it. Of an erased user nothing is heard any more.
 * @param sequence the user's version that the change made: of one field, an older change is ignored
 */
export async function followUser(
  tx: Tx,
  cause: EventOrigin,
  { user, company }: KnownUser,
  changed: { fields: readonly Followed[]; sequence: number },
): Promise<void> {
  await lockUser(tx, company.id, user.id);
  if (await isErasedUser(tx, company.id, user.id)) return;
  const fields = await noteHeard(tx, company.id, user.id, changed.fields, changed.sequence);
  if (fields.includes('role') && user.role === 'customer') await makeProfile(tx, cause, personOf(user), company);
  const id = await findLinked(tx, company.id, user.id);
  const current = id && (await lockCustomer(tx, company.id, id));
  if (!current || current.deleted_at) return;
  const brought = broughtBy(user, fields, current.full_name_built);
  const { done, left } = await withoutTaken(tx, brought, (savepoint, given) =>
    write(savepoint, current, given, company),
  );
  if (!done) {
    if (left.length > 0) await rememberLeft(tx, cause, company.id, current.id, left);
    return;
  }
  const { customer, fields_changed } = done;
  const changes = changesBetween(current, customer, fields_changed);
  const remembered = { changes, ...reasonOf(left) };
  await tell(
    tx,
    { ...cause, company_id: company.id },
    customerUpdated,
    customer,
    { fields_changed, ...told(left) },
    remembered,
  );
}

export const personOf = (user: InternalUser): Person => ({
  user_id: user.id,
  full_name: fullNameOf(user),
  email: user.email,
  phone: user.phone,
});

async function write(tx: Tx, current: StoredCustomer, given: CustomerGiven, company: Company) {
  const changes = changedValues(fieldsAfter(current, given, company.country), current);
  const fields_changed = changedFields(Object.keys(changes));
  if (fields_changed.length === 0) return undefined;
  const customer = await updateCustomer(tx, company.id, current, changes, { shown: false });
  if (!customer) throw preconditionFailed();
  return { customer, fields_changed };
}

const disputable = ['email', 'phone'] as const;
type Disputable = (typeof disputable)[number];

/**
 * Writes with as many of the given values as nobody else holds: the constraints decide, each attempt stands on a savepoint.
 * @returns what was written, and the names of the fields that were left out
 */
async function withoutTaken<Given extends CustomerGiven, Done>(
  tx: Tx,
  given: Given,
  attempt: (savepoint: Tx, given: Omit<Given, Disputable> & Pick<CustomerGiven, Disputable>) => Promise<Done>,
): Promise<{ done: Done; left: Disputable[] }> {
  const left: Disputable[] = [];
  for (;;) {
    const kept = { ...given };
    for (const field of left) delete kept[field];
    try {
      return { done: await tx.transaction((savepoint) => attempt(savepoint, kept)), left };
    } catch (error) {
      const taken = disputable.find((field) => !left.includes(field) && isTaken(error, field));
      if (!taken) throw error;
      left.push(taken);
    }
  }
}

const isTaken = (error: unknown, field: string): boolean =>
  error instanceof AppError && error.error_code === `CUSTOMER_${field.toUpperCase()}_TAKEN`;

const told = (left: readonly Disputable[]) => (left.length > 0 ? { fields_left: [...left] } : {});
/** Why the history shows no change of a field that was to change. */
const reasonOf = (left: readonly Disputable[]) =>
  left.length > 0 ? { reason: `${left.join(' and ')} left as it was: another customer has it` } : {};

const rememberLeft = (tx: Tx, cause: EventOrigin, company_id: string, id: string, left: readonly Disputable[]) =>
  insertHistory(tx, company_id, id, {
    actor_id: cause.id,
    action: customerUpdated.name,
    changes: [],
    ...reasonOf(left),
  });
