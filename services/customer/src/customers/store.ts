import {
  alphabetical,
  execute,
  isUuid,
  lookUp,
  mapConstraintErrors,
  newId,
  type Db,
  type NamedStatement,
  type Tx,
} from '@clientela/db';
import { conflict } from '@clientela/errors';
import { historyValues, insertEntryText, type NewEntry } from '../history/store.ts';
import { rejectTakenLabels } from '../tags/store.ts';
import { searchColumns, searchKeys } from './search.ts';
import { counterColumns, type Customer, type CustomerFields } from './schema.ts';

/** Columns that are stored and never returned. */
type InternalFields = Pick<CustomerFields, 'full_name_built' | 'phone_typed'> & {
  deleted_at: string | null;
};
export type StoredCustomer = Customer & InternalFields;
/** Record to insert; `currency` is that of its lifetime value. */
export type NewCustomerRecord = CustomerFields &
  Pick<Customer, 'status' | 'type' | 'currency'> & {
    number?: number | undefined;
    /** Labels of the tags that it is created with. */
    tags?: readonly string[];
  };
export type CustomerChanges = Partial<
  CustomerFields & Pick<Customer, 'status' | 'type' | 'tags' | 'avatar_url'> & { isDeleted: boolean }
>;

const writableColumns = [
  'user_id',
  'external_id',
  'full_name',
  'firstname',
  'lastname',
  'email',
  'phone',
  'gender',
  'birthday',
  'city_id',
  'document_type',
  'document_number',
  'address',
  'preferences',
  'metadata',
  'last_auth_at',
] as const;
const internalColumns = ['full_name_built', 'phone_typed', 'deleted_at'] as const;
const recordColumns = [
  'id',
  'number',
  ...writableColumns,
  'avatar_url',
  'status',
  'type',
  'tags',
  'is_active',
  'created_at',
  'updated_at',
  'version',
] as const;

/** Columns of a response, from `customers as c` and `customer_counters as n`. */
export const responseColumns = ['c.company_id as business_id', ...recordColumns, ...counterColumns];

const customerById: NamedStatement = {
  name: 'find_customer',
  text: `select ${[...responseColumns, ...internalColumns].join(', ')} from customers as c
    join customer_counters as n on n.company_id = c.company_id and n.customer_id = c.id
    where c.company_id = $1 and c.id = $2`,
};

export const findCustomer = async (db: Db, company_id: string, id: string): Promise<StoredCustomer | undefined> =>
  (await lookUp<StoredCustomer>(db, customerById, [company_id, id]))[0];

const lockStatement: NamedStatement = {
  name: 'lock_customer',
  text: `select ${[...responseColumns, ...internalColumns].join(', ')}
      from customers as c join customer_counters as n on n.company_id = c.company_id and n.customer_id = c.id
     where c.company_id = $1 and c.id = $2
       for update of c`,
};

/** Finds the customer and locks its row until the transaction ends. */
export const lockCustomer = async (tx: Tx, company_id: string, id: string): Promise<StoredCustomer | undefined> =>
  (await execute<StoredCustomer>(tx, lockStatement, [company_id, id]))[0];

/** Finds the user of a customer; undefined without a customer or a user. */
export async function findUserIdOf(db: Db, company_id: string, id: string): Promise<string | undefined> {
  const row = (await db('customers').select('user_id').where({ company_id, id }).first()) as
    | { user_id: string | null }
    | undefined;
  return row?.user_id ?? undefined;
}

type CustomerKeys = { id: string; number: number; deleted: boolean };
const customerKeysBy = (column: 'id' | 'number'): NamedStatement => ({
  name: `find_customer_by_${column}`,
  text: `select id, number, deleted_at is not null as deleted from customers where company_id = $1 and ${column} = $2`,
});
const customerKeys = { id: customerKeysBy('id'), number: customerKeysBy('number') };

/** Finds a customer by id or number, including deleted ones. */
export const findCustomerByKey = async (db: Db, company_id: string, key: string): Promise<CustomerKeys | undefined> =>
  (await lookUp<CustomerKeys>(db, customerKeys[isUuid(key) ? 'id' : 'number'], [company_id, key]))[0];

/** Values that identify duplicates among a company's undeleted customers. A number stays reserved after deletion. */
const uniqueFields = ['number', 'user_id', 'external_id', 'email', 'phone', 'document_number'] as const;
type UniqueValues = Partial<Pick<Customer, (typeof uniqueFields)[number] | 'document_type'>>;

/**
 * Maps unique constraints, such as customers_email_taken, to errors.
 * @param exposeExisting whether the conflict shows the existing customer
 */
