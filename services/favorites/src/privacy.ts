import type { Match, DataInventory } from '@clientela/privacy';
import { removeCustomer } from './customers/store.ts';

const customer: Match = { company_id: 'company_id', customer_id: 'customer_id' };

/** What this service knows of a person, and what becomes of it. */
export const privacy: DataInventory = {
  service: 'favorites',
  tables: [
    { table: 'favorites', person: customer, section: 'favorites', alsoExported: ['id'], erasure: 'delete' },
    {
      table: 'customer_locks',
      person: customer,
      notExported: 'says only that there is or was such a customer',
      erasure: { keep: 'keeps what comes late from bringing the customer back', columns: ['customer_id'] },
    },
  ],
  onStart: async (tx, { company_id, customer_id }) => {
    if (customer_id) await removeCustomer(tx, company_id, customer_id);
  },
};
