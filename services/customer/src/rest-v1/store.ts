import { whereCompany, type Db, type Scope, type Tx } from '@clientela/db';
import type { Customer } from '../customers/schema.ts';
import type { LegacyListQuery } from './schema.ts';

const itemColumns = ['number', 'phone', 'firstname', 'lastname', 'email', 'birthday'] as const;
const columns = [...itemColumns, 'gender', 'city_id', 'last_auth_at', 'version'] as const;

type ListItem = Pick<Customer, (typeof itemColumns)[number]> & { company_id: string };
type StoredLegacyCustomer = Pick<Customer, Exclude<(typeof columns)[number], 'version'>> & { version: number };

/** Finds an undeleted customer; this module ignores deleted ones. */
export const findByNumber = async (
  db: Db,
  company_id: string,
  number: number,
): Promise<StoredLegacyCustomer | undefined> =>
  db('customers').select(columns).where({ company_id, number }).whereNull('deleted_at').first();

/** Finds the id of an undeleted customer and locks its row until the transaction ends. */
export async function lockByNumber(tx: Tx, company_id: string, number: number): Promise<string | undefined> {
  const row = (await tx('customers')
    .select('id')
    .where({ company_id, number })
    .whereNull('deleted_at')
    .forUpdate()
    .first()) as { id: string } | undefined;
  return row?.id;
}

/** Finds the id of a customer, deleted or not. */
export async function findIdByNumber(db: Db, company_id: string, number: number): Promise<string | undefined> {
  const row = (await db('customers').select('id').where({ company_id, number }).first()) as { id: string } | undefined;
  return row?.id;
}

/** Lists a page by number. An index-only scan finds the page at any offset; only its rows are read. */
export const listByNumber = async (db: Db, scope: Scope, { limit, offset }: LegacyListQuery): Promise<ListItem[]> => {
  const page = whereCompany(db('customers'), scope)
    .select('company_id', 'number')
    .whereNull('deleted_at')
    .orderBy(['number', 'company_id'])
    .limit(limit)
    .offset(offset);
  return db(page.as('page'))
    .join('customers as c', { 'c.company_id': 'page.company_id', 'c.number': 'page.number' })
    .select(['company_id', ...itemColumns].map((column) => `c.${column}`))
    .orderBy(['page.number', 'page.company_id']);
};

/** Finds a customer with this phone number and an extension. */
export const findWithExtension = async (
  db: Db,
  company_id: string,
  comparedPhone: string,
): Promise<{ id: string; number: number } | undefined> =>
  db('customers')
    .select('id', 'number')
    .where({ company_id })
    .whereNull('deleted_at')
    .whereLike('phone_key', `${comparedPhone};ext=%`)
    .first();

/** Counts undeleted customers from the summary table, exact at any size. */
export async function countUndeleted(db: Db, scope: Scope): Promise<number> {
  const counts = whereCompany(db('customer_counts'), scope).where({ deleted: false });
  const [{ count }] = (await counts.select(db.raw('coalesce(sum(customers), 0)::bigint as count'))) as [
    { count: number },
  ];
  return count;
}
