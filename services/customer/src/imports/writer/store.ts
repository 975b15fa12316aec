import { alphabetical, newId, type Db, type Tx } from '@clientela/db';
import { changedValues } from '@clientela/http';
import { searchColumns } from '../../customers/search.ts';
import type { CustomerFields } from '../../customers/schema.ts';
import { presentCurrency } from '../../customers/store.ts';
import type { Change } from '../../history/schema.ts';
import { pickFollowedFields } from '../../profiles/rules.ts';
import { clearChangeTimes } from '../../profiles/store.ts';
import type { Target } from './plan.ts';
import { identityFields } from './prepare.ts';

/** Runs a statement with a list of values each; a name keeps its plan. */
async function runSql<Row>(db: Db, sql: string, bindings: readonly unknown[], name?: string): Promise<Row[]> {
  const statement = db.raw<{ rows: Row[] }>(sql, bindings as string[]);
  const { rows } = await (name === undefined ? statement : statement.options({ name }));
  return rows;
}

/**
 * Lets one import write to a company at a time, until the transaction ends. Its writes collect in the pending list of the search index
 * until `searchIndexCleaner` empties it. Refreshed statistics replace plans, those of foreign keys too, that were made when the tables were small.
 */
export async function startChunk(tx: Tx, company_id: string): Promise<void> {
  await tx.raw(
    `select pg_advisory_xact_lock(hashtextextended(?, 0)), set_config('gin_pending_list_limit', '16MB', true),
       refresh_customer_statistics()`,
    [`import ${company_id}`],
  );
}

/**
 * Sorts the pending entries into the search index: many at once cost a fraction of one by one, and no search has to read them.
 * Runs after a chunk, on a connection of its own, while the next chunk is written.
 * @returns a function that waits for the previous call and starts another; and one that waits for the last
 */
export function searchIndexCleaner(db: Db): { start: () => Promise<void>; finish: () => Promise<void> } {
  let running = Promise.resolve();
  const clean = () =>
    db.raw('select clean_search_index()').then(
      () => {},
      () => {}, // the entries stay pending: the next chunk, a service's write or a vacuum sorts them in
    );
  return {
    start: async () => {
      await running;
      running = clean();
    },
    finish: () => running,
  };
}

/** Returns e-mails and documents as the database compares them, in the given order. */
export async function compareInDatabase(
  db: Db,
  values: readonly { email: string | null; document_type: string | null; document_number: string | null }[],
): Promise<{ email: string | null; document_number: string | null }[]> {
  const rows = await runSql<{ email: string | null; document_number: string | null }>(
    db,
    `select lower(email) as email, compared_document(document_type, document_number) as document_number
       from unnest(?::text[], ?::text[], ?::text[]) with ordinality as v (email, document_type, document_number, n) order by n`,
    [values.map((v) => v.email), values.map((v) => v.document_type), values.map((v) => v.document_number)],
  );
  return rows;
}

const keyColumns = {
  email: 'email_key',
  phone: 'phone_key',
  external_id: 'external_id',
  document_number: 'document_key',
  user_id: 'user_id',
  number: 'number',
} as const;
export type KeyField = keyof typeof keyColumns;
const keyFields = Object.keys(keyColumns) as KeyField[];
const keyTypes: Readonly<Record<KeyField, string>> = {
  email: 'text',
  phone: 'text',
  external_id: 'text',
  document_number: 'text',
  user_id: 'uuid',
  number: 'bigint',
};

export type FoundHolder = { field: KeyField; value: string; id: string; number: number | null };

// The planner must not see the company's id as a constant: statistics that lag behind an import say that the company has hardly any
// customers, and it would read all of them for each value.
const company = 'company as materialized (select ?::uuid as id)';

const holdersQuery = `with ${company} ${keyFields
  .map(
    (field) =>
      `select '${field}' as field, v.value::text as value, c.id, c.number
         from company cross join unnest(?::${keyTypes[field]}[]) as v (value)
         cross join lateral (
           select id, number from customers
             where company_id = company.id and ${keyColumns[field]} = v.value${field === 'number' ? '' : ' and deleted_at is null'} limit 1
         ) as c`,
  )
  .join(' union all ')}`;

