import { eventsBeforeErasure } from '@clientela/contracts';
import { removeFromEvents } from '@clientela/events';
import type { Match, DataInventory } from '@clientela/privacy';
import { markCustomerDeleted } from './customers/store.ts';

const ofCustomer: Match = { company_id: 'company_id', customer_id: 'customer_id' };

/** The personal data of this service. */
export const privacy: DataInventory = {
  service: 'favorites',
  tables: [
    { table: 'favorites', person: ofCustomer, section: 'favorites', alsoExported: ['id'], erasure: 'delete' },
    {
      table: 'customer_locks',
      person: ofCustomer,
      notExported: 'records only that the customer exists or existed',
      erasure: { keep: 'late requests must not restore the customer', columns: ['customer_id'] },
    },
  ],
  onStart: async (tx, { company_id, customer_id, user_id }) => {
    if (customer_id) await markCustomerDeleted(tx, company_id, customer_id);
    await removeFromEvents(tx, eventsBeforeErasure, { field: 'user_id', aggregate_id: customer_id, value: user_id });
  },
};
