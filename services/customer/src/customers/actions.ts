import { customerCreated, customerDeleted, customerStatusChanged, customerUpdated } from '@clientela/contracts';
import type { Tx } from '@clientela/db';
import { AppError, conflict, forbidden, invalid, notFound, preconditionFailed } from '@clientela/errors';
import { publish } from '@clientela/events';
import { changedValues, readOnlyErrors, writableFields, type CompanyActor } from '@clientela/http';
import { recordChange } from '../history/actions.ts';
import { insertTags, updateLabels } from '../tags/store.ts';
import {
  emptyCustomer,
  changedFields,
  changesBetween,
  applyPatch,
  forbiddenFields,
  recordErrors,
  userErrors,
} from './rules.ts';
import { WritableCustomer, type NewCustomer, type StatusChange, type Type } from './schema.ts';
import {
  deleteCustomer,
  insertCustomer,
  lockCustomer,
  updateCustomer,
  type CustomerChanges,
  type StoredCustomer,
} from './store.ts';

/** A change of one existing customer: whose, which, and the version the caller knows of it, if it said so. */
export type CustomerTarget = { actor: CompanyActor; id: string; expected_version: number | undefined };

/** @param company whose country reads national phone numbers, and in whose currency the customer's value is counted */
export async function createCustomer(
  tx: Tx,
  actor: CompanyActor,
  input: NewCustomer,
  company: { country: string; currency: string },
): Promise<StoredCustomer> {
  const { business_id, number, status, type, tags = [] } = input;
  requireOwnCompany(actor, business_id);
  const record = applyPatch(emptyCustomer, writableFields(input, WritableCustomer), company.country);
  const customer = await insertCustomer(tx, actor.company_id, {
    ...record,
    number,
    status,
    type,
    currency: company.currency,
  });
  const tagged = tags.length > 0 ? await insertInitialTags(tx, actor, customer, tags) : customer;
  await recordChange(tx, actor, customerCreated, tagged, {});
  return tagged;
}

/** The labels belong to how the record began: they are no versions and no events of their own. */
async function insertInitialTags(tx: Tx, actor: CompanyActor, customer: StoredCustomer, labels: readonly string[]) {
  const rows = labels.map((label) => ({ label, color: null, priority: 0, created_by: actor.id }));
  await insertTags(tx, actor.company_id, customer.id, rows, (index) => `tags.${index}`);
  return { ...customer, ...(await updateLabels(tx, actor.company_id, customer.id, 0)) };
}

/**
 * Changes what the body brings; what it leaves out stays.
 * @param country by which a national phone number is read
 * @throws AppError 403 for a field that the role may not write, 422 for read-only ones and for what the record would become
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
  rejectFields(forbiddenFields(actor.role, Object.keys(body), Object.keys(changedValues(body, current))));
  const given = writableFields(body, WritableCustomer);
  const after = applyPatch(current, given, country);
  const faults = [
    ...readOnlyErrors(body, WritableCustomer, current),
    ...userErrors(current, given),
    ...recordErrors(after),
  ];
  if (faults.length > 0) throw invalid(faults);

  const changes = changedValues(after, current);
  const fields_changed = changedFields(Object.keys(changes));
  if (fields_changed.length === 0) return current;
  const customer = await saveChanges(tx, actor, current, changes);
  const remembered = { changes: changesBetween(current, customer, fields_changed) };
  await recordChange(tx, actor, customerUpdated, customer, { fields_changed }, remembered);
  return customer;
}

/** Gives a customer another status, which never deletes it. The same again is no change. */
export async function changeStatus(
  tx: Tx,
  target: CustomerTarget,
  { status, reason }: StatusChange,
): Promise<StoredCustomer> {
  const current = await lockUndeleted(tx, target);
  if (current.status === status) return current;
  const customer = await saveChanges(tx, target.actor, current, { status });
  const said = { from: current.status, to: status };
  const remembered = { changes: [{ field: 'status', ...said }], reason: reason ?? undefined };
  await recordChange(tx, target.actor, customerStatusChanged, customer, said, remembered);
  return customer;
}

