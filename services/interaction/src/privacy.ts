import { eventsBeforeErasure } from '@clientela/contracts';
import { removeFromEvents } from '@clientela/events';
import type { Match, DataInventory } from '@clientela/privacy';
import { markCustomerDeleted } from './customers/store.ts';

const ofCustomer: Match = { company_id: 'company_id', customer_id: 'customer_id' };
const alsoExported = ['id', 'customer_id', 'created_by', 'created_at', 'updated_at', 'version'];

/** Records that an erased user created about others. */
const createdBy = (table: string) => ({
  table,
  person: { company_id: 'company_id', created_by: 'user_id' } as const,
  notExported: 'about another person or the company',
  erasure: { keep: 'the record is the company’s; the author’s id refers to nobody', columns: ['created_by'] },
  scanByKey: true as const, // erasures are rare; an index on created_by would slow down every write
});

/** The personal data of this service. */
export const privacy: DataInventory = {
  service: 'interaction',
  tables: [
    {
      table: 'interactions',
      person: ofCustomer,
      section: 'interactions',
      alsoExported,
      withheld: {
        search_text: 'derived from notes and category for search',
        resolved_at: 'follows from the status; the customer sees it with its complaints',
      },
      erasure: 'delete',
    },
    {
      table: 'transactions',
      person: ofCustomer,
      section: 'transactions',
      alsoExported,
      withheld: { content_digest: 'a digest of exported values' },
      erasure: { anonymise: 'accounting keeps amounts without the customer', columns: { customer_id: null } },
    },
    createdBy('interactions'),
    createdBy('transactions'),
    createdBy('interaction_types'),
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
