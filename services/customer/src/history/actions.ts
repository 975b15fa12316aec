import type { EventData, EventContract } from '@clientela/contracts';
import type { Tx } from '@clientela/db';
import { publishAll, type EventOrigin } from '@clientela/events';
import type { Change } from './schema.ts';
import { insertHistory } from './store.ts';

/** Whose doing a change of a company's record is: an actor of a door, or whoever an event names. */
export type ChangeAuthor = EventOrigin & { company_id: string };

type CustomerIdentity = { id: string; number: number; version: number };
/** What an event says beside which customer it is about. */
type EventDetails<E extends EventContract> = Omit<EventData<E>, 'customer_id' | 'number'>;
/** Values before and after, which no event carries. */
type HistoryDetails = { changes?: readonly Change[]; reason?: string | undefined };

/**
 * Says that a customer changed and remembers it in the customer's history, under the event's name: what is announced can be read there.
 * @param customer as it is after the change
 */
export const recordChange = <E extends EventContract>(
  tx: Tx,
  doer: ChangeAuthor,
  contract: E,
  customer: CustomerIdentity,
  said: EventDetails<E>,
  remembered: HistoryDetails = {},
): Promise<void> => recordChanges(tx, doer, contract, customer, [said], remembered);

/**
 * As `tell`, of one change that is several events, each with a version of its own, the last one's being the customer's. The history
 * remembers it once.
 */
export async function recordChanges<E extends EventContract>(
  tx: Tx,
  doer: ChangeAuthor,
  contract: E,
  customer: CustomerIdentity,
  said: readonly EventDetails<E>[],
  { changes = [], reason }: HistoryDetails = {},
): Promise<void> {
  await insertHistory(tx, doer.company_id, customer.id, {
    actor_id: doer.id,
    action: contract.name,
    changes: [...changes],
    ...(reason !== undefined && { reason }),
  });
  const about = { customer_id: customer.id, number: customer.number };
  const before = customer.version - said.length;
  const facts = said.map((one, index) => ({
    sequence: before + index + 1,
    data: { ...about, ...one } as unknown as EventData<E>,
  }));
  await publishAll(tx, contract, doer, facts);
}
