import type { Tx } from '@clientela/db';
import { invalid, notFound } from '@clientela/errors';
import { changedValues, readOnlyErrors, writableFields, type CompanyActor } from '@clientela/http';
import { changeCustomer, lockForUpdate, markDeleted, type CustomerTarget } from '../customers/actions.ts';
import type { StoredCustomer } from '../customers/store.ts';
import { toLegacyCustomer, phoneErrors, toCustomerInput } from './rules.ts';
import { WritableLegacyCustomer } from './schema.ts';
import { lockByNumber } from './store.ts';

/** As the trunk's, by number. */
export type NumberTarget = Omit<CustomerTarget, 'id'> & { number: number };

/**
 * Changes what the body brings; a field that is sent back as it was read is none of it.
 * @throws AppError 404 for a deleted one too
 */
export async function changeByNumber(
  tx: Tx,
  { number, ...target }: NumberTarget,
  body: Record<string, unknown>,
): Promise<StoredCustomer> {
  const found = { ...target, id: await idOf(tx, target.actor, number) };
  const shown = toLegacyCustomer(await lockForUpdate(tx, found));
  const given = changedValues(writableFields(body, WritableLegacyCustomer), shown);
  const faults = [...readOnlyErrors(body, WritableLegacyCustomer, shown), ...phoneErrors(given)];
  if (faults.length > 0) throw invalid(faults);
  return changeCustomer(tx, found, toCustomerInput(given), noCountry);
}

/** @throws AppError 404 for one that is deleted already */
export async function deleteByNumber(tx: Tx, { number, ...target }: NumberTarget): Promise<void> {
  await markDeleted(tx, { ...target, id: await idOf(tx, target.actor, number) });
}

/** Phones here come with their country code. */
const noCountry = '';

async function idOf(tx: Tx, actor: CompanyActor, number: number): Promise<string> {
  const id = await lockByNumber(tx, actor.company_id, number);
  if (!id) throw notFound('customer');
  return id;
}
