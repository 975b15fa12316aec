import { customerCreated, customerUpdated, type InternalCompany, type InternalUser } from '@clientela/contracts';
import type { Tx } from '@clientela/db';
import { AppError, notFound, preconditionFailed } from '@clientela/errors';
import type { EventOrigin } from '@clientela/events';
import { changedValues } from '@clientela/http';
import { emptyCustomer, changedFields, changesBetween, applyPatch } from '../customers/rules.ts';
import type { CustomerInput } from '../customers/schema.ts';
import { insertCustomer, lockCustomer, updateCustomer, type StoredCustomer } from '../customers/store.ts';
import { recordChange } from '../history/actions.ts';
import { insertHistory } from '../history/store.ts';
import { patchFromUser, toFullName, type SyncedField } from './rules.ts';
import { isErasedUser, lockUser } from '../tombstones/store.ts';
import { findProfileId, findProfile, advanceFieldVersions } from './store.ts';

type Company = Pick<InternalCompany, 'id' | 'country' | 'currency'>;

/** Who is to have a profile, and by whose doing. */
export type ProfileOwner = { user_id: string; email: string; full_name: string; phone?: string | null | undefined };

/**
 * Makes a user's profile unless there is one. An e-mail or phone proves nobody: a value that another customer holds is left out, and
 * that customer stays as it is.
 * @throws AppError 404 for a user who was erased, whatever still comes of it
 */
export async function ensureProfile(
  tx: Tx,
  cause: EventOrigin,
  { user_id, full_name, email, phone = null }: ProfileOwner,
  company: Company,
): Promise<{ customer: StoredCustomer; made: boolean }> {
  const existing = await findProfile(tx, company.id, user_id);
  if (existing) return { customer: existing, made: false };
  await lockUser(tx, company.id, user_id);
  if (await isErasedUser(tx, company.id, user_id)) throw notFound('customer');
  try {
    const { done: customer, left } = await saveWithoutTakenValues(tx, { email, phone }, (savepoint, contact) => {
      const record = applyPatch(emptyCustomer, { user_id, full_name, ...contact }, company.country);
      const { currency } = company;
      return insertCustomer(savepoint, company.id, { ...record, status: 'active', type: 'regular', currency });
    });
    await recordChange(
      tx,
      { ...cause, company_id: company.id },
      customerCreated,
      customer,
      omittedFields(left),
      omissionReason(left),
    );
    return { customer, made: true };
  } catch (error) {
    // Another call made it in between.
    const meanwhile = isTaken(error, 'user_id') && (await findProfile(tx, company.id, user_id));
    if (meanwhile) return { customer: meanwhile, made: false };
    throw error;
  }
}

/** A user as auth knows it now, and the company it belongs to. */
export type UserWithCompany = { user: InternalUser; company: Company };

/**
 * Moves what changed of a user into the customer that is linked to it. Of an erased user nothing is heard any more.
 * @param sequence the user's version that the change made: of one field, an older change is ignored
 */
export async function applyUserChanges(
  tx: Tx,
  cause: EventOrigin,
  { user, company }: UserWithCompany,
  changed: { fields: readonly SyncedField[]; sequence: number },
): Promise<void> {
  await lockUser(tx, company.id, user.id);
  if (await isErasedUser(tx, company.id, user.id)) return;
  const fields = await advanceFieldVersions(tx, company.id, user.id, changed.fields, changed.sequence);
  if (fields.includes('role') && user.role === 'customer')
    await ensureProfile(tx, cause, toProfileOwner(user), company);
  const id = await findProfileId(tx, company.id, user.id);
  const current = id && (await lockCustomer(tx, company.id, id));
  if (!current || current.deleted_at) return;
  const brought = patchFromUser(user, fields, current.full_name_built);
  const { done, left } = await saveWithoutTakenValues(tx, brought, (savepoint, given) =>
    updateProfile(savepoint, current, given, company),
  );
  if (!done) {
    if (left.length > 0) await recordOmission(tx, cause, company.id, current.id, left);
    return;
  }
  const { customer, fields_changed } = done;
  const changes = changesBetween(current, customer, fields_changed);
  const remembered = { changes, ...omissionReason(left) };
  await recordChange(
    tx,
    { ...cause, company_id: company.id },
    customerUpdated,
    customer,
    { fields_changed, ...omittedFields(left) },
    remembered,
  );
}

export const toProfileOwner = (user: InternalUser): ProfileOwner => ({
  user_id: user.id,
  full_name: toFullName(user),
  email: user.email,
  phone: user.phone,
});

async function updateProfile(tx: Tx, current: StoredCustomer, given: CustomerInput, company: Company) {
  const changes = changedValues(applyPatch(current, given, company.country), current);
  const fields_changed = changedFields(Object.keys(changes));
  if (fields_changed.length === 0) return undefined;
  const customer = await updateCustomer(tx, company.id, current, changes, { shown: false });
  if (!customer) throw preconditionFailed();
  return { customer, fields_changed };
}

const contactFields = ['email', 'phone'] as const;
type ContactField = (typeof contactFields)[number];

/**
 * Writes with as many of the given values as nobody else holds: the constraints decide, each attempt stands on a savepoint.
 * @returns what was written, and the names of the fields that were left out
 */
async function saveWithoutTakenValues<Given extends CustomerInput, Done>(
  tx: Tx,
  given: Given,
  attempt: (savepoint: Tx, given: Omit<Given, ContactField> & Pick<CustomerInput, ContactField>) => Promise<Done>,
): Promise<{ done: Done; left: ContactField[] }> {
  const left: ContactField[] = [];
  for (;;) {
    const kept = { ...given };
    for (const field of left) delete kept[field];
    try {
      return { done: await tx.transaction((savepoint) => attempt(savepoint, kept)), left };
    } catch (error) {
      const taken = contactFields.find((field) => !left.includes(field) && isTaken(error, field));
      if (!taken) throw error;
      left.push(taken);
    }
  }
}

const isTaken = (error: unknown, field: string): boolean =>
  error instanceof AppError && error.error_code === `CUSTOMER_${field.toUpperCase()}_TAKEN`;

const omittedFields = (left: readonly ContactField[]) => (left.length > 0 ? { fields_left: [...left] } : {});
/** Why the history shows no change of a field that was to change. */
const omissionReason = (left: readonly ContactField[]) =>
  left.length > 0 ? { reason: `${left.join(' and ')} left as it was: another customer has it` } : {};

const recordOmission = (tx: Tx, cause: EventOrigin, company_id: string, id: string, left: readonly ContactField[]) =>
  insertHistory(tx, company_id, id, {
    actor_id: cause.id,
    action: customerUpdated.name,
    changes: [],
    ...omissionReason(left),
  });