/** Gives a customer another type. The same again is no change. */
export async function changeType(tx: Tx, target: CustomerTarget, type: Type): Promise<StoredCustomer> {
  const current = await lockUndeleted(tx, target);
  if (current.type === type) return current;
  const customer = await saveChanges(tx, target.actor, current, { type });
  const remembered = { changes: [{ field: 'type', from: current.type, to: type }] };
  await recordChange(tx, target.actor, customerUpdated, customer, { fields_changed: ['type'] }, remembered);
  return customer;
}

/** Brings a customer back with status active, deleted or not. Again is no change. */
export async function activateCustomer(tx: Tx, target: CustomerTarget): Promise<StoredCustomer> {
  const current = await lockForUpdate(tx, target);
  if (current.is_active) return current;
  const customer = await saveChanges(tx, target.actor, current, { status: 'active', deleted: false });
  const from = current.deleted_at ? 'deleted' : current.status;
  const said = { from, to: 'active' };
  await recordChange(tx, target.actor, customerStatusChanged, customer, said, {
    changes: [{ field: 'status', ...said }],
  });
  return customer;
}

/** Sets the deletion mark, which frees the record's unique values. Again is no change. */
export async function markDeleted(tx: Tx, target: CustomerTarget): Promise<void> {
  const current = await lockForUpdate(tx, target);
  if (current.deleted_at) return;
  const customer = await saveChanges(tx, target.actor, current, { deleted: true });
  const changes = [{ field: 'status', from: current.status, to: 'deleted' }];
  await recordChange(tx, target.actor, customerDeleted, customer, { hard: false }, { changes });
}

/** Removes a customer for good, here and (by the event) in the services that hold rows of it. */
export async function removeCustomer(tx: Tx, target: CustomerTarget): Promise<void> {
  const current = await lockForUpdate(tx, target);
  await deleteCustomer(tx, target.actor.company_id, current.id);
  const { id: customer_id, number, version } = current; // its history went with it
  await publish(tx, customerDeleted, target.actor, version + 1, { customer_id, number, hard: true });
}

/** @throws AppError 403 for another company, alike whether it exists or not */
function requireOwnCompany(actor: CompanyActor, business_id: unknown): void {
  if (business_id !== undefined && business_id !== actor.company_id) throw forbidden('That is not your company');
}

function rejectFields(fields: readonly string[]): void {
  if (fields.length === 0) return;
  const errors = fields.map((path) => ({ path, message: 'may not be written by your role' }));
  throw new AppError('forbidden', { detail: `Your role may not write ${fields.join(', ')}`, errors });
}

/**
 * Finds and locks the record to be changed.
 * @throws AppError 404, or 412 when it has moved on from the version that the caller knows
 */
export async function lockForUpdate(tx: Tx, { actor, id, expected_version }: CustomerTarget): Promise<StoredCustomer> {
  const current = await lockCustomer(tx, actor.company_id, id);
  if (!current) throw notFound('customer');
  if (expected_version !== undefined && expected_version !== current.version) throw preconditionFailed();
  return current;
}

/**
 * As `currentOf`, for a change that a deleted record does not take.
 * @throws AppError 409 CUSTOMER_DELETED besides
 */
export async function lockUndeleted(tx: Tx, target: CustomerTarget): Promise<StoredCustomer> {
  const current = await lockForUpdate(tx, target);
  if (current.deleted_at)
    throw conflict({ error_code: 'CUSTOMER_DELETED', detail: 'The customer is deleted; activate it first' });
  return current;
}

/** Writes changes onto a record that is locked: a new version of it. */
export async function saveChanges(
  tx: Tx,
  actor: CompanyActor,
  current: StoredCustomer,
  changes: CustomerChanges,
): Promise<StoredCustomer> {
  // Who may see only one record is not shown the one that holds a value.
  const customer = await updateCustomer(tx, actor.company_id, current, changes, { shown: actor.role !== 'customer' });
  if (!customer) throw preconditionFailed();
  return customer;
}
