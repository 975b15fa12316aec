import type { TablePolicy, DataInventory } from '@clientela/privacy';

const ofCustomer = { company_id: 'company_id', customer_id: 'customer_id' } as const;
const ofUser = { company_id: 'company_id', user_id: 'user_id' } as const;
const copied = 'a copy of what the customer says';

/** What the person wrote about others, as one of the company's people. */
const written = (table: string, author: string): TablePolicy => ({
  table,
  person: { company_id: 'company_id', [author]: 'user_id' },
  not_exported: 'it is about somebody else',
  erasure: { keep: 'it is about somebody else; the id of its author leads to nobody', columns: [author] },
});
const tombstone = (table: string, person: TablePolicy['person']): TablePolicy => ({
  table,
  person,
  not_exported: 'there is nobody to be told',
  erasure: {
    keep: 'what comes late must not bring the person back; the id leads to nobody',
    columns: Object.keys(person),
  },
});

/** What this service knows of a person. An erasure removes the customer's rows at once when it begins (room gdpr): see docs/adr/0018. */
export const privacy: DataInventory = {
  service: 'customer',
  tables: [
    {
      table: 'customer_tags',
      person: ofCustomer,
      section: 'tags',
      also: ['id', 'customer_id', 'created_at'],
      withheld: { is_listed: copied, customer_created_at: copied },
      erasure: 'delete',
    },
    {
      table: 'customer_notes',
      person: ofCustomer,
      section: 'notes',
      also: ['id', 'customer_id', 'created_at'],
      erasure: 'delete',
    },
    { table: 'customer_history', person: ofCustomer, section: 'history', erasure: 'delete' },
    {
      table: 'customers',
      person: { company_id: 'company_id', id: 'customer_id' },
      section: 'customer',
      also: ['id', 'created_at', 'updated_at'],
      withheld: {
        search_text: 'what the search looks in, made of the other fields',
        deletion_keys: 'made of the other fields',
      },
      erasure: 'delete',
    },
    {
      table: 'customer_counters',
      person: ofCustomer,
      section: 'customer',
      withheld: { is_listed: copied, customer_created_at: copied },
      erasure: 'delete',
    },
    {
      table: 'user_field_versions',
      person: ofUser,
      not_exported: 'names of fields and versions, by which late news are known',
      erasure: 'delete',
    },
    written('customer_tags', 'created_by'),
    written('customer_notes', 'created_by'),
    written('customer_history', 'actor_id'),
    tombstone('erased_customers', ofCustomer),
    tombstone('erased_users', ofUser),
    {
      table: 'erasure_requests',
      person: [ofCustomer, ofUser],
      not_exported: 'there is nobody to be told',
      erasure: { keep: 'that this was asked for and done', columns: ['customer_id', 'customer_number', 'user_id'] },
    },
  ],
  nobody: {
    avatar_deletions:
      'pictures on their way out of the storage: an erasure waits until they are gone from it, and this with them',
  },
};
