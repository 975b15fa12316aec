import type { Tx } from '@clientela/db';
import { notFound } from '@clientela/errors';
import type { CompanyActor } from '@clientela/http';
import { findCustomer, type StoredCustomer } from '../customers/store.ts';
import type { StatisticsChange } from './schema.ts';
import { updateCounters } from './store.ts';

/** Changes a customer's counters, also of a deleted customer. Raises no version and publishes no event. */
export async function changeStatistics(
  tx: Tx,
  actor: CompanyActor,
  id: string,
  { increment = {}, ...absolute }: StatisticsChange,
): Promise<StoredCustomer> {
  const hasChanges = Object.keys({ ...absolute, ...increment }).length > 0;
  if (hasChanges && !(await updateCounters(tx, actor.company_id, id, absolute, increment))) throw notFound('customer');
  const customer = await findCustomer(tx, actor.company_id, id);
  if (!customer) throw notFound('customer');
  return customer;
}
