import { events, type EventContract } from '@clientela/contracts';
import { subscribe } from '@clientela/events';
import { audit } from './audit/store.ts';

/** What the other services do; auth's own doings are written into the trail where they are done. */
const { auth: _own, ...others } = events;

const names = (fields: unknown): string[] =>
  Array.isArray(fields) ? fields.filter((field) => typeof field === 'string') : [];

/** Every event is a line of the trail. */
const told = (contract: EventContract) =>
  subscribe(contract, (tx, event) =>
    audit(tx, {
      at: event.occurred_at,
      actor_id: event.actor_id,
      action: event.name,
      resource_type: contract.aggregate.replace(/_id$/, ''),
      resource_id: String(event.data[contract.aggregate]),
      company_id: event.company_id,
      fields: names(event.data['fields_changed']),
      request_id: event.request_id,
    }),
  );

export const subscriptions = Object.values(others).flat().map(told);
