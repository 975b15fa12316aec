import type { Tx } from '@clientela/db';
import { conflict, invalid, notFound } from '@clientela/errors';
import { changedValues, readOnlyErrors, writableFields, type CompanyActor } from '@clientela/http';
import {
  changeCustomer,
  createCustomer,
  lockForUpdate,
  markDeleted,
  type CustomerTarget,
} from '../customers/actions.ts';
import type { StoredCustomer } from '../customers/store.ts';
import { comparedPhone, isShownPhone, noCountry, phoneErrors, toCustomerInput, toLegacyCustomer } from './rules.ts';
import { WritableLegacyCustomer, type LegacyCustomerInput } from './schema.ts';
import { findIdByNumber, findWithExtension, lockByNumber } from './store.ts';

/** The customer to change, by number; see `CustomerTarget`. */
export type NumberTarget = Omit<CustomerTarget, 'id'> & { number: number };

/** Creates a customer. A phone number that another customer has with an extension is in use here. */
export async function createLegacyCustomer(
  tx: Tx,
  actor: CompanyActor,
  input: LegacyCustomerInput,
  company: { country: string; currency: string },
): Promise<StoredCustomer> {
  await requireFreePhone(tx, actor, input);
  return createCustomer(tx, actor, { ...toCustomerInput(input), status: 'active', type: 'regular' }, company);
}

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
  const { phone, ...input } = writableFields(body, WritableLegacyCustomer);
  const isNewPhone = phone !== undefined && !isShownPhone(phone, current.phone);
  const changes = changedValues({ ...input, ...(isNewPhone && { phone }) }, current);
  const errors = [...readOnlyErrors(body, WritableLegacyCustomer, current), ...phoneErrors(changes)];
  if (errors.length > 0) throw invalid(errors);
  await requireFreePhone(tx, target.actor, changes);
  return changeCustomer(tx, customerTarget, toCustomerInput(changes), noCountry);
}

/** Sets the deletion mark. A deleted customer stays unchanged. @throws AppError 404 */
export async function deleteByNumber(tx: Tx, { number, ...target }: NumberTarget): Promise<void> {
  const id = await findIdByNumber(tx, target.actor.company_id, number);
  if (!id) throw notFound('customer');
  await markDeleted(tx, { ...target, id });
}

/** @throws AppError 409 when another customer has the phone number with an extension, which this API does not show */
async function requireFreePhone(tx: Tx, actor: CompanyActor, { phone }: LegacyCustomerInput): Promise<void> {
  const existing = phone ? await findWithExtension(tx, actor.company_id, comparedPhone(phone)) : undefined;
  if (existing) throw conflict({ resource: 'customer', field: 'phone', existing: async () => existing });
}

async function lockIdByNumber(tx: Tx, actor: CompanyActor, number: number): Promise<string> {
  const id = await lockByNumber(tx, actor.company_id, number);
  if (!id) throw notFound('customer');
  return id;
}
