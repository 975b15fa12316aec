import { customerUpdated, type InternalCompany, type InternalUser } from '@clientela/contracts';
import { requireUpdated, type Tx } from '@clientela/db';
import { AppError, notFound } from '@clientela/errors';
import type { EventOrigin } from '@clientela/events';
import { changedValues } from '@clientela/http';
import { addCustomer } from '../customers/actions.ts';
import { emptyCustomer, changedFields, changesBetween, applyPatch } from '../customers/rules.ts';
import type { CustomerInput } from '../customers/schema.ts';
import { lockCustomer, updateCustomer, type StoredCustomer } from '../customers/store.ts';
import { recordChange } from '../history/actions.ts';
import { insertHistory } from '../history/store.ts';
import { changeTimes, patchFromUser, toFullName, type SyncedField } from './rules.ts';
import { isErasedUser, lockUser } from '../tombstones/store.ts';
import { findProfileId, findProfile, advanceFieldVersions } from './store.ts';

type Company = Pick<InternalCompany, 'id' | 'country' | 'currency'>;

/** The user for whom a profile is created. */
export type ProfileOwner = { user_id: string; email: string; full_name: string; phone?: string | null | undefined };

/**
 * Returns the user's profile and creates it when there is none. E-mail and phone do not prove identity: a value that another
 * customer has is omitted, and that customer stays unchanged.
 * @throws AppError 404 for an erased user
 */
export async function ensureProfile(
  tx: Tx,
  origin: EventOrigin,
  { user_id, full_name, email, phone = null }: ProfileOwner,
  company: Company,
): Promise<{ customer: StoredCustomer; created: boolean }> {
  const existing = await findProfile(tx, company.id, user_id);
  if (existing) return { customer: existing, created: false };
  await lockUser(tx, company.id, user_id);
  if (await isErasedUser(tx, company.id, user_id)) throw notFound('customer');
  try {
    const { saved } = await saveWithoutTakenValues(tx, { email, phone }, (savepoint, contact, omitted) => {
      const record = applyPatch(emptyCustomer, { user_id, full_name, ...contact }, company.country);
      const author = { ...origin, company_id: company.id };
      const customer = { ...record, status: 'active', type: 'regular', currency: company.currency } as const;
      return addCustomer(savepoint, author, customer, {
        details: omittedFields(omitted),
        ...omissionReason(omitted),
      });
    });
    return { customer: saved, created: true };
  } catch (error) {
    // A concurrent call created the profile first.
    const concurrent = isTaken(error, 'user_id') && (await findProfile(tx, company.id, user_id));
    if (concurrent) return { customer: concurrent, created: false };
    throw error;
  }
}

/** The current user from auth, and its company. */
export type UserWithCompany = { user: InternalUser; company: Company };

/**
 * Copies changed fields of a user to the linked customer; ignores erased users, and fields that the person has changed here since.
 * @param changed.sequence version of the user after the change; a field ignores changes older than its newest one
 */
export async function applyUserChanges(
  tx: Tx,
  origin: EventOrigin,
  { user, company }: UserWithCompany,
  changed: { fields: readonly SyncedField[]; sequence: number },
): Promise<void> {
  await lockUser(tx, company.id, user.id);
  if (await isErasedUser(tx, company.id, user.id)) return;
  // Before the versions of its fields, in the order in which a change of the customer locks them.
  let current = await lockProfile(tx, company.id, user.id);
  const change = { sequence: changed.sequence, times: changeTimes(user) };
  const fields = await advanceFieldVersions(tx, company.id, user.id, changed.fields, change);
  if (fields.includes('role') && user.role === 'customer') {
    await ensureProfile(tx, origin, toProfileOwner(user), company);
    current = await lockProfile(tx, company.id, user.id);
  }
  if (!current || current.deleted_at) return;
  const patch = patchFromUser(user, fields, current.full_name_built);
  const { saved, omitted } = await saveWithoutTakenValues(tx, patch, (savepoint, input) =>
    updateProfile(savepoint, current, input, company),
  );
  if (!saved) {
    if (omitted.length > 0) await recordOmission(tx, origin, company.id, current.id, omitted);
    return;
  }
  const { customer, fields_changed } = saved;
  const author = { ...origin, company_id: company.id };
  const details = { fields_changed, ...omittedFields(omitted), followed: true as const };
  const history = { changes: changesBetween(current, customer, fields_changed), ...omissionReason(omitted) };
  await recordChange(tx, author, customerUpdated, customer, details, history);
}

/** Finds the undeleted customer of a user and locks it until the transaction ends. */
async function lockProfile(tx: Tx, company_id: string, user_id: string): Promise<StoredCustomer | undefined> {
  const id = await findProfileId(tx, company_id, user_id);
  return id === undefined ? undefined : lockCustomer(tx, company_id, id);
}

export const toProfileOwner = (user: InternalUser): ProfileOwner => ({
  user_id: user.id,
  full_name: toFullName(user),
  email: user.email,
  phone: user.phone,
});

async function updateProfile(tx: Tx, current: StoredCustomer, input: CustomerInput, company: Company) {
  const changes = changedValues(applyPatch(current, input, company.country), current);
  const fields_changed = changedFields(Object.keys(changes));
  if (fields_changed.length === 0) return undefined;
  const customer = requireUpdated(await updateCustomer(tx, company.id, current, changes, { exposeExisting: false }));
  return { customer, fields_changed };
}

const uniqueContactFields = ['email', 'phone'] as const;
type UniqueContactField = (typeof uniqueContactFields)[number];

/**
 * Saves the values except those that another customer has. Unique constraints decide, so each attempt runs in a savepoint.
 * @returns what was saved, and the names of the omitted fields
 */
async function saveWithoutTakenValues<Input extends CustomerInput, Saved>(
  tx: Tx,
  input: Input,
  save: (
    savepoint: Tx,
    input: Omit<Input, UniqueContactField> & Pick<CustomerInput, UniqueContactField>,
    omitted: readonly UniqueContactField[],
  ) => Promise<Saved>,
): Promise<{ saved: Saved; omitted: UniqueContactField[] }> {
  const omitted: UniqueContactField[] = [];
  for (;;) {
    const remaining = { ...input };
    for (const field of omitted) delete remaining[field];
    try {
      return { saved: await tx.transaction((savepoint) => save(savepoint, remaining, omitted)), omitted };
    } catch (error) {
      const takenField = uniqueContactFields.find((field) => !omitted.includes(field) && isTaken(error, field));
      if (!takenField) throw error;
      omitted.push(takenField);
    }
  }
}

const isTaken = (error: unknown, field: string): boolean =>
  error instanceof AppError && error.error_code === `CUSTOMER_${field.toUpperCase()}_TAKEN`;

const omittedFields = (omitted: readonly UniqueContactField[]) =>
  omitted.length > 0 ? { fields_left: [...omitted] } : {};
/** Explains in the history why a field did not change. */
const omissionReason = (omitted: readonly UniqueContactField[]) =>
  omitted.length > 0 ? { reason: `${omitted.join(' and ')} unchanged: another customer has the value` } : {};

const recordOmission = (
  tx: Tx,
  origin: EventOrigin,
  company_id: string,
  id: string,
  omitted: readonly UniqueContactField[],
) =>
  insertHistory(tx, company_id, id, {
    actor_id: origin.id,
    action: customerUpdated.name,
    changes: [],
    ...omissionReason(omitted),
  });
