import type { Tx } from '@clientela/db';
import { AppError, conflict, notFound } from '@clientela/errors';
import { outsideServiceOf, type CompanyActor } from '@clientela/http';
import { findCustomer, type StoredCustomer } from '../customers/store.ts';
import { counterGroups } from './rules.ts';
import type { StatisticsChange } from './schema.ts';
import { lockCurrency, updateCounters } from './store.ts';

/**
 * Changes a customer's counters, also of a deleted customer. Raises no version and publishes no event.
 * @throws AppError 403 for a counter that belongs to another service, 409 for amounts in another currency than the record's
 */
export async function changeStatistics(
  tx: Tx,
  actor: CompanyActor,
  id: string,
  { increment = {}, currency, ...absolute }: StatisticsChange,
): Promise<StoredCustomer> {
  rejectForeignCounters(actor, Object.keys({ ...absolute, ...increment }));
  if (currency !== undefined) await requireCurrency(tx, actor.company_id, id, currency);
  const hasChanges = Object.keys({ ...absolute, ...increment }).length > 0;
  if (hasChanges && !(await updateCounters(tx, actor.company_id, id, absolute, increment))) throw notFound('customer');
  const customer = await findCustomer(tx, actor.company_id, id);
  if (!customer) throw notFound('customer');
  return customer;
}

/** @throws AppError 403 naming the counters of other groups than the outside service's own */
function rejectForeignCounters(actor: CompanyActor, fields: readonly string[]): void {
  const group = outsideServiceOf(actor);
  const own: readonly string[] = group ? counterGroups[group] : fields;
  const foreign = fields.filter((field) => !own.includes(field));
  if (foreign.length === 0) return;
  const errors = foreign.map((path) => ({ path, message: `is not reported by ${group}` }));
  throw new AppError('forbidden', { detail: `The key of ${group} may not write ${foreign.join(', ')}`, errors });
}

async function requireCurrency(tx: Tx, company_id: string, id: string, reported: string): Promise<void> {
  const currency = await lockCurrency(tx, company_id, id);
  if (currency === undefined) throw notFound('customer');
  if (currency === reported) return;
  throw conflict({
    error_code: 'CUSTOMER_CURRENCY_DIFFERS',
    detail: `The amounts of this customer are in ${currency}; report others in by_currency`,
  });
}
