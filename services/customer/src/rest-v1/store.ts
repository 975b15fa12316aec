import { whereCompany, type Db, type Scope, type Tx } from '@clientela/db';
import type { Customer } from '../customers/schema.ts';
import type { LegacyListQuery } from './schema.ts';

const listed = ['number', 'phone', 'firstname', 'lastname', 'email', 'birthday'] as const;
const columns = [...listed, 'gender', 'city_id', 'last_auth_at', 'version'] as const;

type Listed = Pick<Customer, (typeof listed)[number]>;
type Found = Pick<Customer, Exclude<(typeof columns)[number], 'version'>> & { version: number };

/** Undeleted ones alone, as everywhere in this room. */
export const findByNumber = async (db: Db, company_id: string, number: number): Promise<Found | undefined> =>
  db('customers').select(columns).where({ company_id, number }).whereNull('deleted_at').first();

/** Finds and locks: nobody changes or deletes it until the transaction ends. */
export async function lockByNumber(tx: Tx, company_id: string, number: number): Promise<string | undefined> {
  const found = (await tx('customers')
    .select('id')
    .where({ company_id, number })
    .whereNull('deleted_at')
    .forUpdate()
    .first()) as { id: string } | undefined;
  return found?.id;
}

/** By number. The page is found in the index alone, however far down it is, and only then are its rows read. */
export const listByNumber = async (db: Db, scope: Scope, { limit, offset }: LegacyListQuery): Promise<Listed[]> => {
  const page = whereCompany(db('customers'), scope)
    .select('company_id', 'number')
    .whereNull('deleted_at')
    .orderBy(['number', 'company_id'])
    .limit(limit)
    .offset(offset);
  return db(page.as('page'))
    .join('customers as c', { 'c.company_id': 'page.company_id', 'c.number': 'page.number' })
    .select(listed.map((column) => `c.${column}`))
    .orderBy(['page.number', 'page.company_id']);
};

/** As they are counted with each change: exact at any size. */
export async function countUndeleted(db: Db, scope: Scope): Promise<number> {
  const counted = whereCompany(db('customer_counts'), scope).where({ deleted: false });
  const [{ count }] = (await counted.select(db.raw('coalesce(sum(customers), 0)::bigint as count'))) as [
    { count: number },
  ];
  return count;
}
