import type { Tx } from '@clientela/db';
import { notFound } from '@clientela/errors';
import type { CompanyActor } from '@clientela/http';
import { findCustomer, type StoredCustomer } from '../customers/store.ts';
import type { StatisticsChange } from './schema.ts';
import { updateCounters } from './store.ts';

/**
 * Moves a customer's counters, be it deleted or not: what is reported about it happened. This raises no version of the record, and
 * there is nothing to announce, as whoever reports it has done so.
 */
export async function changeStatistics(
  tx: Tx,
  actor: CompanyActor,
  id: string,
  { increment = {}, ...absolute }: StatisticsChange,
): Promise<StoredCustomer> {
  const changes = Object.keys({ ...absolute, ...increment }).length > 0;
  if (changes && !(await updateCounters(tx, actor.company_id, id, absolute, increment))) throw notFound('customer');
  const customer = await findCustomer(tx, actor.company_id, id);
  if (!customer) throw notFound('customer');
  return customer;
}
