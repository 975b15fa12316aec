import { customerCreated, customerDeleted, customerStatusChanged, customerUpdated } from '@clientela/contracts';
import { requireUpdated, requireVersion, type Tx, type ExpectedVersion } from '@clientela/db';
import { conflict, forbidden, invalid, rejectFields } from '@clientela/errors';
import { publish, publishWithChange } from '@clientela/events';
import { metadataErrors } from '@clientela/validation';
import {
  changedValues,
  readOnlyErrors,
  redactAllStoredResponses,
  writableFields,
  type CompanyActor,
} from '@clientela/http';
import { eventIdentity, recordChange, type ChangeAuthor, type EventDetails } from '../history/actions.ts';
import { pickFollowedFields } from '../profiles/rules.ts';
import { recordChangeTimes } from '../profiles/store.ts';
import {
  applyPatch,
  changedFields,
  changesBetween,
  contactErrors,
  documentErrors,
  emptyCustomer,
  forbiddenFields,
  ownEmailErrors,
  userErrors,
} from './rules.ts';
import { countCreated } from './metrics.ts';
import { WritableCustomer, type NewCustomer, type StatusChange, type Type } from './schema.ts';
import {
  deleteCustomer,
  insertCustomer,
  lockCustomer,
  updateCustomer,
  type CustomerChanges,
  type NewCustomerRecord,
  type StoredCustomer,
} from './store.ts';

/** The customer to change, the actor, and the version from If-Match, if any. */
export type CustomerTarget = { actor: CompanyActor; id: string; expected_version: ExpectedVersion };

const firstVersion = 1; // the default of the column

/**
 * Creates a customer in a statement that may end the transaction (see `executeLast`).
 * @param company provides the country for national phone numbers and the currency of the lifetime value
 */
export async function createCustomer(
  tx: Tx,
  actor: CompanyActor,
  input: NewCustomer,
  company: { country: string; currency: string },
): Promise<StoredCustomer> {
  const { business_id, number, status, type, tags = [] } = input;
  requireOwnCompany(actor, business_id);
  const record = applyPatch(emptyCustomer, writableFields(input, WritableCustomer), company.country);
  const errors = documentErrors(record, company.country);
  if (errors.length > 0) throw invalid(errors);
  return addCustomer(tx, actor, { ...record, number, status, type, tags, currency: company.currency });
}

/**
 * Inserts a customer with its history and its event in one statement.
 * @param created.details of the event
 * @param created.reason for the history
 * @throws AppError 409 for a unique value of another customer, or naming the labels that are repeated
 */
export async function addCustomer(
  tx: Tx,
  author: ChangeAuthor,
  record: NewCustomerRecord,
  created: { details?: EventDetails<typeof customerCreated>; reason?: string } = {},
): Promise<StoredCustomer> {
  const entry = { actor_id: author.id, action: customerCreated.name, changes: [], reason: created.reason };
  const customer = await insertCustomer(author.company_id, record, entry, ({ customer: ids, ...insert }) => {
    const identity = eventIdentity({ ...ids, number: 0 }); // the insert assigns another one
    const payload = { sequence: firstVersion, data: { ...identity, ...created.details } };
    return publishWithChange(tx, customerCreated, author, payload, insert);
  });
  countCreated(tx, { customers: 1, tags: record.tags?.length ?? 0 });
  return customer;
}

/**
 * Changes the fields of the body; omitted fields keep their values.
 * @param country normalizes national phone numbers
 * @throws AppError 403 for a field that the role may not write, 422 for read-only fields and for an invalid resulting record
 */
export async function changeCustomer(
  tx: Tx,
  target: CustomerTarget,
  body: Record<string, unknown>,
  country: string,
): Promise<StoredCustomer> {
  const { actor } = target;
  const current = await lockUndeleted(tx, target);
  requireOwnCompany(actor, body['business_id']);
  const changed = Object.keys(changedValues(body, current));
  rejectFields(forbiddenFields(actor.role, Object.keys(body), changed), 'customers:update');
  const input = writableFields(body, WritableCustomer);
  const patched = applyPatch(current, input, country);
  const changes = changedValues(patched, current);
  const changesDocument = 'document_type' in changes || 'document_number' in changes;
  const errors = [
    ...readOnlyErrors(body, WritableCustomer, current),
    ...userErrors(current, input),
    ...(actor.role === 'customer' ? ownEmailErrors(current, input) : []),
    ...contactErrors(patched),
    ...(changesDocument ? documentErrors(patched, country) : []),
    ...metadataErrors(patched.metadata),
  ];
  if (errors.length > 0) throw invalid(errors);

  const fields_changed = changedFields(Object.keys(changes));
  if (fields_changed.length === 0) return current;
  const customer = await saveChanges(tx, actor, current, changes);
  if (customer.user_id !== null) await recordWhoChanged(tx, actor, customer.user_id, fields_changed);
  const history = { changes: changesBetween(current, customer, fields_changed) };
  await recordChange(tx, actor, customerUpdated, customer, { fields_changed }, history);
  return customer;
}

