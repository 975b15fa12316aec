import type { InternalCompany } from '@clientela/contracts';
import {
  afterCommit,
  execute,
  executeLater,
  isUuid,
  mapConstraintErrors,
  newId,
  paginateByOffset,
  whereCompany,
  type Db,
  type NamedStatement,
  type Scope,
  type OffsetPage,
  type OffsetRequest,
  type Tx,
} from '@clientela/db';
import { conflict } from '@clientela/errors';
import { companiesCreated } from './metrics.ts';
import { formatCompanyId } from './rules.ts';
import type { Company, CompanyChanges, NewCompany as CompanyInput } from './schema.ts';

export type NewCompany = Pick<Company, 'name' | 'country' | 'currency'> &
  Partial<Omit<CompanyInput, 'country' | 'currency'>>;

const internalColumns = ['id', 'company_id', 'status', 'country', 'currency'] as const;
const publicColumns = [
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
  'require_mfa',
  'created_at',
  'updated_at',
  'version',
] as const;

const userCount = 'select coalesce(sum(users), 0) from user_counts n where n.company_id = companies.id';
const responseColumns = (db: Db) => [
  ...publicColumns,
  db.raw(`status = 'active' as active`),
  db.raw(`(${userCount}) as total_users`),
  db.raw(`(${userCount} and n.is_active) as total_active_users`),
];

/** Matches a UUID or a COMP key. */
const byIdOrKey = (key: string) => (isUuid(key) ? { id: key } : { company_id: key.toUpperCase() });

/** Finds a company by UUID or COMP key, with the fields that other services need. */
export const findCompanyByKey = async (db: Db, key: string): Promise<InternalCompany | undefined> =>
  db('companies').select(internalColumns).where(byIdOrKey(key)).first();

/** Finds an active company that is open to registration, by UUID or COMP key. */
export const findOpenCompany = async (db: Db, key: string): Promise<InternalCompany | undefined> =>
  db('companies')
    .select(internalColumns)
    .where({ ...byIdOrKey(key), status: 'active', open_registration: true })
    .first();

/** Finds an open company and locks it, so that it stays open until the transaction ends. */
export const lockOpenCompany = async (tx: Tx, id: string): Promise<InternalCompany | undefined> =>
  tx('companies').select(internalColumns).where({ id, status: 'active', open_registration: true }).forShare().first();

export const findCompany = async (db: Db, id: string): Promise<Company | undefined> =>
  db('companies').select(responseColumns(db)).where({ id }).first();

/** Resolves a UUID, COMP key or company_key to the company's id. */
export async function findCompanyId(db: Db, reference: string): Promise<string | undefined> {
  const key = reference.toUpperCase();
  const row = (await db('companies')
    .select('id')
    .where(isUuid(reference) ? { id: reference } : { company_id: key })
    // Unambiguous: a company_key cannot equal another company's COMP key.
    .modify((query) => void (!isUuid(reference) && query.orWhere({ company_key: key })))
    .first()) as { id: string } | undefined;
  return row?.id;
}

/** Serializes changes of the company and of its set of admins until the transaction ends. */
export const lockCompanyRow = async (tx: Tx, id: string): Promise<void> =>
  void (await tx('companies').select('id').where({ id }).forNoKeyUpdate().first());

const shareCompany: NamedStatement = {
  name: 'share_company',
  text: 'select status from companies where id = $1 for share',
};

/** Locks the company against `lockCompanyRow` until the transaction ends. @returns its status; undefined without a company */
export async function shareCompanyRow(tx: Tx, id: string): Promise<Company['status'] | undefined> {
  const [company] = await execute<Pick<Company, 'status'>>(tx, shareCompany, [id]);
  return company?.status;
}

/** Does the same with the transaction's next statement. */
export const shareCompanyRowLater = (tx: Tx, id: string): void => executeLater(tx, shareCompany, [id]);

export const lockCompany = async (tx: Tx, id: string): Promise<Company | undefined> =>
  tx('companies').select(responseColumns(tx)).where({ id }).forNoKeyUpdate().first();

export const listCompanies = (
  db: Db,
  scope: Scope,
  request: Omit<OffsetRequest, 'sort'>,
): Promise<OffsetPage<Company>> =>
  paginateByOffset<Company>(
    whereCompany(db('companies'), scope, 'id'),
    responseColumns(db),
    { ...request, sort: [{ column: 'created_at', descending: true }] },
    { isFiltered: false },
  );

type UniqueValues = { [Field in 'document_type' | 'document_number']?: string | null | undefined } & {
  company_key?: string | undefined;
};

/** @param isVisible whether a conflict may show the existing company */
const uniqueErrors = (values: UniqueValues, isVisible: boolean) => {
  const { document_type = null, document_number = null, company_key = null } = values;
  const conflictOn = (field: 'document_number' | 'company_key', sql: string, bindings: (string | null)[]) => () =>
    conflict({
      resource: 'company',
      field,
      ...(isVisible && {
        existing: (db: Db) =>
          db('companies').select('id', 'company_id', 'company_id as number').whereRaw(sql, bindings).first(),
      }),
    });
  return {
    companies_document_number_taken: conflictOn('document_number', 'document_key = compared_document(?, ?)', [
      document_type,
      document_number,
    ]),
    companies_company_key_taken: conflictOn('company_key', 'company_key = ?', [company_key]),
  };
};

/** @param isVisible whether a conflict may show the existing company to the actor */
export async function insertCompany(tx: Tx, company: NewCompany, isVisible = false): Promise<Company> {
  const { rows } = await tx.raw<{ rows: [{ number: number }] }>(`select nextval('company_numbers') as number`);
  const { number } = rows[0];
  const company_id = formatCompanyId(number);
  const input = Object.fromEntries(Object.entries(company).filter(([, value]) => value !== undefined)) as NewCompany;
  const row = { company_key: company_id, ...input, id: newId(), number, company_id };
  await mapConstraintErrors(tx('companies').insert(row), uniqueErrors(row, isVisible));
  afterCommit(tx, () => companiesCreated.add({}));
  return (await findCompany(tx, row.id)) as Company;
}

/** Updates the version that was read; returns undefined when it has changed since. */
export async function updateCompany(
  tx: Tx,
  current: Company,
  changes: CompanyChanges,
  isVisible: boolean,
): Promise<Company | undefined> {
  const { id, version } = current;
  const update = tx('companies')
    .where({ id, version })
    .update({
      ...changes,
      ...(changes.status && { status_changed_at: tx.fn.now() }),
      version: version + 1,
      updated_at: tx.fn.now(),
    });
  const updated = await mapConstraintErrors(update, uniqueErrors({ ...current, ...changes }, isVisible));
  return updated === 0 ? undefined : findCompany(tx, id);
}
