import type { Match, DataInventory } from '@clientela/privacy';
import { markCustomerDeleted } from './customers/store.ts';

const customer: Match = { company_id: 'company_id', customer_id: 'customer_id' };

/** Personal data of this service, and how an erasure treats it. */
export const privacy: DataInventory = {
  service: 'favorites',
  tables: [
    { table: 'favorites', person: customer, section: 'favorites', also: ['id'], erasure: 'delete' },
    {
      table: 'customer_locks',
      person: customer,
      not_exported: 'records only that the customer exists or existed',
      erasure: { keep: 'prevents late requests from recreating the customer', columns: ['customer_id'] },
    },
  ],
  begin: async (tx, { company_id, customer_id }) => {
    if (customer_id) await markCustomerDeleted(tx, company_id, customer_id);
  },
};
