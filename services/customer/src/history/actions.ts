import type { DataOf, EventContract } from '@clientela/contracts';
import type { Tx } from '@clientela/db';
import { publish, type Cause } from '@clientela/events';
import type { Change } from './schema.ts';
import { insertHistory } from './store.ts';

/** Whose doing a change of a company's record is: an actor of a door, or whoever an event names. */
export type Doer = Cause & { company_id: string };

type Named = { id: string; number: number; version: number };

/**
 * Says that a customer changed and remembers it in the customer's history, under the event's name: what is announced can be read there.
 * @param customer as it is after the change
 * @param said the event's data beside the customer's id and number
 * @param remembered values before and after, which no event carries
 */
export async function tell<E extends EventContract>(
  tx: Tx,
  doer: Doer,
  contract: E,
  customer: Named,
  said: Omit<DataOf<E>, 'customer_id' | 'number'>,
  remembered: { changes?: readonly Change[]; reason?: string | undefined } = {},
): Promise<void> {
  const { changes = [], reason } = remembered;
  await insertHistory(tx, doer.company_id, customer.id, {
    actor_id: doer.id,
    action: contract.name,
    changes: [...changes],
    ...(reason !== undefined && { reason }),
  });
  const data = { customer_id: customer.id, number: customer.number, ...said } as unknown as DataOf<E>;
  await publish(tx, contract, doer, customer.version, data);
}
