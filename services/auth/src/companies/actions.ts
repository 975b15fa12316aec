import { companyStatusChanged, companyUpdated } from '@clientela/contracts';
import { requireUpdated, requireVersion, type Tx, type ExpectedVersion } from '@clientela/db';
import { invalid, rejectFields } from '@clientela/errors';
import { publish } from '@clientela/events';
import { changedValues, pickWritable, type Actor } from '@clientela/http';
import { audit } from '../audit/store.ts';
import { announceRevocations } from '../sessions/announcements.ts';
import { endSessionsOfCompany, endSessionsWithoutFactor } from '../sessions/store.ts';
import { companyErrors, documentNumberAfter, forbiddenFields } from './rules.ts';
import { WritableCompany, type Company, type CompanyChanges, type CompanyDefaults, type NewCompany } from './schema.ts';
import { insertCompany, lockCompany, updateCompany } from './store.ts';

/** Identifies a change of one company; `expected_version` comes from `If-Match`. */
export type Target = { actor: Actor; id: string; expected_version: ExpectedVersion };

export async function createCompany(
  tx: Tx,
  actor: Actor,
  input: NewCompany,
  defaults: CompanyDefaults,
): Promise<Company> {
  const { country = defaults.country, currency = defaults.currency } = input;
  const values = { ...input, document_number: documentNumberAfter({}, input), country, currency };
  throwIfInvalid(companyErrors(values, Object.keys(input)));
  const company = await insertCompany(tx, values, true);
  await auditCompany(tx, actor, company, 'company.created');
  return company;
}

/**
 * Applies the fields in the body. A new status is saved separately, because it has its own event.
 * @throws AppError 403 for a field that the role may not write, 422 for read-only fields and invalid values
 */
export async function changeCompany(tx: Tx, target: Target, body: Record<string, unknown>): Promise<Company> {
  const current = await lockForUpdate(tx, target);
  const sent = pickWritable(body, WritableCompany, current);
  const changes = changedValues({ ...sent, document_number: documentNumberAfter(current, sent) }, current);
  rejectFields(forbiddenFields(target.actor.role, Object.keys(changes)));
  throwIfInvalid(companyErrors({ ...current, ...changes }, Object.keys(changes)));
  const { status, ...fields } = changes;
  const company = await saveChanges(tx, target.actor, current, fields);
  return status ? setStatus(tx, target.actor, company, status) : company;
}

/** Deactivates a company, so that its users can no longer sign in. Has no effect on an inactive one. */
export async function closeCompany(tx: Tx, target: Target): Promise<void> {
  const current = await lockForUpdate(tx, target);
  if (current.status !== 'inactive') await setStatus(tx, target.actor, current, 'inactive');
}

async function lockForUpdate(tx: Tx, { id, expected_version }: Target): Promise<Company> {
  return requireVersion(await lockCompany(tx, id), 'company', expected_version);
}

/** Updates a locked company, publishes `company.updated` and audits the changed fields. */
export async function saveChanges(tx: Tx, actor: Actor, current: Company, changes: CompanyChanges): Promise<Company> {
  const fields_changed = Object.keys(changes);
  if (fields_changed.length === 0) return current;
  const company = await updateOrThrow(tx, actor, current, changes);
  const origin = { ...actor, company_id: company.id };
  await publish(tx, companyUpdated, origin, company.version, { company_id: company.id, fields_changed });
  await auditCompany(tx, actor, company, 'company.updated', fields_changed);
  if (changes.require_mfa === true) await endSessionsThatLackFactor(tx, company.id);
  return company;
}

/** The users sign in again, with tokens that admit to setting a second factor up only. */
async function endSessionsThatLackFactor(tx: Tx, company_id: string): Promise<void> {
  await endSessionsWithoutFactor(tx, company_id);
  announceRevocations(tx);
}

/** Changes the status; every status but active ends the sessions of the company's users. */
async function setStatus(tx: Tx, actor: Actor, current: Company, status: Company['status']): Promise<Company> {
  const company = await updateOrThrow(tx, actor, current, { status });
  if (status !== 'active') await endSessionsOfCompany(tx, company.id);
  announceRevocations(tx);
  const change = { company_id: company.id, from: current.status, to: status };
  await publish(tx, companyStatusChanged, { ...actor, company_id: company.id }, company.version, change);
  await auditCompany(tx, actor, company, 'company.status.changed', ['status']);
  return company;
}

async function updateOrThrow(tx: Tx, actor: Actor, current: Company, changes: CompanyChanges): Promise<Company> {
  return requireUpdated(await updateCompany(tx, current, changes, actor.role === 'superuser'));
}

const auditCompany = (tx: Tx, actor: Actor, { id }: Company, action: string, fields: string[] = []) =>
  audit(tx, {
    actor_id: actor.id,
    action,
    resource_type: 'company',
    resource_id: id,
    company_id: id,
    fields,
    request_id: actor.request_id,
  });

function throwIfInvalid(errors: Parameters<typeof invalid>[0]): void {
  if (errors.length > 0) throw invalid(errors);
}