/** Finds the undeleted customers that have one of the values, in compared forms; a number stays with a deleted customer. */
export const findHolders = (
  db: Db,
  company_id: string,
  values: Readonly<Record<KeyField, readonly string[]>>,
): Promise<FoundHolder[]> =>
  runSql<FoundHolder>(db, holdersQuery, [company_id, ...keyFields.map((field) => values[field])]);

/** Finds which of the external ids deleted customers have. */
export const findDeletedIds = async (
  db: Db,
  company_id: string,
  external_ids: readonly string[],
): Promise<ReadonlySet<string>> =>
  new Set(
    (
      await runSql<{ external_id: string }>(
        db,
        `with ${company} select distinct c.external_id from company cross join unnest(?::text[]) as v (external_id)
           join customers as c on c.company_id = company.id and c.external_id = v.external_id and c.deleted_at is not null`,
        [company_id, external_ids],
      )
    ).map(({ external_id }) => external_id),
  );

type Names = Pick<CustomerFields, 'full_name' | 'firstname' | 'lastname' | 'birthday'>;
export type UnidentifiedCustomer = Names & { id: string; number: number | null };

/** Finds undeleted customers without identifiers that have the names and the birthday. */
export const findUnidentified = async (
  db: Db,
  company_id: string,
  names: readonly Names[],
): Promise<UnidentifiedCustomer[]> =>
  names.length === 0
    ? []
    : runSql(
        db,
        `with ${company}
         select c.id, c.number, v.full_name, v.firstname, v.lastname, v.birthday::text as birthday
           from company cross join unnest(?::text[], ?::text[], ?::text[], ?::date[]) as v (full_name, firstname, lastname, birthday)
           cross join lateral (
             select id, number from customers as c
               where c.company_id = company.id and c.deleted_at is null and num_nonnulls(email, phone, external_id, document_number) = 0
                 and c.full_name = v.full_name and c.firstname is not distinct from v.firstname
                 and c.lastname is not distinct from v.lastname and c.birthday is not distinct from v.birthday
               order by id limit 1
           ) as c`,
        [
          company_id,
          ...(['full_name', 'firstname', 'lastname', 'birthday'] as const).map((field) =>
            names.map((name) => name[field]),
          ),
        ],
      );

/** Finds which users are erased. */
export const findErasedUsers = (db: Db, company_id: string, user_ids: readonly string[]): PromiseLike<string[]> =>
  db('erased_users')
    .where({ company_id })
    .whereRaw('user_id = any(?::uuid[])', [user_ids as string[]])
    .pluck('user_id');

/** Whether the suppression list has anything of the company, which decides whether fingerprints are needed. */
export async function hasFingerprints(db: Db, company_id: string): Promise<boolean> {
  const rows = await runSql<{ found: boolean }>(
    db,
    'select exists (select from erased_fingerprints where company_id = ?) as found',
    [company_id],
  );
  return rows[0]?.found === true;
}

const fieldColumns = [
  'user_id',
  'external_id',
  'full_name',
  'full_name_built',
  'firstname',
  'lastname',
  'email',
  'phone',
  'phone_typed',
  'gender',
  'birthday',
  'city_id',
  'document_type',
  'document_number',
  'address',
  'preferences',
  'metadata',
  'last_auth_at',
] as const satisfies readonly (keyof CustomerFields)[];
const columnTypes: Readonly<Partial<Record<string, string>>> = {
  user_id: 'uuid',
  full_name_built: 'boolean',
  birthday: 'date',
  city_id: 'integer',
  address: 'jsonb',
  preferences: 'jsonb',
  metadata: 'jsonb',
  last_auth_at: 'timestamptz(3)',
};
const typedColumns = fieldColumns.map((column) => `${column} ${columnTypes[column] ?? 'text'}`).join(', ');

const fieldsOf = (row: CustomerFields): CustomerFields =>
  Object.fromEntries(fieldColumns.map((column) => [column, row[column]])) as CustomerFields;

const comparedColumns = ['email_key', 'phone_key', 'document_key'];
type StoredRow = CustomerFields & {
  id: string;
  number: number;
  status: string;
  type: string;
  tags: string[];
  version: number;
  created_at: string;
  email_key: string | null;
  phone_key: string | null;
  document_key: string | null;
};