/** Notes the time of a change by the person itself, which its user follows. A change by staff follows nowhere. */
const recordWhoChanged = (
  tx: Tx,
  { id, company_id }: CompanyActor,
  user_id: string,
  fields_changed: readonly string[],
): Promise<void> => {
  const changed_at = id === user_id ? new Date().toISOString() : null;
  return recordChangeTimes(tx, company_id, user_id, pickFollowedFields(fields_changed), changed_at);
};

/** Changes the status; never deletes. Has no effect when the customer has the status already. */
export async function changeStatus(
  tx: Tx,
  target: CustomerTarget,
  { status, reason }: StatusChange,
): Promise<StoredCustomer> {
  const current = await lockUndeleted(tx, target);
  if (current.status === status) return current;
  const customer = await saveChanges(tx, target.actor, current, { status });
  const transition = { from: current.status, to: status };
  const history = { changes: [{ field: 'status', ...transition }], reason: reason ?? undefined };
  await recordChange(tx, target.actor, customerStatusChanged, customer, transition, history);
  return customer;
}

/** Changes the type. Has no effect when the customer has the type already. */
export async function changeType(tx: Tx, target: CustomerTarget, type: Type): Promise<StoredCustomer> {
  const current = await lockUndeleted(tx, target);
  if (current.type === type) return current;
  const customer = await saveChanges(tx, target.actor, current, { type });
  const history = { changes: [{ field: 'type', from: current.type, to: type }] };
  await recordChange(tx, target.actor, customerUpdated, customer, { fields_changed: ['type'] }, history);
  return customer;
}

/** Sets the status active and clears the deletion mark. An active customer stays unchanged. */
export async function activateCustomer(tx: Tx, target: CustomerTarget): Promise<StoredCustomer> {
  const current = await lockForUpdate(tx, target);
  if (current.is_active) return current;
  const customer = await saveChanges(tx, target.actor, current, { status: 'active', isDeleted: false });
  const transition = { from: current.deleted_at ? 'deleted' : current.status, to: 'active' };
  const history = { changes: [{ field: 'status', ...transition }] };
  await recordChange(tx, target.actor, customerStatusChanged, customer, transition, history);
  return customer;
}

/** Sets the deletion mark, which frees the customer's unique values. A deleted customer stays unchanged. */
export async function markDeleted(tx: Tx, target: CustomerTarget): Promise<void> {
  const current = await lockForUpdate(tx, target);
  if (current.deleted_at) return;
  const customer = await saveChanges(tx, target.actor, current, { isDeleted: true });
  const changes = [{ field: 'status', from: current.status, to: 'deleted' }];
  await recordChange(tx, target.actor, customerDeleted, customer, { hard: false }, { changes });
}

/** Removes a customer permanently. The event makes other services delete their rows. */
export async function removeCustomer(tx: Tx, target: CustomerTarget): Promise<void> {
  const current = await lockForUpdate(tx, target);
  await deleteCustomer(tx, target.actor.company_id, current.id);
  const { id: customer_id, number: customer_number, version } = current; // deleting the customer deletes its history
  await publish(tx, customerDeleted, target.actor, version + 1, { ...eventIdentity(current), hard: true });
  // The user remains, with responses of their own: only those about the customer are redacted.
  const person = { company_id: target.actor.company_id, customer_id, customer_number, user_id: null };
  await redactAllStoredResponses(tx, person);
}

/** @throws AppError 403 for another company, whether or not it exists */
function requireOwnCompany(actor: CompanyActor, business_id: unknown): void {
  if (business_id !== undefined && business_id !== actor.company_id)
    throw forbidden('business_id must be your own company');
}

/**
 * Finds and locks the customer to change.
 * @throws AppError 404, or 412 when its version is not the expected one
 */
export async function lockForUpdate(tx: Tx, { actor, id, expected_version }: CustomerTarget): Promise<StoredCustomer> {
  return requireVersion(await lockCustomer(tx, actor.company_id, id), 'customer', expected_version);
}

/**
 * Finds and locks an undeleted customer that the actor may change.
 * @throws AppError 404, 412, 409 CUSTOMER_DELETED, or 403 CUSTOMER_SUSPENDED for role customer whose record is not active
 */
export async function lockUndeleted(tx: Tx, target: CustomerTarget): Promise<StoredCustomer> {
  const current = await lockForUpdate(tx, target);
  if (current.deleted_at)
    throw conflict({ error_code: 'CUSTOMER_DELETED', detail: 'The customer is deleted; activate it first' });
  if (target.actor.role === 'customer' && current.status !== 'active')
    throw forbidden('Your customer record is not active, so that you cannot change it', 'CUSTOMER_SUSPENDED');
  return current;
}

/** Writes changes to a locked record as its next version. */
export async function saveChanges(
  tx: Tx,
  actor: CompanyActor,
  current: StoredCustomer,
  changes: CustomerChanges,
): Promise<StoredCustomer> {
  // Role customer may read only its own record, so a conflict does not reveal the existing record.
  const exposeExisting = actor.role !== 'customer';
  return requireUpdated(await updateCustomer(tx, actor.company_id, current, changes, { exposeExisting }));
}
