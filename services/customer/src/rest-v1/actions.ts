import type { Tx } from '@clientela/db';
import { invalid, notFound } from '@clientela/errors';
import { changedValues, readOnlyErrors, writableFields, type CompanyActor } from '@clientela/http';
import { changeCustomer, lockForUpdate, markDeleted, type CustomerTarget } from '../customers/actions.ts';
import type { StoredCustomer } from '../customers/store.ts';
import { toLegacyCustomer, phoneErrors, toCustomerInput } from './rules.ts';
import { WritableLegacyCustomer } from './schema.ts';
import { findIdByNumber, lockByNumber } from './store.ts';

/** The customer to change, by number; see `CustomerTarget`. */
export type NumberTarget = Omit<CustomerTarget, 'id'> & { number: number };

/**
 * Changes the fields of the body that differ from the legacy representation.
 * @throws AppError 404, also for a deleted customer
 */
export async function changeByNumber(
  tx: Tx,
  { number, ...target }: NumberTarget,
  body: Record<string, unknown>,
): Promise<StoredCustomer> {
  const customerTarget = { ...target, id: await lockIdByNumber(tx, target.actor, number) };
  const current = toLegacyCustomer(await lockForUpdate(tx, customerTarget));
  const changes = changedValues(writableFields(body, WritableLegacyCustomer), current);
  const errors = [...readOnlyErrors(body, WritableLegacyCustomer, current), ...phoneErrors(changes)];
  if (errors.length > 0) throw invalid(errors);
  return changeCustomer(tx, customerTarget, toCustomerInput(changes), noCountry);
}

/** Sets the deletion mark. A deleted customer stays unchanged. @throws AppError 404 */
export async function deleteByNumber(tx: Tx, { number, ...target }: NumberTarget): Promise<void> {
  const id = await findIdByNumber(tx, target.actor.company_id, number);
  if (!id) throw notFound('customer');
  await markDeleted(tx, { ...target, id });
}

/** Legacy phones have a country code, so no country is needed to normalize them. */
const noCountry = '';

async function lockIdByNumber(tx: Tx, actor: CompanyActor, number: number): Promise<string> {
  const id = await lockByNumber(tx, actor.company_id, number);
  if (!id) throw notFound('customer');
  return id;
}
