import { companyStatusChanged, companyUpdated } from '@clientela/contracts';
import type { Tx } from '@clientela/db';
import { AppError, invalid, notFound, preconditionFailed } from '@clientela/errors';
import { publish } from '@clientela/events';
import { changedValues, pickWritable, type Actor } from '@clientela/http';
import { audit } from '../audit/store.ts';
import { endSessionsOfCompany } from '../sessions/store.ts';
import { companyFaults, forbiddenFields } from './rules.ts';
import { WritableCompany, type Company, type CompanyChanges, type NewCompany } from './schema.ts';
import { insertCompany, lockCompany, updateCompany, type StoredCompany } from './store.ts';

/** A change of one company: who, which, and the version the caller knows of it, if it said so. */
export type Target = { actor: Actor; id: string; expected_version: number | undefined };

type Defaults = Pick<Company, 'country' | 'currency'>;

export async function createCompany(
  tx: Tx,
  actor: Actor,
  input: NewCompany,
  defaults: Defaults,
): Promise<StoredCompany> {
  refuse(companyFaults(input, Object.keys(input)));
  const { country = defaults.country, currency = defaults.currency } = input;
  const company = await insertCompany(tx, { ...input, country, currency }, true);
  await note(tx, actor, company, 'company.created');
  return company;
}

/**
 * Changes what the body brings; what it leaves out stays. The status is a change of its own, with its own event.
 * @throws AppError 403 for a field that the role may not write, 422 for read-only ones and for what the company would become
 */
export async function changeCompany(tx: Tx, target: Target, body: Record<string, unknown>): Promise<StoredCompany> {
  const current = await currentOf(tx, target);
  const given = changedValues(pickWritable(body, WritableCompany, current), current);
  refuseFields(forbiddenFields(target.actor.role, Object.keys(given)));
  refuse(companyFaults({ ...current, ...given }, Object.keys(given)));
  const { status, ...changes } = given;
  const changed = await save(tx, target.actor, current, changes);
  return status ? setStatus(tx, target.actor, changed, status) : changed;
}

/** Closes a company: nobody of it signs in any more. Again is no change. */
export async function closeCompany(tx: Tx, target: Target): Promise<void> {
  const current = await currentOf(tx, target);
  if (current.status !== 'inactive') await setStatus(tx, target.actor, current, 'inactive');
}

async function currentOf(tx: Tx, { id, expected_version }: Target): Promise<StoredCompany> {
  const current = await lockCompany(tx, id);
  if (!current) throw notFound('company');
  if (expected_version !== undefined && expected_version !== current.version) throw preconditionFailed();
  return current;
}

/** Writes changes of a company that is locked, and says so. */
export async function save(
  tx: Tx,
  actor: Actor,
  current: StoredCompany,
  changes: CompanyChanges,
): Promise<StoredCompany> {
  const fields_changed = Object.keys(changes);
  if (fields_changed.length === 0) return current;
  const company = await write(tx, actor, current, changes);
  const cause = { ...actor, company_id: company.id };
  await publish(tx, companyUpdated, cause, company.version, { company_id: company.id, fields_changed });
  await note(tx, actor, company, 'company.updated', fields_changed);
  return company;
}

/** A company that is not active takes its users' access away, at once. */
async function setStatus(
  tx: Tx,
  actor: Actor,
  current: StoredCompany,
  status: Company['status'],
): Promise<StoredCompany> {
  const company = await write(tx, actor, current, { status });
  if (status !== 'active') await endSessionsOfCompany(tx, company.id);
  const change = { company_id: company.id, from: current.status, to: status };
  await publish(tx, companyStatusChanged, { ...actor, company_id: company.id }, company.version, change);
  await note(tx, actor, company, 'company.status.changed', ['status']);
  return company;
}

async function write(tx: Tx, actor: Actor, current: StoredCompany, changes: CompanyChanges): Promise<StoredCompany> {
  const company = await updateCompany(tx, current, changes, actor.role === 'superuser');
  if (!company) throw preconditionFailed();
  return company;
}

const note = (tx: Tx, actor: Actor, { id }: StoredCompany, action: string, fields: string[] = []) =>
  audit(tx, {
    actor_id: actor.id,
    action,
    resource_type: 'company',
    resource_id: id,
    company_id: id,
    fields,
    request_id: actor.request_id,
  });

function refuse(faults: Parameters<typeof invalid>[0]): void {
  if (faults.length > 0) throw invalid(faults);
}

function refuseFields(fields: readonly string[]): void {
  if (fields.length === 0) return;
  const errors = fields.map((path) => ({ path, message: 'may not be written by your role' }));
  throw new AppError('forbidden', { detail: `Your role may not write ${fields.join(', ')}`, errors });
}
