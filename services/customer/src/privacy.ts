import type { TablePolicy, DataInventory } from '@clientela/privacy';

const ofCustomer = { company_id: 'company_id', customer_id: 'customer_id' } as const;
const ofUser = { company_id: 'company_id', user_id: 'user_id' } as const;
const compared = 'the field of that name, as it is compared';
const copied = 'a copy of the customer’s column';

/** Records that the person wrote about others as a member of staff. */
const authored = (table: string, author: string): TablePolicy => ({
  table,
  person: { company_id: 'company_id', [author]: 'user_id' },
  notExported: 'about another person',
  erasure: { keep: 'about another person; the author’s id refers to nobody', columns: [author] },
});
const tombstone = (table: string, person: TablePolicy['person']): TablePolicy => ({
  table,
  person,
  notExported: 'written when the person is erased',
  erasure: {
    keep: 'late events and requests must not restore the person; the id refers to nobody',
    columns: Object.keys(person),
  },
});

/** The personal data of this service. The first transaction of an erasure deletes the customer: see docs/adr/0016. */
export const privacy: DataInventory = {
  service: 'customer',
  tables: [
    {
      table: 'customer_tags',
      person: ofCustomer,
      section: 'tags',
      alsoExported: ['id', 'customer_id', 'created_at'],
      withheld: { is_listed: copied, customer_created_at: copied },
      atStart: true,
      erasure: 'delete',
    },
    {
      table: 'customer_notes',
      person: ofCustomer,
      section: 'notes',
      alsoExported: ['id', 'customer_id', 'created_at'],
      atStart: true,
      erasure: 'delete',
    },
    { table: 'customer_history', person: ofCustomer, section: 'history', atStart: true, erasure: 'delete' },
    {
      table: 'customer_counters',
      person: ofCustomer,
      section: 'customer',
      withheld: { is_listed: copied, customer_created_at: copied },
      atStart: true,
      erasure: 'delete',
    },
    {
      table: 'customers',
      person: { company_id: 'company_id', id: 'customer_id' },
      section: 'customer',
      alsoExported: ['id', 'created_at', 'updated_at'],
      withheld: {
        search_text: 'derived from the other fields for search',
        deletion_keys: 'derived from the other fields for search',
        search_keys: 'derived from the other fields for search',
        email_key: compared,
        phone_key: compared,
        document_key: compared,
      },
      atStart: true,
      erasure: 'delete',
    },
    {
      table: 'customer_import_drafts',
      person: ofCustomer,
      notExported: 'what a dry run of an import would store, until it ends',
      erasure: 'delete',
    },
    {
      table: 'user_field_versions',
      person: ofUser,
      notExported: 'names of fields and versions, which identify late events',
      erasure: 'delete',
    },
    authored('customer_tags', 'created_by'),
    authored('customer_notes', 'created_by'),
    authored('customer_history', 'actor_id'),
    authored('customer_imports', 'created_by'),
    authored('jobs', 'created_by'),
    tombstone('erased_customers', ofCustomer),
    tombstone('erased_users', ofUser),
    {
      table: 'erasure_requests',
      person: [ofCustomer, ofUser],
      notExported: 'written when the person is erased',
      erasure: {
        keep: 'proof that the erasure was requested and done',
        columns: ['customer_id', 'customer_number', 'user_id'],
      },
    },
  ],
  notPersonal: {
    avatar_deletions: 'files to delete from the avatar storage: an erasure waits until these rows are deleted',
  },
};