/** Locks the undeleted ones of the customers in id order and reads them. */
export async function lockTargets(tx: Tx, company_id: string, ids: readonly string[]): Promise<Target[]> {
  if (ids.length === 0) return [];
  const columns = [
    'id',
    'number',
    ...fieldColumns,
    'status',
    'type',
    'tags',
    'version',
    'created_at',
    ...comparedColumns,
  ];
  const rows = await runSql<StoredRow>(
    tx,
    `with ${company} select ${columns.map((column) => `c.${column}`).join(', ')}
       from company cross join unnest(?::uuid[]) as v (id) join customers as c on c.company_id = company.id and c.id = v.id
      where c.deleted_at is null order by c.id for update of c`,
    [company_id, ids],
  );
  return rows.map((row) => {
    const record = fieldsOf(row);
    return {
      id: row.id,
      number: row.number,
      isNew: false,
      created_at: row.created_at,
      before: { record, tags: row.tags, version: row.version },
      record,
      identity: {
        email: row.email_key,
        phone: row.phone_key,
        external_id: row.external_id,
        document_number: row.document_key,
        user_id: row.user_id,
      },
      status: row.status,
      type: row.type,
      labels: [...row.tags],
      addedLabels: [],
      addedNotes: [],
      knownNotes: new Set(),
    };
  });
}

/** Finds which of the notes the customers have. */
export async function findNotes(
  db: Db,
  company_id: string,
  ids: readonly string[],
  contents: readonly string[],
): Promise<{ customer_id: string; content: string }[]> {
  if (ids.length === 0 || contents.length === 0) return [];
  return runSql(
    db,
    `with ${company} select c.customer_id, c.content from company cross join unnest(?::uuid[]) as v (customer_id)
       join customer_notes as c on c.company_id = company.id and c.customer_id = v.customer_id and c.content = any(?::text[])`,
    [company_id, ids, contents],
  );
}

const inOrder = `array(select label from unnest(r.tags) as label order by ${alphabetical('label')})`;

/** Inserts new customers with their counters. Leaves out those whose values another transaction has taken. */
export async function insertCustomers(
  tx: Tx,
  company_id: string,
  currency: string,
  targets: readonly Target[],
): Promise<{ id: string; number: number }[]> {
  const records = targets.map(({ id, number, record, search, status, type, labels, created_at }) => ({
    ...record,
    ...(search ?? searchColumns(record)),
    id,
    number,
    status,
    type,
    tags: labels,
    created_at,
  }));
  const rows = await runSql<{ id: string; number: number }>(
    tx,
    `insert into customers (company_id, id, number, status, type, tags, created_at, search_text, deletion_keys,
         ${fieldColumns.join(', ')})
       select ?, r.id, coalesce(r.number, nextval('customer_numbers')), r.status, r.type,
           case when cardinality(r.tags) > 1 then ${inOrder} else r.tags end, coalesce(r.created_at, now()),
           r.search_text, r.deletion_keys,
           ${fieldColumns.map((column) => `r.${column}`).join(', ')}
         from json_to_recordset(?::json) as r (id uuid, number bigint, status text, type text, tags text[],
           created_at timestamptz(3), search_text text, deletion_keys integer[], ${typedColumns})
       on conflict do nothing
       returning id, number`,
    [company_id, JSON.stringify(records)],
    'import_customers',
  );
  if (rows.length < targets.length) return rows;
  await runSql(
    tx,
    `insert into customer_counters (company_id, customer_id, currency, is_listed, customer_created_at)
     select ?, r.id, ?, r.is_listed, coalesce(r.created_at, now())
       from unnest(?::uuid[], ?::boolean[], ?::timestamptz[]) as r (id, is_listed, created_at)`,
    [
      company_id,
      presentCurrency(tx, company_id, currency),
      targets.map(({ id }) => id),
      targets.map(({ status }) => status === 'active'),
      targets.map(({ created_at }) => created_at ?? null) as string[], // null is bound as it is
    ],
  );
  return rows;
}

