import type { InternalCompany } from '@clientela/contracts';
import {
  isUuid,
  mapConstraintErrors,
  newId,
  paginateByOffset,
  whereCompany,
  type Db,
  type Scope,
  type OffsetPage,
  type OffsetRequest,
  type Tx,
} from '@clientela/db';
import { conflict } from '@clientela/errors';
import { companyIdOf } from './rules.ts';
import type { Company, CompanyChanges, NewCompany as Given } from './schema.ts';

export type StoredCompany = Company & { version: number };
export type NewCompany = Pick<Company, 'name' | 'country' | 'currency'> & Partial<Omit<Given, 'country' | 'currency'>>;

const inside = ['id', 'company_id', 'status', 'country', 'currency'] as const;
const own = [
  'id',
  'company_id',
  'company_key',
  'name',
  'business_name',
  'document_type',
  'document_number',
  'country',
  'currency',
  'status',
  'days_credit',
  'open_registration',
  'created_at',
  'updated_at',
] as const;

const usersOf = 'select coalesce(sum(users), 0) from user_counts n where n.company_id = companies.id';
const answered = (db: Db) => [
  ...own,
  db.raw(`status = 'active' as active`),
  db.raw(`(${usersOf}) as total_users`),
  db.raw(`(${usersOf} and n.is_active) as total_active_users`),
];
const stored = (db: Db) => [...answered(db), 'version'];

/** A UUID, or a COMP key. */
const named = (key: string) => (isUuid(key) ? { id: key } : { company_id: key.toUpperCase() });

/** By its UUID or its COMP key. */
export const findCompanyByKey = async (db: Db, key: string): Promise<InternalCompany | undefined> =>
  db('companies').select(inside).where(named(key)).first();

/** By its UUID or its COMP key, if it is active and open to everybody. */
export const findOpenCompany = async (db: Db, key: string): Promise<InternalCompany | undefined> =>
  db('companies')
    .select(inside)
    .where({ ...named(key), status: 'active', open_registration: true })
    .first();

/** As `findOpenCompany`; it stays so until the transaction ends. */
export const lockOpenCompany = async (tx: Tx, id: string): Promise<InternalCompany | undefined> =>
  tx('companies').select(inside).where({ id, status: 'active', open_registration: true }).forShare().first();

export const findCompany = async (db: Db, id: string): Promise<StoredCompany | undefined> =>
  db('companies').select(stored(db)).where({ id }).first();

/** The id that a path means: by UUID, COMP key or company_key. */
export async function findCompanyId(db: Db, reference: string): Promise<string | undefined> {
  const key = reference.toUpperCase();
  const found = (await db('companies')
    .select('id')
    .where(isUuid(reference) ? { id: reference } : { company_id: key })
    // Nobody can choose a key that is another's COMP key.
    .modify((which) => void (!isUuid(reference) && which.orWhere({ company_key: key })))
    .first()) as { id: string } | undefined;
  return found?.id;
}

/** Until the transaction ends, nobody else changes the company, nor who its admins are. */
export const holdCompany = async (tx: Tx, id: string): Promise<void> =>
  void (await tx('companies').select('id').where({ id }).forNoKeyUpdate().first());

/** Finds and holds. */
export const lockCompany = async (tx: Tx, id: string): Promise<StoredCompany | undefined> =>
  tx('companies').select(stored(tx)).where({ id }).forNoKeyUpdate().first();

export const listCompanies = (
  db: Db,
  scope: Scope,
  request: Omit<OffsetRequest, 'sort'>,
): Promise<OffsetPage<Company>> =>
  paginateByOffset<Company>(
    whereCompany(db('companies'), scope, 'id'),
    answered(db),
    { ...request, sort: [{ column: 'created_at', descending: true }] },
    { isFiltered: false },
  );

type Unique = { document_number?: string | null | undefined; company_key?: string | undefined };

const taken = (values: Unique, shown: boolean) => {
  const of = (field: 'document_number' | 'company_key') => () =>
    conflict({
      resource: 'company',
      field,
      ...(shown && {
        existing: (db: Db) =>
          db('companies')
            .select('id', 'company_id')
            .where({ [field]: values[field] ?? null })
            .first(),
      }),
    });
  return { companies_document_number_taken: of('document_number'), companies_company_key_taken: of('company_key') };
};

/** @param shown whether the caller may see the company that holds a value */
export async function insertCompany(tx: Tx, company: NewCompany, shown = false): Promise<StoredCompany> {
  const { rows } = await tx.raw<{ rows: [{ number: number }] }>(`select nextval('company_numbers') as number`);
  const { number } = rows[0];
  const company_id = companyIdOf(number);
  const given = Object.fromEntries(Object.entries(company).filter(([, value]) => value !== undefined)) as NewCompany;
  const row = { company_key: company_id, ...given, id: newId(), number, company_id };
  await mapConstraintErrors(tx('companies').insert(row), taken(row, shown));
  return (await findCompany(tx, row.id)) as StoredCompany;
}

/** Writes changes onto the version that was read; undefined when the record has moved on. */
export async function updateCompany(
  tx: Tx,
  { id, version }: Pick<StoredCompany, 'id' | 'version'>,
  changes: CompanyChanges,
  shown: boolean,
): Promise<StoredCompany | undefined> {
  const update = tx('companies')
    .where({ id, version })
    .update({
      ...changes,
      ...(changes.status && { status_changed_at: tx.fn.now() }),
      version: version + 1,
      updated_at: tx.fn.now(),
    });
  const updated = await mapConstraintErrors(update, taken(changes, shown));
  return updated === 0 ? undefined : findCompany(tx, id);
}