const uniqueConstraintErrors = (company_id: string, values: UniqueValues, exposeExisting: boolean) =>
  Object.fromEntries(
    uniqueFields.map((field) => [
      `customers_${field}_taken`,
      () =>
        conflict({
          resource: 'customer',
          field,
          ...(exposeExisting && { existing: (db: Db) => findByUniqueValue(db, company_id, field, values) }),
        }),
    ]),
  );

/** Finds a customer by a unique value, in its compared form. */
export function findByUniqueValue(
  db: Db,
  company_id: string,
  field: (typeof uniqueFields)[number],
  values: UniqueValues,
) {
  const { [field]: value = null } = values;
  const query = db('customers').select('id', 'number').where({ company_id });
  if (field !== 'number') void query.whereNull('deleted_at');
  if (field === 'email') void query.whereRaw('email_key = lower(?)', [value]);
  else if (field === 'phone') void query.whereRaw("phone_key = ltrim(?, '+')", [value]);
  else if (field === 'document_number')
    void query.whereRaw('document_key = compared_document(?, ?)', [values.document_type ?? null, value]);
  else void query.where({ [field]: value });
  return query.first() as Promise<{ id: string; number: number } | undefined>;
}

/** The company's currency, which may have changed since the given one was cached. */
export const presentCurrency = (tx: Tx, company_id: string, currency: string) =>
  tx.raw('coalesce((select currency from company_currency_changes where company_id = ?), ?)', [company_id, currency]);

/** Builds the search columns as values of a statement. The keys are one text, because pg would quote and escape each of some sixty. */
const searchValues = (record: Parameters<typeof searchColumns>[0]) => {
  const { search_text, deletion_keys } = searchColumns(record);
  return { search_text, deletion_keys: `{${deletion_keys.join(',')}}` };
};

const insertedColumns = [...writableColumns, 'full_name_built', 'phone_typed', 'status', 'type'] as const;
/** What the database decides of a customer that is written; the other columns are as they were given. */
const decidedColumns = [
  'number',
  'address',
  'preferences',
  'metadata',
  'tags',
  'last_auth_at',
  'is_active',
  'created_at',
  'updated_at',
  'version',
] as const;
type Decided = Pick<StoredCustomer, (typeof decidedColumns)[number]>;
export type Inserted = Decided & { currency: string; tag_ids?: string[] };

/** What the counters of a new customer are, beside their currency. */
const initialCounters = {
  total_orders: 0,
  total_appointments: 0,
  total_complaints: 0,
  open_complaints: 0,
  last_order_date: null,
  last_appointment_date: null,
  last_complaint_date: null,
  lifetime_value: '0.00',
} satisfies Omit<Pick<Customer, (typeof counterColumns)[number]>, 'currency'>;

/**
 * Builds the insert of a customer without or with tags, whose labels are in the order of tags with equal priority. Counters and tags copy
 * what their triggers cannot read yet: the customer of this statement. It returns only what the database decides, because each column
 * more costs both sides.
 */
function insertExpressions({ hasTags }: { hasTags: boolean }) {
  const columns = insertedColumns.map((_column, index) => `$${index + 8}`);
  const [labels, tagIds, author] = [1, 2, 3].map((index) => `$${columns.length + 7 + index}`);
  const tags = `tags as (
      insert into customer_tags (company_id, id, customer_id, label, created_by, customer_created_at, is_listed)
      select $1, tag.id, $2, tag.label, ${author}::text, customer.created_at, customer.is_active
        from customer, unnest(${tagIds}::uuid[], ${labels}::text[]) as tag (id, label)
      on conflict (company_id, customer_id, lower(label)) do nothing
      returning id
    )`;
  return {
    name: hasTags ? 'insert_tagged_customer' : 'insert_customer',
    expressions: [
      `customer as (
      insert into customers (company_id, id, number, search_text, deletion_keys, search_keys, tags, ${insertedColumns.join(', ')})
      values ($1, $2, coalesce($3::bigint, nextval('customer_numbers')), $4, $5, $6,
        ${hasTags ? `array(select label from unnest(${labels}::text[]) as label order by ${alphabetical('label')})` : "'{}'"},
        ${columns.join(', ')})
      returning ${decidedColumns.join(', ')},
                coalesce((select currency from company_currency_changes where company_id = $1), $7::text) as currency
    )`,
      `counters as (
      insert into customer_counters (company_id, customer_id, currency, is_listed, customer_created_at)
      select $1, $2, currency, is_active, created_at from customer
    )`,
      ...(hasTags ? [tags] : []),
      `history as (${insertEntryText(columns.length + (hasTags ? 10 : 7))})`,
    ],
    decided: "(select jsonb_build_object('number', number) from customer)",
    result: `select *${hasTags ? ', array(select id from tags) as tag_ids' : ''} from customer`,
  };
}
const insertUntagged = insertExpressions({ hasTags: false });
const insertTagged = insertExpressions({ hasTags: true });

