import { alphabetical, isUuid, mapConstraintErrors, newId, type Db, type Tx } from '@clientela/db';
import { conflict } from '@clientela/errors';
import { countCreated } from './metrics.ts';
import { searchColumns } from './search.ts';
import { counterColumns, type Customer, type CustomerFields } from './schema.ts';

/** Columns that are stored and never returned. */
type InternalFields = Pick<CustomerFields, 'full_name_built' | 'phone_typed'> & {
  deleted_at: string | null;
};
export type StoredCustomer = Customer & InternalFields;
/** Record to insert; `currency` is that of its lifetime value. */
export type NewCustomerRecord = CustomerFields &
  Pick<Customer, 'status' | 'type' | 'currency'> & { number?: number | undefined; tags?: readonly string[] };
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
const returningColumns = ['company_id as business_id', ...recordColumns, ...internalColumns];

const customerQuery = (db: Db, company_id: string, id: string) =>
  db('customers as c')
    .join('customer_counters as n', { 'n.company_id': 'c.company_id', 'n.customer_id': 'c.id' })
    .select(responseColumns)
    .select(internalColumns)
    .where({ 'c.company_id': company_id, 'c.id': id });

export const findCustomer = async (db: Db, company_id: string, id: string): Promise<StoredCustomer | undefined> =>
  // Named: parsed and planned once per connection.
  customerQuery(db, company_id, id).first().options({ name: 'find_customer' }) as Promise<StoredCustomer | undefined>;

/** Finds the customer and locks its row until the transaction ends. */
export const lockCustomer = async (tx: Tx, company_id: string, id: string): Promise<StoredCustomer | undefined> =>
  customerQuery(tx, company_id, id).forUpdate('c').first() as Promise<StoredCustomer | undefined>;

/** Finds the user of a customer; undefined without a customer or a user. */
export async function findUserIdOf(db: Db, company_id: string, id: string): Promise<string | undefined> {
  const row = (await db('customers').select('user_id').where({ company_id, id }).first()) as
    | { user_id: string | null }
    | undefined;
  return row?.user_id ?? undefined;
}

/** Finds a customer by id or number, including deleted ones. */
export const findCustomerByKey = async (db: Db, company_id: string, key: string) =>
  db('customers')
    .select('id', 'number', db.raw('deleted_at is not null as deleted'))
    .where({ company_id, ...(isUuid(key) ? { id: key } : { number: key }) })
    .first() as Promise<{ id: string; number: number; deleted: boolean } | undefined>;

/** Values that identify duplicates among a company's undeleted customers. A number stays reserved after deletion. */
const uniqueFields = ['number', 'user_id', 'external_id', 'email', 'phone', 'document_number'] as const;
type UniqueValues = Partial<Pick<Customer, (typeof uniqueFields)[number] | 'document_type'>>;

/** @param exposeExisting whether the conflict shows the existing customer */
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

/** Labels in the order of tags with equal priority. */
const sortedLabels = (tx: Tx, labels: readonly string[]) =>
  tx.raw(`array(select label from unnest(?::text[]) as label order by ${alphabetical('label')})`, [[...labels]]);

/** Inserts a customer and its counters. Its labels are those of tags that are inserted next. */
export async function insertCustomer(tx: Tx, company_id: string, record: NewCustomerRecord): Promise<StoredCustomer> {
  const { currency, number, tags = [], ...fields } = record;
  const row = {
    ...fields,
    company_id,
    id: newId(),
    ...searchColumns(fields),
    ...(number !== undefined && { number }),
    ...(tags.length > 0 && { tags: sortedLabels(tx, tags) }),
  };
  const insert = tx('customers').insert(row).returning(returningColumns);
  const [customer] = await mapConstraintErrors(
    insert,
    uniqueConstraintErrors(company_id, { ...fields, ...(number !== undefined && { number }) }, true),
  );
  const [counters] = await tx('customer_counters')
    .insert({
      company_id,
      customer_id: row.id,
      currency: presentCurrency(tx, company_id, currency),
      is_listed: fields.status === 'active',
    })
    .returning(counterColumns);
  countCreated(tx, { customers: 1 });
  return { ...customer, ...counters } as StoredCustomer;
}

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
  const update = tx('customers')
    .where({ company_id, id: current.id, version: current.version })
    .update({
      ...fields,
      ...(isDeleted !== undefined && { deleted_at: isDeleted ? tx.fn.now() : null }),
      ...searchColumns(record),
      version: current.version + 1,
      updated_at: tx.fn.now(),
    })
    .returning(returningColumns);
  const [row] = await mapConstraintErrors(update, uniqueConstraintErrors(company_id, record, exposeExisting));
  return row && ({ ...current, ...row } as StoredCustomer);
}

export const deleteCustomer = (tx: Tx, company_id: string, id: string): Promise<number> =>
  tx('customers').where({ company_id, id }).delete();
