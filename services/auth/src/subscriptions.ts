import { events, type EventContract } from '@clientela/contracts';
import { subscribeAll } from '@clientela/events';
import { auditAll } from './audit/store.ts';

/** The events of the other services; auth audits its own changes in their transactions. */
const { auth: _own, ...otherEvents } = events;

const toFieldNames = (fields: unknown): string[] =>
  Array.isArray(fields) ? fields.filter((field) => typeof field === 'string') : [];

/** Adds every event to the audit log, those of an array in one statement. */
export const subscriptions = subscribeAll<EventContract>(Object.values(otherEvents).flat(), async (tx, events) => {
  await auditAll(
    tx,
    events.map(({ contract, event }) => ({
      at: event.occurred_at,
      actor_id: event.actor_id,
      action: event.name,
      resource_type: contract.aggregate.replace(/_id$/, ''),
      resource_id: String(event.data[contract.aggregate]),
      company_id: event.company_id,
      fields: toFieldNames(event.data['fields_changed']),
      request_id: event.request_id,
    })),
  );
});