/** A tag, with what it copies of its customer; without `created_at` it is that of this transaction. */
export type AddedTag = {
  id: string;
  customer_id: string;
  label: string;
  created_at: string | undefined;
  is_listed: boolean;
};
export type AddedNote = { id: string; customer_id: string; content: string };

/** Adds tags, each of which the customer does not have. */
export async function insertTagRows(
  tx: Tx,
  company_id: string,
  created_by: string,
  tags: readonly AddedTag[],
): Promise<void> {
  if (tags.length === 0) return;
  await runSql(
    tx,
    `insert into customer_tags (company_id, id, customer_id, label, created_by, customer_created_at, is_listed)
     select ?, r.id, r.customer_id, r.label, ?, coalesce(r.created_at, now()), r.is_listed
       from json_to_recordset(?::json) as r (id uuid, customer_id uuid, label text, created_at timestamptz(3), is_listed boolean)`,
    [company_id, created_by, JSON.stringify(tags)],
  );
}

export async function insertNoteRows(
  tx: Tx,
  company_id: string,
  created_by: string,
  notes: readonly AddedNote[],
): Promise<void> {
  if (notes.length === 0) return;
  await runSql(
    tx,
    `insert into customer_notes (company_id, id, customer_id, content, created_by, created_at)
     select ?, r.id, r.customer_id, r.content, ?, clock_timestamp()
       from unnest(?::uuid[], ?::uuid[], ?::text[]) as r (id, customer_id, content)`,
    [
      company_id,
      created_by,
      notes.map(({ id }) => id),
      notes.map(({ customer_id }) => customer_id),
      notes.map(({ content }) => content),
    ],
  );
}

/** Writes the changed records of locked customers as their next versions. @returns their labels in order */
export async function updateCustomers(
  tx: Tx,
  company_id: string,
  targets: readonly Target[],
): Promise<Map<string, string[]>> {
  if (targets.length === 0) return new Map();
  const records = targets.map(({ id, record, addedLabels }) => ({
    ...record,
    ...searchColumns(record),
    id,
    adds_tags: addedLabels.length > 0,
  }));
  const rows = await runSql<{ id: string; tags: string[] }>(
    tx,
    `with ${company} update customers as c set ${fieldColumns.map((column) => `${column} = r.${column}`).join(', ')},
       search_text = r.search_text, deletion_keys = r.deletion_keys, version = c.version + 1, updated_at = now(),
       tags = case when r.adds_tags then array(
           select label from customer_tags t where t.company_id = c.company_id and t.customer_id = c.id
             order by priority desc, ${alphabetical('label')}
         ) else c.tags end
     from company, json_to_recordset(?::json) as r (id uuid, adds_tags boolean, search_text text, deletion_keys integer[], ${typedColumns})
     where c.company_id = company.id and c.id = r.id
     returning c.id, c.tags`,
    [company_id, JSON.stringify(records)],
  );
  await clearChangeTimes(tx, company_id, targets.flatMap(followedChanges));
  return new Map(rows.map(({ id, tags }) => [id, tags]));
}

/** The changed fields that a user would follow if the person itself had changed them. */
const followedChanges = ({ before, record }: Target) => {
  const { user_id } = before.record;
  if (user_id === null) return [];
  return pickFollowedFields(Object.keys(changedValues(record, before.record))).map((field) => ({ user_id, field }));
};

/** What the undo of an update needs beside `changes`. */
export type ImportDetails = {
  /** The customer's version after the change. */
  version: number;
  tags: string[];
  notes: string[];
  /** Values before, of columns that are never returned. */
  before?: Partial<Pick<CustomerFields, 'full_name_built' | 'phone_typed'>>;
};
export type ImportEntry = {
  customer_id: string;
  row: number;
  changes: readonly Change[];
  details: ImportDetails | null;
};

