import type { EventData, EventContract } from '@clientela/contracts';
import type { Tx } from '@clientela/db';
import { publishAll, type EventOrigin } from '@clientela/events';
import type { Change } from './schema.ts';
import { historyStatement } from './store.ts';

/** Author of a change of a company's record: a request's actor, or the actor of an event. */
export type ChangeAuthor = EventOrigin & { company_id: string };

type CustomerIdentity = { id: string; number: number; user_id: string | null };
/** Event data without the customer's ids. */
export type EventDetails<E extends EventContract> = Omit<EventData<E>, 'customer_id' | 'number' | 'user_id'>;

/** The ids of a customer in the data of its events. */
export const eventIdentity = ({ id: customer_id, number, user_id }: CustomerIdentity) => ({
  customer_id,
  number,
  ...(user_id !== null && { user_id }),
});

/** Values before and after, for the history only; events omit them. */
type HistoryDetails = { changes?: readonly Change[]; reason?: string | undefined };

/**
 * Writes a change to the customer's history and publishes its event, in one statement and under one name.
 * @param customer its state after the change
 */
export const recordChange = <E extends EventContract>(
  tx: Tx,
  author: ChangeAuthor,
  contract: E,
  customer: CustomerIdentity & { version: number },
  details: EventDetails<E>,
  history: HistoryDetails = {},
): Promise<void> => recordChanges(tx, author, contract, customer, [details], history);

/** Records a change that consists of several events, each with its own version. The last is the customer's new version. */
export async function recordChanges<E extends EventContract>(
  tx: Tx,
  author: ChangeAuthor,
  contract: E,
  customer: CustomerIdentity & { version: number },
  details: readonly EventDetails<E>[],
  { changes = [], reason }: HistoryDetails = {},
): Promise<void> {
  const entry = { actor_id: author.id, action: contract.name, changes: [...changes], reason };
  const previousVersion = customer.version - details.length;
  const payloads = details.map((detail, index) => ({
    sequence: previousVersion + index + 1,
    data: { ...eventIdentity(customer), ...detail } as unknown as EventData<E>,
  }));
  await publishAll(tx, contract, author, payloads, historyStatement(author.company_id, customer.id, entry));
}
