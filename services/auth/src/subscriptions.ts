import { customerUpdated, events, OwnChanges, type EventContract } from '@clientela/contracts';
import { subscribe, subscribeAll, type Subscription } from '@clientela/events';
import type { ServiceClient } from '@clientela/http';
import { followOwnChanges } from './accounts/follow.ts';
import { auditAll } from './audit/store.ts';

/** The events of the other services; auth audits its own changes in their transactions. */
const { auth: _own, ...otherEvents } = events;

const toFieldNames = (fields: unknown): string[] =>
  Array.isArray(fields) ? fields.filter((field) => typeof field === 'string') : [];

/** Adds every event to the audit log, those of an array in one statement. */
const auditEvents = subscribeAll<EventContract>(Object.values(otherEvents).flat(), async (tx, events) => {
  auditAll(
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

const followedFields = new Set(['full_name', 'firstname', 'lastname', 'phone']);

/** Copies name and phone of a person's own record to its user. The change was made by the person, and does not follow one in auth. */
const followOwnRecord = (customer: ServiceClient) =>
  subscribe(
    customerUpdated,
    async (tx, { actor_id: id, company_id, request_id }, changes: OwnChanges | undefined) => {
      if (changes && company_id) await followOwnChanges(tx, { id, company_id, request_id }, changes);
    },
    {
      prepare: async ({ actor_id, company_id, request_id, data }, { signal }) => {
        const isOwn = !data.followed && data.user_id !== undefined && data.user_id === actor_id;
        if (!isOwn || !data.fields_changed.some((field) => followedFields.has(field))) return undefined;
        const service = { id: 'service:auth', role: 'service', session_id: null, client_ip: null } as const;
        const actor = { ...service, company_id, request_id };
        return customer.get(`/internal/users/${actor_id}/changes`, OwnChanges, { actor, signal });
      },
    },
  );

/** @param deps.customer client of the customer service */
export const subscriptions = ({ customer }: { customer: ServiceClient }): Subscription[] => [
  ...auditEvents,
  followOwnRecord(customer),
];
