import type { Match, DataInventory } from '@clientela/privacy';
import { removeCustomer } from './customers/store.ts';

const customer: Match = { company_id: 'company_id', customer_id: 'customer_id' };
const shown = ['id', 'customer_id', 'created_by', 'created_at', 'updated_at'];

/** Rows that an erased user recorded about others. */
const recordedBy = (table: string) => ({
  table,
  person: { company_id: 'company_id', created_by: 'user_id' } as const,
  notExported: 'who recorded it is not what it is about',
  erasure: { keep: 'the record is the company’s; the id of its author leads to nobody', columns: ['created_by'] },
  scanByKey: true as const, // no index is kept for this alone
});

/** What this service knows of a person, and what becomes of it. */
export const privacy: DataInventory = {
  service: 'interaction',
  tables: [
    {
      table: 'interactions',
      person: customer,
      section: 'interactions',
      alsoExported: shown,
      withheld: { searched: 'notes and category, as the search spells them' },
      erasure: 'delete',
    },
    {
      table: 'transactions',
      person: customer,
      section: 'transactions',
      alsoExported: shown,
      withheld: { recorded_as: 'a digest of what is exported' },
      erasure: { anonymise: 'the books keep what was paid, without whose it was', columns: { customer_id: null } },
    },
    recordedBy('interactions'),
    recordedBy('transactions'),
    recordedBy('interaction_types'),
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