/** The insert of a customer, to be executed with its event. */
export type CustomerInsert = ReturnType<typeof insertExpressions> & {
  customer: { id: string; user_id: string | null };
  values: readonly unknown[];
  /** Whether nothing in its result can be a reason to undo it. */
  mayCommit: boolean;
};

/**
 * Inserts a customer, its counters, its history and its first tags, which have no versions and events of their own.
 * @param entry of the history
 * @param write executes the insert with its event
 * @throws AppError 409 for a unique value of another customer, or naming the labels that are repeated
 */
export async function insertCustomer(
  company_id: string,
  record: NewCustomerRecord,
  entry: NewEntry,
  write: (insert: CustomerInsert) => Promise<Inserted[]>,
): Promise<StoredCustomer> {
  const { currency, number, tags = [], ...fields } = record;
  const { search_text, deletion_keys } = searchValues(fields);
  const id = newId();
  const tagIds = tags.map(() => newId());
  const hasTags = tags.length > 0;
  const insert = write({
    ...(hasTags ? insertTagged : insertUntagged),
    customer: { id, user_id: fields.user_id },
    values: [
      company_id,
      id,
      number ?? null,
      search_text,
      deletion_keys,
      hasTags ? null : searchKeys(search_text), // with labels the database computes them
      currency,
      ...insertedColumns.map((column) => fields[column]),
      ...(hasTags ? [[...tags], tagIds, entry.actor_id] : []),
      ...historyValues(company_id, id, entry),
    ],
    mayCommit: !hasTags, // its result tells whether a label is repeated
  });
  const [inserted] = await mapConstraintErrors(
    insert,
    uniqueConstraintErrors(company_id, { ...fields, ...(number !== undefined && { number }) }, true),
  );
  const { tag_ids = [], number: assigned, ...decided } = inserted as Inserted;
  rejectTakenLabels(
    company_id,
    id,
    tags,
    (index) => tag_ids.includes(tagIds[index] ?? ''),
    (index) => `tags.${index}`,
  );
  return {
    business_id: company_id,
    id,
    number: assigned,
    ...fields,
    avatar_url: null,
    deleted_at: null,
    ...initialCounters,
    ...decided,
  };
}

const updateStatements = new Map<string, NamedStatement>();
const maxUpdateStatements = 100; // sets of columns whose statements each connection keeps

/** Builds the update of a set of columns, once. The first three values are company, id and the version that was read. */
function updateStatement(columns: readonly string[]): NamedStatement {
  const key = columns.join(' ');
  const known = updateStatements.get(key);
  if (known) return known;
  const assignments = columns.map((column, index) =>
    column === 'deleted_at' ? `deleted_at = case when $${index + 4} then now() end` : `${column} = $${index + 4}`,
  );
  const text = `update customers set ${[...assignments, 'version = version + 1', 'updated_at = now()'].join(', ')}
     where company_id = $1 and id = $2 and version = $3
    returning deleted_at, ${decidedColumns.join(', ')}`;
  const isKept = updateStatements.size < maxUpdateStatements;
  const statement = { name: isKept ? `update_customer_${updateStatements.size}` : '', text };
  if (isKept) updateStatements.set(key, statement);
  return statement;
}

const searchedFields = new Set(['full_name', 'firstname', 'lastname', 'email', 'phone', 'document_number']);

/** Updates the version that was read; undefined when the record has another version by now. */
export async function updateCustomer(
  tx: Tx,
  company_id: string,
  current: StoredCustomer,
  changes: CustomerChanges,
  { exposeExisting }: { exposeExisting: boolean },
): Promise<StoredCustomer | undefined> {
  const { isDeleted, ...fields } = changes;
  const record = { ...current, ...fields };
  const isSearched = Object.keys(fields).some((field) => searchedFields.has(field));
  const values: Record<string, unknown> = {
    ...fields,
    ...(isDeleted !== undefined && { deleted_at: isDeleted }),
    ...(isSearched && searchValues(record)),
  };
  const columns = Object.keys(values).toSorted();
  const update = execute<Decided & Pick<StoredCustomer, 'deleted_at'>>(tx, updateStatement(columns), [
    company_id,
    current.id,
    current.version,
    ...columns.map((column) => values[column]),
  ]);
  const [row] = await mapConstraintErrors(update, uniqueConstraintErrors(company_id, record, exposeExisting));
  return row && { ...record, ...row };
}

export const deleteCustomer = (tx: Tx, company_id: string, id: string): Promise<number> =>
  tx('customers').where({ company_id, id }).delete();