export async function insertImportHistory(
  tx: Tx,
  company_id: string,
  author: { actor_id: string; action: string; import_id: string },
  entries: readonly ImportEntry[],
): Promise<void> {
  if (entries.length === 0) return;
  const rows = entries.map((entry) => ({ ...entry, id: newId() }));
  await runSql(
    tx,
    `insert into customer_history (company_id, customer_id, id, at, actor_id, action, changes, import_id, import_row, import_details)
     select ?, r.customer_id, r.id, clock_timestamp(), ?, ?, r.changes, ?, r.row, r.details
       from json_to_recordset(?::json) as r (customer_id uuid, id uuid, row bigint, changes jsonb, details jsonb)`,
    [company_id, author.actor_id, author.action, author.import_id, JSON.stringify(rows)],
  );
}

// Drafts: the state that a dry run would have left.

export type DraftRow = {
  customer_id: string;
  number: number | null;
  record: Pick<Target, 'before' | 'record' | 'status' | 'type' | 'labels' | 'addedNotes'>;
  email_key: string | null;
  phone_key: string | null;
  external_id: string | null;
  document_key: string | null;
  user_id: string | null;
};

/** Finds the drafts that have one of the values or names, or belong to one of the customers: each by its own index. */
export async function findDrafts(
  db: Db,
  company_id: string,
  import_id: string,
  values: Readonly<Record<KeyField, readonly string[]>>,
  names: readonly string[],
  ids: readonly string[],
): Promise<DraftRow[]> {
  const lookups = [
    ...keyFields.map((field) => ({
      column: keyColumns[field] as string,
      type: keyTypes[field],
      list: values[field],
      and: '',
    })),
    {
      column: 'full_name',
      type: 'text',
      list: names,
      and: ' and num_nonnulls(email_key, phone_key, external_id, document_key) = 0',
    },
    { column: 'customer_id', type: 'uuid', list: ids, and: '' },
  ];
  const found = lookups.map(
    ({ column, type, and }) =>
      `select d.customer_id from company, import, unnest(?::${type}[]) as v (value) cross join lateral (
         select customer_id from customer_import_drafts
           where company_id = company.id and import_id = import.id and ${column} = v.value${and} order by ${column} limit 1000
       ) as d`,
  );
  return runSql(
    db,
    `with ${company}, import as materialized (select ?::uuid as id), found as materialized (${found.join(' union ')})
     select d.customer_id, d.number, d.record, d.email_key, d.phone_key, d.external_id, d.document_key, d.user_id
       from company, import, found join customer_import_drafts as d on d.customer_id = found.customer_id
      where d.company_id = company.id and d.import_id = import.id order by d.customer_id`,
    [company_id, import_id, ...lookups.map(({ list }) => list)],
  );
}

export async function saveDrafts(
  tx: Tx,
  company_id: string,
  import_id: string,
  targets: readonly Target[],
): Promise<void> {
  if (targets.length === 0) return;
  const rows = targets.map((target) => ({
    customer_id: target.id,
    number: target.number,
    record: {
      before: target.before,
      record: target.record,
      status: target.status,
      type: target.type,
      labels: target.labels,
      addedNotes: target.addedNotes,
    } satisfies DraftRow['record'],
    full_name: target.record.full_name,
    ...Object.fromEntries(identityFields.map((field) => [keyColumns[field], target.identity[field]])),
  }));
  const columns = `customer_id, number, record, full_name, ${identityFields.map((field) => keyColumns[field]).join(', ')}`;
  await runSql(
    tx,
    `insert into customer_import_drafts (company_id, import_id, ${columns})
     select ?, ?, ${columns}
       from json_to_recordset(?::json) as r (customer_id uuid, number bigint, record jsonb, full_name text,
         email_key text, phone_key text, external_id text, document_key text, user_id uuid)
     on conflict (company_id, import_id, customer_id) do update set record = excluded.record, full_name = excluded.full_name,
       ${identityFields.map((field) => `${keyColumns[field]} = excluded.${keyColumns[field]}`).join(', ')}`,
    [company_id, import_id, JSON.stringify(rows)],
  );
}

/** Deletes the drafts of a dry run that has ended, at most `limit` a call. @returns how many were deleted */
export async function deleteDrafts(db: Db, company_id: string, import_id: string, limit = 5000): Promise<number> {
  return db('customer_import_drafts')
    .where({ company_id, import_id })
    .whereIn(
      'customer_id',
      db('customer_import_drafts').select('customer_id').where({ company_id, import_id }).limit(limit),
    )
    .delete();
}
