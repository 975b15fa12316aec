import type { Match, DataInventory } from '@clientela/privacy';
import { markCustomerDeleted } from './customers/store.ts';

const customer: Match = { company_id: 'company_id', customer_id: 'customer_id' };
const exportedColumns = ['id', 'customer_id', 'created_by', 'created_at', 'updated_at'];

/** Rows about others that an erased user recorded. */
const recordedBy = (table: string) => ({
  table,
  person: { company_id: 'company_id', created_by: 'user_id' } as const,
  not_exported: 'the author is not the person the record is about',
  erasure: {
    keep: 'the record belongs to the company; the id of an erased author identifies nobody',
    columns: ['created_by'],
  },
  walk: true as const, // an index for this alone is not worth its cost
});

/** Personal data of this service, and how an erasure treats it. */
export const privacy: DataInventory = {
  service: 'interaction',
  tables: [
    {
      table: 'interactions',
      person: customer,
      section: 'interactions',
      also: exportedColumns,
      withheld: { search_text: 'notes and category, normalised for search' },
      erasure: 'delete',
    },
    {
      table: 'transactions',
      person: customer,
      section: 'transactions',
      also: exportedColumns,
      withheld: { content_digest: 'a digest of exported fields' },
      erasure: { anonymise: 'the books keep payments without the person', columns: { customer_id: null } },
    },
    recordedBy('interactions'),
    recordedBy('transactions'),
    recordedBy('interaction_types'),
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
